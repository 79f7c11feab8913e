import type { Activity } from '../wire/index.js';
import { keyOf } from './feed.js';
import { drawLine, hasSentence, labelOf } from './line.js';
import { make } from './make.js';
import { layRails, railsAt, type Rail, type Span } from './rails.js';

/** Heights of a line in pixels, without and with a sentence of its own, on a wide and on a narrow log. All lines are as high as their kind, so that the place of each of 100,000 is known without drawing it. */
const HEIGHTS = { wide: [46, 72], narrow: [66, 116] } as const;
/** The sheet says the same of the log's own width. */
const NARROW_WIDTH = 620;
/** So much is drawn above and below what can be seen. */
const MARGIN_PX = 400;
/** Older lines are asked for this long before their place can be seen. */
const AHEAD_PX = 6000;

export interface ListOptions {
  /** Whether there are lines that are not loaded. */
  hasOlder: boolean;
  /** Whether what is new on top has just happened, and so may be seen coming in. */
  isFollowing: boolean;
}

export interface ListHandlers {
  /** A line was chosen. */
  onOpen(line: Activity): void;
  /** One comes near the end of what is loaded. */
  onNearEnd(): void;
}

export interface List {
  /** @returns the lines that came in on top */
  update(lines: Activity[], options: ListOptions): Activity[];
  /** Whether the newest line can be seen, or stands above everything. */
  isAtTop(): boolean;
  toTop(): void;
  /** Puts the focus on the line that had it last. */
  focus(): void;
  focusFirst(): void;
}

interface Row {
  element: HTMLElement;
  gutter: HTMLElement;
  /** What is drawn, to tell whether it must be drawn again. */
  drawn: string;
  drawnRails: string;
  drawnPlace: string;
}

/** A list of which only the lines that can be seen are in the document. */
export function createList(scroller: HTMLElement, { onOpen, onNearEnd }: ListHandlers): List {
  const feed = make('div', { role: 'feed', class: 'feed', 'aria-label': 'Activity' });
  scroller.append(feed);
  let lines: Activity[] = [];
  let spans: Span[] = [];
  /** Where each line begins; one more than there are lines. */
  let tops = new Float64Array(1);
  let hasOlder = false;
  let isNarrow = false;
  let rows = new Map<string, Row>();
  let news = new Set<string>();
  /** The line that Tab comes to. */
  let active = 0;
  let isFrameAsked = false;
  /** Where the scroller stood when it was drawn. */
  let drawnTop = 0;

  function measure(): void {
    const [plain, sentence] = HEIGHTS[isNarrow ? 'narrow' : 'wide'];
    tops = new Float64Array(lines.length + 1);
    for (let at = 0; at < lines.length; at++) tops[at + 1] = tops[at]! + (hasSentence(lines[at]!) ? sentence : plain);
    feed.style.height = `${tops[lines.length]}px`;
  }

  function keyAt(at: number): string {
    const line = lines[at];
    return line ? keyOf(line) : '';
  }

  /** The last line that begins at or above a height. */
  function lineAt(y: number): number {
    let [low, high] = [0, lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (tops[middle]! <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  function draw(): void {
    isFrameAsked = false;
    const { scrollTop, clientHeight } = scroller;
    // Whoever drags the bar sees lines for one frame: what is around them is drawn once they stay.
    const isLeap = Math.abs(scrollTop - drawnTop) > clientHeight;
    const margin = isLeap ? 0 : MARGIN_PX;
    drawnTop = scrollTop;
    const wanted: number[] = [];
    if (lines.length > 0) {
      const end = lineAt(scrollTop + clientHeight + margin);
      for (let at = lineAt(scrollTop - margin); at <= end; at++) wanted.push(at);
      // The focus must not be lost because somebody scrolls with the mouse.
      if (!wanted.includes(active) && rows.get(keyAt(active))?.element.contains(focused())) wanted.push(active);
    }
    const before = rows;
    rows = new Map();
    for (const at of wanted) {
      const key = keyAt(at);
      rows.set(key, before.get(key) ?? makeRow(news.has(key)));
    }
    for (const [key, { element }] of before) if (!rows.has(key)) element.remove();
    wanted.sort((a, b) => a - b);
    // Of the thousands of merges of a long log, few are in sight.
    const near = spans.filter(({ first, last }) => first <= wanted.at(-1)! && last >= wanted[0]!);
    let place = feed.firstElementChild;
    for (const at of wanted) {
      const row = rows.get(keyAt(at))!;
      drawRow(row, at, near);
      // In the order of the log, which is the order in which a screen reader reads them.
      if (row.element === place) place = place.nextElementSibling;
      else feed.insertBefore(row.element, place);
    }
    news.clear();
    if (isLeap) askFrame();
    if (hasOlder && scrollTop + clientHeight + AHEAD_PX > tops[lines.length]!) onNearEnd();
  }

  function askFrame(): void {
    if (isFrameAsked) return;
    isFrameAsked = true;
    requestAnimationFrame(draw);
  }

  function drawRow(row: Row, at: number, near: Span[]): void {
    const { element, gutter } = row;
    const line = lines[at]!;
    const isActive = at === active;
    const drawn = JSON.stringify(line);
    const isOther = row.drawn !== drawn;
    if (isOther) {
      row.drawn = drawn;
      element.replaceChildren(gutter, ...drawLine(line));
      element.setAttribute('aria-label', labelOf(line));
      element.dataset['type'] = line.type;
      element.toggleAttribute('data-was', Boolean(line.previouslyAnonymous));
    }
    const place = `${at} ${tops[at]} ${tops[at + 1]} ${hasOlder ? -1 : lines.length} ${isActive}`;
    if (isOther || row.drawnPlace !== place) {
      row.drawnPlace = place;
      element.style.transform = `translateY(${tops[at]}px)`;
      element.style.height = `${tops[at + 1]! - tops[at]!}px`;
      element.dataset['at'] = String(at);
      element.setAttribute('aria-posinset', String(at + 1));
      element.setAttribute('aria-setsize', String(hasOlder ? -1 : lines.length));
      element.tabIndex = isActive ? 0 : -1;
      for (const button of element.querySelectorAll('button')) button.tabIndex = isActive ? 0 : -1;
    }
    drawRails(row, railsAt(near, at));
  }

  function drawRails(row: Row, rails: Rail[]): void {
    const { element, gutter, drawnRails } = row;
    const drawn = JSON.stringify(rails);
    if (drawn === drawnRails) return;
    row.drawnRails = drawn;
    gutter.replaceChildren(...rails.map(({ lane, part }) => make('i', { class: `lane${lane} ${part}` })));
    const own = rails.find(({ part }) => part !== 'pass');
    element.dataset['lane'] = own ? String(own.lane) : '';
  }

  function focused(): Element | null {
    return (scroller.getRootNode() as ShadowRoot).activeElement;
  }

  function moveTo(at: number): void {
    active = Math.max(0, Math.min(lines.length - 1, at));
    const [top, bottom] = [tops[active]!, tops[active + 1]!];
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
    draw();
    rows.get(keyAt(active))?.element.focus({ preventScroll: true });
  }

  scroller.addEventListener('scroll', askFrame, { passive: true });
  feed.addEventListener('focusin', ({ target }) => {
    const at = rowOf(target);
    if (at === undefined || at === active) return;
    active = at;
    askFrame();
  });
  feed.addEventListener('keydown', (event) => {
    const page = Math.max(1, Math.floor(scroller.clientHeight / HEIGHTS.wide[0]) - 1);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      moveTo(active + step);
    } else if (event.key === 'Enter' && event.target instanceof HTMLElement && event.target.dataset['at']) onOpen(lines[active]!);
  });
  feed.addEventListener('click', ({ target }) => {
    const at = rowOf(target);
    // A person or a visitor in the line has a meaning of its own; whoever selects text wants no panel.
    if (at === undefined || (target as Element).closest('button') || getSelection()?.type === 'Range') return;
    active = at;
    onOpen(lines[at]!);
  });
  new ResizeObserver(() => {
    const wasNarrow = isNarrow;
    isNarrow = scroller.clientWidth > 0 && scroller.clientWidth <= NARROW_WIDTH;
    scroller.classList.toggle('narrow', isNarrow);
    if (wasNarrow !== isNarrow) measure();
    askFrame();
  }).observe(scroller);

  return {
    update(next, options) {
      // What has not changed is the very same list again.
      if (next === lines && hasOlder === options.hasOlder) return [];
      const before = lines;
      const placeOf = (line: Activity | undefined): number => (line === undefined ? 0 : Math.max(0, indexOf(next, keyOf(line))));
      ({ hasOlder } = options);
      lines = next;
      spans = layRails(lines, hasOlder);
      // Below what was on top it is only older; above it, it is news.
      const newsEnd = options.isFollowing ? (before.length === 0 ? lines.length : placeOf(before[0])) : 0;
      news = new Set(lines.slice(0, newsEnd).map(keyOf));
      active = placeOf(before[active]);
      const lanes = Math.max(0, ...spans.map(({ lane }) => lane + 1));
      feed.className = `feed lanes${lanes}`;
      measure();
      draw();
      return lines.slice(0, newsEnd);
    },
    isAtTop: () => scroller.scrollTop < HEIGHTS.wide[0],
    toTop() {
      scroller.scrollTop = 0;
    },
    focus: () => moveTo(active),
    focusFirst: () => moveTo(0),
  };
}

function indexOf(lines: Activity[], key: string): number {
  return lines.findIndex((line) => keyOf(line) === key);
}

function rowOf(target: EventTarget | null): number | undefined {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-at]') : null;
  return row ? Number(row.dataset['at']) : undefined;
}

function makeRow(isNews: boolean): Row {
  const gutter = make('span', { class: 'rails', 'aria-hidden': 'true' });
  return { element: make('div', { role: 'article', class: isNews ? 'row news' : 'row' }, gutter), gutter, drawn: '', drawnRails: '', drawnPlace: '' };
}
