import type { Activity, ActivityTab } from '../wire/index.js';
import { createAnnouncer } from './announce.js';
import { drawEmpty } from './empty.js';
import { isWanted, type Filter } from './filter.js';
import { makeIcon } from './icon.js';
import { createList } from './list.js';
import { make } from './make.js';
import { refreshTimes } from './time.js';
import { makePerson, makeVisitor, makeWasAnonymous } from './who.js';

export const TABS = ['identified', 'anonymous'] as const;

/** What is loaded of one tab. */
export interface Feed {
  lines: Activity[];
  hasOlder: boolean;
  /** Whether it has been read at all. */
  isRead: boolean;
}

/** All that the log shows. The same state is always the same picture. */
export interface State {
  tab: ActivityTab;
  filter: Filter;
  feeds: Record<ActivityTab, Feed>;
  /** One or two words on how it goes. */
  status: string;
  /** What is wrong and what to do about it; nothing when all is well. */
  trouble?: string | undefined;
}

/** What a reader can do. */
export interface Handlers {
  onTab(tab: ActivityTab): void;
  onFilter(filter: Filter): void;
  onOlder(): void;
}

/** Builds the log once; the returned function draws a state into it, touching only what differs. */
export function createView(root: ShadowRoot, { onTab, onFilter, onOlder }: Handlers): (state: State) => void {
  const tabs = TABS.map((tab) => makeTab(tab));
  const tablist = make('div', { role: 'tablist', 'aria-label': 'Activity' }, ...tabs.map(({ button }) => button));
  const status = make('span', { class: 'status' });
  const trouble = make('p', { class: 'trouble', role: 'alert', hidden: '' });
  const caption = make('p', { class: 'caption' });
  const chip = make('div', { class: 'chip', hidden: '' });
  const list = make('ol');
  const empty = make('div', { class: 'empty', hidden: '' });
  const older = make('button', { type: 'button', class: 'older', hidden: '' }, 'Show older');
  const panel = make('div', { role: 'tabpanel', id: 'panel', 'aria-labelledby': 'identified' }, caption, chip, list, empty, older);
  const region = make('div', { class: 'heard', 'aria-live': 'polite' });
  root.append(make('header', {}, tablist, status), trouble, panel, region);

  const updateList = createList(list);
  const announce = createAnnouncer(region);
  /** Which tab and filter the list was last drawn for: a change of them is not news. */
  let drawnView = '';

  tablist.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('[role=tab]') : null;
    if (button) onTab(button.id as ActivityTab);
  });
  tablist.addEventListener('keydown', (event) => {
    const next = nextTab(event.key, tabs.findIndex(({ button }) => button.tabIndex === 0));
    if (next === undefined) return;
    event.preventDefault();
    tabs[next]!.button.focus();
    onTab(TABS[next]!);
  });
  panel.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null;
    const { person, anonymous } = button?.dataset ?? {};
    if (button === older) onOlder();
    else if (button?.className === 'close') clearFilter();
    else if (person !== undefined) onFilter({ person });
    else if (anonymous !== undefined) onFilter({ anonymousId: anonymous });
  });

  function clearFilter(): void {
    onFilter({});
    // The button that had the focus is gone; the tab is the nearest thing that stays.
    tabs.find(({ button }) => button.tabIndex === 0)!.button.focus();
  }

  return function draw({ tab, filter, feeds, status: words, trouble: problem }) {
    for (const { button, count } of tabs) {
      const isChosen = button.id === tab;
      button.setAttribute('aria-selected', String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
      write(count, countOf(feeds[button.id as ActivityTab], filter));
    }
    panel.setAttribute('aria-labelledby', tab);
    write(status, words);
    status.classList.toggle('calm', problem === undefined && words === LIVE);
    write(trouble, problem ?? '');
    trouble.hidden = problem === undefined;

    const view = JSON.stringify([tab, filter]);
    const isSameView = view === drawnView;
    if (!isSameView) {
      caption.replaceChildren(...CAPTIONS[tab]());
      drawChip(chip, filter);
    }
    const feed = feeds[tab];
    const lines = shownLines(feed, filter);
    const news = updateList(lines, { hasOlder: feed.hasOlder, isFollowing: isSameView && feed.isRead });
    announce(news);
    refreshTimes(list, Date.now());
    older.hidden = !feed.hasOlder;
    const others = feeds[tab === 'identified' ? 'anonymous' : 'identified'].lines.length;
    drawOnce(empty, feed.isRead && lines.length === 0 && { tab, filter, others, hasOlder: feed.hasOlder });
    drawnView = feed.isRead ? view : '';
  };
}

/** What the status says when all is well. */
export const LIVE = 'Live';

const CAPTIONS: Record<ActivityTab, () => (Node | string)[]> = {
  identified: () => ['Events of people you know. ', makeWasAnonymous(undefined), ' was anonymous until the person was identified.'],
  anonymous: () => ['Events of people you do not know yet. They wait up to 30 days for identify() to say whose they are, and do nothing until then.'],
};

function makeTab(tab: ActivityTab) {
  const count = make('span', { class: 'count' });
  const name = tab === 'identified' ? 'Identified' : 'Anonymous';
  return { count, button: make('button', { type: 'button', role: 'tab', id: tab, 'aria-controls': 'panel' }, name, count) };
}

function nextTab(key: string, current: number): number | undefined {
  const last = TABS.length - 1;
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key === 'ArrowRight') return current === last ? 0 : current + 1;
  if (key === 'ArrowLeft') return current === 0 ? last : current - 1;
  return undefined;
}

function shownLines({ lines }: Feed, filter: Filter): Activity[] {
  return filter.person === undefined && filter.anonymousId === undefined ? lines : lines.filter((line) => isWanted(line, filter));
}

function countOf(feed: Feed, filter: Filter): string {
  if (!feed.isRead) return '';
  const { length } = shownLines(feed, filter);
  return feed.hasOlder ? `${length}+` : String(length);
}

function drawChip(chip: HTMLElement, { person, anonymousId }: Filter): void {
  const who = person === undefined ? anonymousId !== undefined && makeVisitor(anonymousId) : makePerson(person);
  chip.hidden = !who;
  const close = make('button', { type: 'button', class: 'close', 'aria-label': 'Show everybody again', title: 'Show everybody again' }, makeIcon('close'));
  chip.replaceChildren(...(who ? ['Only ', who, close] : []));
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
