import type { Activity } from '../wire/index.js';

/** How many merges may be drawn beside each other; more of them at one height would be a thicket. */
export const LANES = 3;

/** What of a merge's rail passes a line: it opens there, goes by, takes the line in, or ends in it. */
export interface Rail {
  lane: number;
  part: 'open' | 'pass' | 'join' | 'end';
}

/**
 * The rails that tie each "Anonymous Data Merged" to the events that joined through it, line by line.
 * A rail has the same lane from end to end, and what is older keeps its lane when something new comes on top.
 *
 * @param lines newest first, as they are shown
 * @param hasOlder whether there are lines that are not loaded: a rail whose events are not all here runs on to the bottom
 */
export function railsOf(lines: Activity[], hasOlder: boolean): Rail[][] {
  const rails: Rail[][] = lines.map(() => []);
  const taken: boolean[][] = lines.map(() => []);
  for (const span of spansOf(lines, hasOlder).sort((a, b) => b.last - a.last)) {
    const lane = freeLane(taken, span);
    if (lane < 0) continue;
    for (let at = span.first; at <= span.last; at++) {
      taken[at]![lane] = true;
      rails[at]!.push({ lane, part: partAt(at, span) });
    }
  }
  return rails;
}

interface Span {
  first: number;
  last: number;
  members: Set<number>;
}

function spansOf(lines: Activity[], hasOlder: boolean): Span[] {
  const merges = new Map<string | undefined, { members: number[]; missing: number }>();
  for (const line of lines) {
    if (line.type === 'anon_merge') merges.set(line.anonymousId, { members: [], missing: line.count ?? 0 });
  }
  lines.forEach(({ type, anonymousId, previouslyAnonymous }, at) => {
    const merge = merges.get(anonymousId);
    if (!merge || !(previouslyAnonymous || type === 'anon_merge')) return;
    merge.members.push(at);
    if (type === 'event' || type === 'page' || type === 'screen') merge.missing--;
  });
  return [...merges.values()].flatMap(({ members, missing }) => {
    const last = hasOlder && missing > 0 ? lines.length - 1 : members.at(-1)!;
    return last > members[0]! ? { first: members[0]!, last, members: new Set(members) } : [];
  });
}

function partAt(at: number, { first, last, members }: Span): Rail['part'] {
  if (at === first) return 'open';
  if (!members.has(at)) return 'pass';
  return at === last ? 'end' : 'join';
}

/** @returns the lane nearest to the lines that nothing else uses between the span's ends, or -1 */
function freeLane(taken: boolean[][], { first, last }: Span): number {
  const rows = taken.slice(first, last + 1);
  for (let lane = 0; lane < LANES; lane++) if (!rows.some((row) => row[lane])) return lane;
  return -1;
}
