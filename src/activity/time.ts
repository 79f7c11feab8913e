import { make } from './make.js';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
// Made once: to make one takes longer than to draw the line that it stands in.
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** How long ago, in as few letters as can be read at a glance; a date once it is older than the 30 days a merge looks back. */
export function relativeTime(at: number, now: number): string {
  const ageMs = now - at;
  // The clocks of a collector and of a page differ: what seems to come from the future has just happened.
  if (ageMs < 5 * SECOND_MS) return 'just now';
  if (ageMs < MINUTE_MS) return `${Math.floor(ageMs / SECOND_MS)} s ago`;
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min ago`;
  if (ageMs < DAY_MS) return `${Math.floor(ageMs / HOUR_MS)} h ago`;
  if (ageMs < 31 * DAY_MS) return `${Math.floor(ageMs / DAY_MS)} d ago`;
  return DAY.format(at);
}

/** The time as a `<time>`: relative to read, exact in its tooltip and its `datetime`. {@link refreshTimes} keeps it true. */
export function makeTime(at: number, exactly?: string): HTMLTimeElement {
  const date = new Date(at);
  // No such moment; said rather than thrown, because a single bad line must not take the log down.
  if (Number.isNaN(date.getTime())) return make('time', {}, 'unknown time');
  const exact = MOMENT.format(date);
  const title = exactly === undefined ? exact : `${exact} (${exactly})`;
  return make('time', { datetime: date.toISOString(), title }, relativeTime(at, Date.now()));
}

/** Lets the relative times within an element follow the clock. Writes only those whose words have changed. */
export function refreshTimes(within: ParentNode, now: number): void {
  for (const time of within.querySelectorAll<HTMLTimeElement>('time[datetime]')) {
    const words = relativeTime(Date.parse(time.dateTime), now);
    if (time.textContent !== words) time.textContent = words;
  }
}
