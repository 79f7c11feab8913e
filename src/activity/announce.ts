import type { Activity } from '../wire/index.js';
import { nameOfPerson } from './who.js';

/** A screen reader is told of what came in at most this often, however busy the log. */
const PAUSE_MS = 5000;

/** Says what came in, in one sentence at a time, into a live region. */
export function createAnnouncer(region: HTMLElement) {
  let waiting: Activity[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function say(): void {
    timer = undefined;
    if (waiting.length === 0) return;
    region.textContent = sentenceOf(waiting);
    waiting = [];
    timer = setTimeout(say, PAUSE_MS);
  }

  return function announce(lines: Activity[]): void {
    waiting.push(...lines);
    if (timer === undefined) say();
  };
}

/** A merge is worth its own words; the rest is a number. */
function sentenceOf(lines: Activity[]): string {
  const merges = lines.filter(({ type }) => type === 'anon_merge');
  const others = lines.length - merges.length;
  return [
    ...merges.map(({ count, person }) => `Anonymous data merged: ${count} events joined ${nameOfPerson(person ?? '')}.`),
    ...(others > 0 ? [others === 1 ? '1 new line.' : `${others} new lines.`] : []),
  ].join(' ');
}
