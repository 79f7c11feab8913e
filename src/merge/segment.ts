import type { AcceptedMessage, JsonObject } from '../wire/index.js';
import { check, checkConditions, checkEventFilter, checkKeys, isAmong, meets, parseDefinitions, type Conditions, type EventFilter } from './conditions.js';

/** People by what they did, or by what is known of them. */
export type Segment = EventSegment | TraitSegment;

interface EventSegment extends EventFilter {
  /** No two have the same; at most 150 bytes. */
  name: string;
  /**
   * How many such events it takes.
   * @defaultValue 1
   */
  atLeast?: number;
  /** For how many days an event counts after it happened; without it, for ever. */
  withinDays?: number;
}

interface TraitSegment {
  /** No two have the same; at most 150 bytes. */
  name: string;
  traits: Conditions;
}

/** What membership follows from: only what is the person's. */
export interface History {
  /** In any order. `at` is when it became the person's, in milliseconds. */
  events: { at: number; occurredAt: number; message: AcceptedMessage }[];
  /** What the person's traits were from `at` on, oldest first. Before the first there was no person to be a member. */
  traits: { at: number; traits: JsonObject }[];
}

/** A time as a member, in milliseconds. */
export interface Spell {
  /** The first moment of it. */
  from: number;
  /** The first moment after it; absent while nothing known ends it. */
  until?: number;
}

const DAY_MS = 86_400_000;
/** A hundred years: beyond it lie moments that a Date cannot hold, and for ever is said by leaving it out. */
const LONGEST_DAYS = 36_500;

/**
 * Reads segments as somebody wrote them down: at most 1,000, each `{ name, event, atLeast?, withinDays?, where? }`
 * or `{ name, traits }`.
 *
 * @throws TypeError with a sentence that names the place and the remedy
 */
export function parseSegments(value: unknown): Segment[] {
  return parseDefinitions(value, 'segments', (segment, place) => {
    if ('traits' in segment) {
      checkKeys(segment, place, ['name', 'traits']);
      checkConditions(segment['traits'], `${place}.traits`);
      return;
    }
    checkKeys(segment, place, ['name', 'event', 'atLeast', 'withinDays', 'where']);
    checkEventFilter(segment, place);
    const { atLeast = 1, withinDays = 1 } = segment;
    check(Number.isSafeInteger(atLeast) && Number(atLeast) >= 1, `${place}.atLeast`, 'a whole number from 1', atLeast);
    const isLength = typeof withinDays === 'number' && withinDays > 0 && withinDays <= LONGEST_DAYS;
    check(isLength, `${place}.withinDays`, `a number above 0, at most ${LONGEST_DAYS}`, withinDays);
  });
}

/**
 * When a person was a member, and will be unless something happens, oldest first and with a gap between any two.
 *
 * Every event of theirs counts, however old it was when it became theirs (RULES R10): from when it was both theirs and
 * past, to the end of the last millisecond that is within `withinDays` of it.
 */
export function spellsIn(segment: Segment, { events, traits }: History): Spell[] {
  if ('traits' in segment) {
    const known = traits.map(({ at }, index) => spell(at, traits[index + 1]?.at));
    return overlaps(known.filter((_, index) => meets(traits[index]!.traits, segment.traits)), 1);
  }
  const { atLeast = 1, withinDays } = segment;
  const lengthMs = withinDays === undefined ? undefined : Math.round(withinDays * DAY_MS) + 1;
  const counting = events
    .filter(({ message }) => isAmong(segment, message))
    .map(({ at, occurredAt }) => spell(Math.max(at, occurredAt), lengthMs === undefined ? undefined : occurredAt + lengthMs));
  return overlaps(counting, atLeast);
}

/** Whether some moment is in one of these. */
export function isMember(spells: Spell[], now: number): boolean {
  return spells.some(({ from, until }) => from <= now && (until === undefined || now < until));
}

/** Somebody came into a segment, or left it. */
export interface SegmentChange {
  /** Milliseconds. */
  at: number;
  person: string;
  type: 'entered' | 'left';
}

/** How a person came into a segment and left it, until a moment. */
export function segmentChanges(person: string, spells: Spell[], now: number): SegmentChange[] {
  return spells
    .flatMap(({ from, until }): SegmentChange[] => [{ at: from, person, type: 'entered' }, ...(until === undefined ? [] : [{ at: until, person, type: 'left' as const }])])
    .filter(({ at }) => at <= now);
}

function spell(from: number, until: number | undefined): Spell {
  return until === undefined ? { from } : { from, until };
}

/** The times during which at least so many of these go on at once. */
function overlaps(spells: Spell[], atLeast: number): Spell[] {
  const changes = spells.flatMap(({ from, until }) => {
    if (until === undefined) return [{ at: from, by: 1 }];
    return from < until ? [{ at: from, by: 1 }, { at: until, by: -1 }] : [];
  });
  changes.sort((a, b) => a.at - b.at);

  const found: Spell[] = [];
  let open: Spell | undefined;
  let count = 0;
  changes.forEach(({ at, by }, index) => {
    count += by;
    // What ends and what begins in the same millisecond make one change: there was no moment between them.
    if (changes[index + 1]?.at === at) return;
    if (count >= atLeast && !open) found.push((open = { from: at }));
    if (count < atLeast && open) {
      open.until = at;
      open = undefined;
    }
  });
  return found;
}
