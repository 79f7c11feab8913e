import type { Activity } from '../wire/index.js';
import { drawLine } from './line.js';
import { make } from './make.js';
import { railsOf, type Rail } from './rails.js';

export interface ListOptions {
  /** Whether there are lines that are not loaded. */
  hasOlder: boolean;
  /** Whether what is new on top has just happened, and so may be seen coming in. */
  isFollowing: boolean;
}

interface Row {
  element: HTMLLIElement;
  gutter: HTMLSpanElement;
  /** What is drawn, to tell whether it must be drawn again. */
  drawn: string;
  drawnRails: string;
}

/**
 * Keeps a list of elements equal to a list of lines. What stays is not touched, so that polling costs
 * neither the place one has scrolled to, nor the focus, nor the selection.
 *
 * @returns the lines that came in on top
 */
export function createList(list: HTMLOListElement) {
  let rows = new Map<string, Row>();
  let drawnLines: Activity[] | undefined;

  return function update(lines: Activity[], { hasOlder, isFollowing }: ListOptions): Activity[] {
    // A collector that has nothing new gives the very same list again.
    if (lines === drawnLines) return [];
    drawnLines = lines;
    const before = rows;
    const keyed = new Map(lines.map((line) => [keyOf(line), line]));
    const unique = [...keyed.values()];
    const rails = railsOf(unique, hasOlder);
    const keys = [...keyed.keys()];
    // Below the last line that was there, it is only older; above it, it is news.
    const newsEnd = Math.max(...keys.map((key, index) => (before.has(key) ? index : -1)));
    const isNews = (index: number) => isFollowing && (index < newsEnd || before.size === 0);

    for (const [key, { element }] of before) if (!keyed.has(key)) element.remove();
    rows = new Map();
    let cursor = list.firstChild;
    keys.forEach((key, index) => {
      const line = unique[index]!;
      const row = before.get(key) ?? makeRow(isNews(index));
      rows.set(key, row);
      drawRow(row, line, rails[index]!);
      if (row.element === cursor) cursor = cursor.nextSibling;
      else list.insertBefore(row.element, cursor);
    });
    const lanes = Math.max(0, ...rails.flat().map(({ lane }) => lane + 1));
    list.className = `lanes${lanes}`;
    return unique.filter((_, index) => isNews(index) && !before.has(keys[index]!));
  };
}

function makeRow(isNews: boolean): Row {
  const gutter = make('span', { class: 'rails', 'aria-hidden': 'true' });
  const element = make('li', isNews ? { class: 'news' } : {}, gutter);
  return { element, gutter, drawn: '', drawnRails: '' };
}

function drawRow(row: Row, line: Activity, rails: Rail[]): void {
  const drawn = JSON.stringify(line);
  if (row.drawn !== drawn) {
    row.drawn = drawn;
    row.element.replaceChildren(row.gutter, ...drawLine(line));
    row.element.dataset['type'] = line.type;
    row.element.toggleAttribute('data-was', Boolean(line.previouslyAnonymous));
  }
  const drawnRails = JSON.stringify(rails);
  if (row.drawnRails === drawnRails) return;
  row.drawnRails = drawnRails;
  row.gutter.replaceChildren(...rails.map(({ lane, part }) => make('i', { class: `lane${lane} ${part}` })));
  const own = rails.find(({ part }) => part !== 'pass');
  row.element.dataset['lane'] = own ? String(own.lane) : '';
}

/** What makes a line the same line the next time: a merge is still that merge when its count has grown. */
function keyOf({ type, messageId, at, anonymousId, person }: Activity): string {
  return JSON.stringify([type, messageId ?? at, anonymousId, person]);
}
