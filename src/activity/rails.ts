import type { Activity } from '../wire/index.js';

/** How many merges may be drawn beside each other; more of them at one height would be a thicket. */
export const LANES = 3;

/** What of a merge's rail passes a line: it opens there, goes by, takes the line in, or ends in it. */
export interface Rail {
  lane: number;
  part: 'open' | 'pass' | 'join' | 'end';
}

/** A rail from end to end, in one lane. */
export interface Span {
  first: number;
  last: number;
  members: Set<number>;
  lane: number;
}

/**
 * The rails that tie each "Anonymous Data Merged" to the events that joined through it.
 * A rail has the same lane from end to end, and what is older keeps its lane when something new comes on top.
 *
 * @param lines newest first, as they are shown
 * @param hasOlder whether there are lines that are not loaded: a rail whose events are not all here runs on to the bottom
 */
export function layRails(lines: Activity[], hasOlder: boolean): Span[] {
  /** The topmost line that each lane is taken from on; the spans come in the order of their lower ends. */
  const takenFrom = Array.from({ length: LANES }, () => Infinity);
  return spansOf(lines, hasOlder)
    .sort((a, b) => b.last - a.last)
    .flatMap((span) => {
      const lane = takenFrom.findIndex((first) => span.last < first);
      if (lane < 0) return [];
      takenFrom[lane] = span.first;
      return { ...span, lane };
    });
}

/** The rails that pass one line. */
export function railsAt(spans: Span[], at: number): Rail[] {
  return spans.filter(({ first, last }) => at >= first && at <= last).map((span) => ({ lane: span.lane, part: partAt(at, span) }));
}

function spansOf(lines: Activity[], hasOlder: boolean): Omit<Span, 'lane'>[] {
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
