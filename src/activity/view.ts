import type { Activity, ActivityTab, PersonSummary } from '../wire/index.js';
import { createAnnouncer } from './announce.js';
import { drawEmpty } from './empty.js';
import type { Feed } from './feed.js';
import { isBackwards, isFiltered, type Filter } from './filter.js';
import { createFilters } from './filters.js';
import { makeIcon } from './icon.js';
import { createList } from './list.js';
import { make } from './make.js';
import { drawLinePanel, drawVisitorPanel } from './panel.js';
import { drawPeople } from './people.js';
import { drawProfile } from './profile.js';
import { drawQueue } from './queue.js';
import type { Queue, Source } from './source.js';
import { refreshTimes } from './time.js';
import { makeWasAnonymous } from './who.js';

export type Tab = ActivityTab | 'queue' | 'people';
const NAMES: Record<Tab, string> = { identified: 'Identified', anonymous: 'Anonymous', queue: 'Queue', people: 'People' };

/** What stands beside the log: all about a line, a person, or a visitor. */
export type Subject = { line: Activity } | { person: string } | { anonymousId: string };

/** All that the log shows. The same state is always the same picture. */
export interface State {
  source: Source | undefined;
  tab: Tab;
  filter: Filter;
  feeds: Record<ActivityTab, Feed>;
  people: { items: PersonSummary[]; hasMore: boolean; isRead: boolean };
  search: string;
  queue: Queue | undefined;
  subject: Subject | undefined;
  canErase: boolean;
  /** One or two words on how it goes. */
  status: string;
  /** What is wrong and what to do about it; nothing when all is well. */
  trouble?: string | undefined;
}

/** What a reader can do. */
export interface Handlers {
  onTab(tab: Tab): void;
  onFilter(filter: Filter): void;
  onSearch(search: string): void;
  onSubject(subject: Subject | undefined): void;
  onOlder(): void;
  onMorePeople(): void;
  onErased(): void;
}

/** What the status says when all is well. */
export const LIVE = 'Live';

/** Builds the log once; the returned function draws a state into it, touching only what differs. */
export function createView(root: ShadowRoot, handlers: Handlers): (state: State) => void {
  const { onTab, onFilter, onSearch, onSubject, onOlder, onMorePeople, onErased } = handlers;
  const tabs = (Object.keys(NAMES) as Tab[]).map(makeTab);
  const tablist = make('div', { role: 'tablist', 'aria-label': 'Activity log' }, ...tabs.map(({ button }) => button));
  const status = make('span', { class: 'status' });
  const trouble = make('p', { class: 'trouble', role: 'alert', hidden: '' });
  const caption = make('p', { class: 'caption' });
  const filters = createFilters(onFilter);
  const search = make('input', { type: 'search', 'aria-label': 'Search people', placeholder: 'Id, email or anonymous id', spellcheck: 'false', autocomplete: 'off' });
  const searchBar = make('form', { class: 'filters', role: 'search', 'aria-label': 'Search people' }, search);
  const pill = make('button', { type: 'button', class: 'pill', hidden: '' });
  const scroller = make('div', { class: 'scroller' });
  const list = createList(scroller, { onOpen: (line) => onSubject({ line }), onNearEnd: onOlder });
  const page = make('div', { class: 'page', hidden: '' });
  const empty = make('div', { class: 'empty', hidden: '' });
  const panel = make('div', { role: 'tabpanel', id: 'panel', 'aria-labelledby': 'identified' }, filters.bar, searchBar, caption, pill, scroller, page, empty);
  const aside = make('aside', { hidden: '', 'aria-label': 'Details' });
  const region = make('div', { class: 'heard', 'aria-live': 'polite' });
  const body = make('div', { class: 'body' }, panel, aside);
  root.append(make('header', {}, tablist, status), trouble, body, region);

  const announce = createAnnouncer(region);
  let state: State | undefined;
  /** The source that has been read: where none has, what is wrong is all there is to show. */
  let readSource: Source | undefined;
  /** Which question the list was last drawn for: a change of it is not news. */
  let drawnView = '';
  let drawnPage = '';
  let drawnSubject: Subject | undefined;
  /** Where the focus goes when the panel closes. */
  let opener: HTMLElement | undefined;

  tablist.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('[role=tab]') : null;
    if (button) onTab(button.id as Tab);
  });
  tablist.addEventListener('keydown', (event) => {
    const shown = tabs.filter(({ button }) => !button.hidden);
    const next = nextTab(event.key, shown.findIndex(({ button }) => button.tabIndex === 0), shown.length - 1);
    if (next === undefined) return;
    event.preventDefault();
    shown[next]!.button.focus();
    onTab(shown[next]!.button.id as Tab);
  });
  root.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('button') : null;
    const { person, anonymous, onlyPerson, onlyAnonymous } = button?.dataset ?? {};
    if (person !== undefined) show({ person });
    else if (anonymous !== undefined) show({ anonymousId: anonymous });
    else if (onlyPerson !== undefined) only({ person: onlyPerson }, 'identified');
    else if (onlyAnonymous !== undefined) only({ anonymousId: onlyAnonymous }, state?.tab === 'anonymous' ? 'anonymous' : 'identified');
    else if (button?.classList.contains('close-panel')) close();
    else if (button?.classList.contains('more')) onMorePeople();
  });
  (root as unknown as HTMLElement).addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !state?.subject) return;
    event.preventDefault();
    close();
  });
  pill.addEventListener('click', () => {
    list.toTop();
    draw(state!);
    list.focusFirst();
  });
  scroller.addEventListener('scroll', () => !pill.hidden && list.isAtTop() && draw(state!), { passive: true });
  let typing: ReturnType<typeof setTimeout> | undefined;
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => onSearch(search.value.trim()), 250);
  });
  searchBar.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(typing);
    onSearch(search.value.trim());
  });

  function show(subject: Subject): void {
    onSubject(subject);
  }

  function only(filter: Filter, tab: Tab): void {
    onSubject(undefined);
    onTab(tab);
    onFilter(filter);
    tabs.find(({ button }) => button.id === tab)!.button.focus();
  }

  function close(): void {
    onSubject(undefined);
    if (opener?.isConnected) opener.focus();
    else if (!scroller.hidden) list.focus();
    else tabs.find(({ button }) => button.tabIndex === 0)!.button.focus();
  }

  function draw(next: State): void {
    state = next;
    const { source, tab, filter, feeds, status: words, trouble: problem } = next;
    for (const { button, count } of tabs) {
      const name = button.id as Tab;
      const isChosen = name === tab;
      button.setAttribute('aria-selected', String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
      button.hidden = name === 'queue' ? !source?.queue : source?.isQueueOnly === true || (name === 'people' && !source?.people);
      write(count, countOf(name, next));
    }
    panel.setAttribute('aria-labelledby', tab);
    write(status, words);
    status.classList.toggle('calm', problem === undefined && words === LIVE);
    status.classList.toggle('wrong', problem !== undefined);
    if (feeds.identified.isRead) readSource = source;
    body.hidden = problem !== undefined && (source === undefined || source !== readSource);
    write(trouble, problem ?? '');
    trouble.hidden = problem === undefined;
    trouble.classList.toggle('whole', body.hidden);
    filters.draw(filter);
    const isLog = tab === 'identified' || tab === 'anonymous';
    filters.bar.hidden = !isLog;
    searchBar.hidden = tab !== 'people';
    caption.hidden = !isLog;
    if (isLog) drawLog(next, tab, feeds[tab]);
    else drawPage(next);
    drawAside(next);
    refreshTimes(root, Date.now());
  }

  function drawLog({ tab, filter, feeds }: State, log: ActivityTab, feed: Feed): void {
    const view = JSON.stringify([tab, filter]);
    const isSameView = view === drawnView;
    if (!isSameView) {
      caption.replaceChildren(...CAPTIONS[log]());
      list.toTop();
    }
    page.hidden = true;
    const isHeld = isSameView && feed.isRead && !list.isAtTop();
    const held = isHeld ? newLines(feed.lines) : 0;
    pill.hidden = held === 0;
    if (held > 0) write(pill, held === 1 ? '1 new line' : `${held} new lines`);
    else {
      announce(list.update(feed.lines, { hasOlder: feed.hasOlder, isFollowing: isSameView && feed.isRead }));
      drawnTop = feed.lines[0];
    }
    const others = feeds[log === 'identified' ? 'anonymous' : 'identified'].lines.length;
    const isEmpty = feed.isRead && feed.lines.length === 0;
    scroller.hidden = isEmpty;
    drawOnce(empty, isEmpty && { tab: log, isFiltered: isFiltered(filter), isBackwards: isBackwards(filter), others, hasOlder: feed.hasOlder });
    drawnView = feed.isRead ? view : '';
    drawnPage = '';
  }

  /** How many lines stand above the one that was drawn on top; whoever reads further down is not pushed about by them. */
  let drawnTop: Activity | undefined;
  function newLines(lines: Activity[]): number {
    if (!drawnTop) return 0;
    const at = lines.findIndex((line) => line.messageId === drawnTop!.messageId && line.type === drawnTop!.type && line.at === drawnTop!.at);
    return at < 0 ? 1 : at;
  }

  function drawPage({ tab, people, search: words, queue }: State): void {
    scroller.hidden = true;
    pill.hidden = true;
    empty.hidden = true;
    empty.dataset['drawn'] = '';
    page.hidden = false;
    drawnView = '';
    const what = JSON.stringify(tab === 'people' ? [people, words] : queue);
    if (what === drawnPage) return;
    drawnPage = what;
    if (tab === 'people' && people.isRead) page.replaceChildren(...drawPeople(people.items, words), ...(people.hasMore ? [make('button', { type: 'button', class: 'button more' }, 'Show more')] : []));
    else if (tab === 'queue' && queue) page.replaceChildren(...drawQueue(queue));
    else page.replaceChildren();
    page.classList.toggle('teach', page.firstElementChild?.tagName === 'H2');
  }

  function drawAside({ subject, source, canErase }: State): void {
    if (subject === drawnSubject) return;
    const before = root.activeElement;
    if (subject && before instanceof HTMLElement && !aside.contains(before)) opener = before;
    drawnSubject = subject;
    aside.hidden = !subject;
    aside.parentElement!.classList.toggle('open', subject !== undefined);
    if (!subject) return aside.replaceChildren();
    const close = make('button', { type: 'button', class: 'close close-panel', 'aria-label': 'Close', title: 'Close (Escape)' }, makeIcon('close'));
    aside.replaceChildren(close, ...drawSubject(subject, source, canErase));
    aside.scrollTop = 0;
    aside.querySelector('h2')?.focus({ preventScroll: true });
  }

  function drawSubject(subject: Subject, source: Source | undefined, canErase: boolean): Node[] {
    if ('line' in subject) return drawLinePanel(subject.line, source);
    if ('anonymousId' in subject) return drawVisitorPanel(subject.anonymousId, source);
    return source?.profile ? drawProfile(subject.person, source, { canErase, onErased }) : [];
  }

  return draw;
}

const CAPTIONS: Record<ActivityTab, () => (Node | string)[]> = {
  identified: () => ['Events of people you know. ', makeWasAnonymous(undefined), ' was anonymous until the person was identified.'],
  anonymous: () => ['Events of people you do not know yet. They wait up to 30 days for identify() to say whose they are.'],
};

function makeTab(tab: Tab) {
  const count = make('span', { class: 'count' });
  return { count, button: make('button', { type: 'button', role: 'tab', id: tab, 'aria-controls': 'panel' }, `${NAMES[tab]} `, count) };
}

function nextTab(key: string, current: number, last: number): number | undefined {
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key === 'ArrowRight') return current === last ? 0 : current + 1;
  if (key === 'ArrowLeft') return current === 0 ? last : current - 1;
  return undefined;
}

function countOf(tab: Tab, { feeds, queue, people }: State): string {
  if (tab === 'queue') return queue ? String(queue.messages.length) : '';
  if (tab === 'people') return people.isRead ? `${people.items.length}${people.hasMore ? '+' : ''}` : '';
  const { isRead, lines, hasOlder } = feeds[tab];
  return isRead ? `${lines.length.toLocaleString()}${hasOlder ? '+' : ''}` : '';
}

/** Draws what teaches, unless it is drawn already: a screen reader may be in the middle of it. */
function drawOnce(empty: HTMLElement, what: false | Parameters<typeof drawEmpty>[0]): void {
  const drawn = JSON.stringify(what);
  if (empty.dataset['drawn'] === drawn) return;
  empty.dataset['drawn'] = drawn;
  empty.hidden = !what;
  empty.replaceChildren(...(what ? drawEmpty(what) : []));
}

function write(element: HTMLElement, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}
