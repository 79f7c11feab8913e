import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMember, parseSegments, spellsIn, type History, type Segment, type Spell } from '../../../src/merge/segment.js';
import type { JsonObject } from '../../../src/wire/index.js';
import { RUNS } from '../../simulation/histories.js';
import { at, duration } from '../../simulation/moments.js';

describe('a segment of people who did something', () => {
  it('has a member from the event on, for ever', () => {
    expect(spellsIn({ name: 's', event: 'e' }, did(['-1 h']))).toEqual(spells(['-1 h']));
  });

  it('has nobody who did not', () => {
    expect(spellsIn({ name: 's', event: 'other' }, did(['-1 h']))).toEqual([]);
  });

  it('counts an event that joined the person from then on, however old it was (RULES R10)', () => {
    expect(spellsIn({ name: 's', event: 'e' }, did(['-30 d', '0:00']))).toEqual(spells(['0:00']));
  });

  it('counts an event to the end of the last millisecond that is within the days', () => {
    const [spell] = spellsIn({ name: 's', event: 'e', withinDays: 7 }, did(['0:00']));
    expect(isMember([spell!], at('7 d'))).toBe(true);
    expect(isMember([spell!], at('7 d 1 ms'))).toBe(false);
  });

  it('counts the days from when it happened, not from when it joined', () => {
    expect(spellsIn({ name: 's', event: 'e', withinDays: 7 }, did(['-6 d', '0:00']))).toEqual(spells(['0:00', '1 d 1 ms']));
  });

  it('counts an event for a millisecond when it joined in the last one, and never when it joined after that', () => {
    const segment: Segment = { name: 's', event: 'e', withinDays: 7 };
    expect(spellsIn(segment, did(['-7 d', '0:00']))).toEqual(spells(['0:00', '1 ms']));
    expect(spellsIn(segment, did(['-7 d -1 ms', '0:00']))).toEqual([]);
  });

  it('has a member while enough events count at once, in whatever order they are told', () => {
    const segment: Segment = { name: 's', event: 'e', atLeast: 2, withinDays: 7 };
    expect(spellsIn(segment, did(['12 d'], ['0:00'], ['5 d']))).toEqual(spells(['5 d', '7 d 1 ms'], ['12 d', '12 d 1 ms']));
  });

  it('keeps a member whose last event stops to count in the millisecond in which the next one begins', () => {
    expect(spellsIn({ name: 's', event: 'e', withinDays: 1 }, did(['0:00'], ['1 d 1 ms']))).toEqual(spells(['0:00', '2 d 2 ms']));
  });

  it('counts only events that meet the conditions', () => {
    const { events } = did(['1 h'], ['2 h']);
    events[1]!.message.properties = { price: 20 };
    expect(spellsIn({ name: 's', event: 'e', where: { price: { gte: 20 } } }, { events, traits: [] })).toEqual(spells(['2 h']));
  });

  it('is what the definition says at every moment', () => {
    fc.assert(
      fc.property(eventSegments(), fc.array(happenings(), { maxLength: 8 }), (segment, events) => {
        const found = spellsIn(segment, { events, traits: [] });
        const { atLeast = 1, withinDays } = segment;
        for (const now of moments(events, withinDays)) {
          const counting = events.filter(
            ({ at, occurredAt, message }) =>
              message.event === segment.event &&
              at <= now &&
              occurredAt <= now &&
              (withinDays === undefined || now - occurredAt <= withinDays * DAY_MS),
          );
          expect(isMember(found, now)).toBe(counting.length >= atLeast);
        }
        expectOrder(found);
      }),
      RUNS,
    );
  });
});

describe('a segment of people of whom something is known', () => {
  const segment: Segment = { name: 's', traits: { plan: 'pro' } };

  it('has a member while the traits meet the conditions', () => {
    const history = known(['0:00', { plan: 'free' }], ['1 h', { plan: 'pro' }], ['2 h', { plan: 'pro', age: 5 }], ['3 h', {}], ['4 h', { plan: 'pro' }]);
    expect(spellsIn(segment, history)).toEqual(spells(['1 h', '3 h'], ['4 h']));
  });

  it('takes the last of what was said in one millisecond', () => {
    expect(spellsIn(segment, known(['0:00', { plan: 'pro' }], ['0:00', { plan: 'free' }]))).toEqual([]);
    expect(spellsIn(segment, known(['0:00', { plan: 'free' }], ['0:00', { plan: 'pro' }]))).toEqual(spells(['0:00']));
  });

  it('has nobody of whom nothing was said, not even when a trait is to be missing', () => {
    expect(spellsIn({ name: 's', traits: { plan: { exists: false } } }, did(['0:00']))).toEqual([]);
  });

  it('is what the definition says at every moment', () => {
    const plans = fc.record({ at: fc.integer({ min: 0, max: 6 }), traits: fc.record({ plan: fc.constantFrom('free', 'pro') }) });
    fc.assert(
      fc.property(fc.array(plans, { maxLength: 8 }), (unsorted) => {
        const traits = unsorted.toSorted((a, b) => a.at - b.at);
        const found = spellsIn(segment, { events: [], traits });
        for (let now = -1; now <= 7; now++) {
          expect(isMember(found, now)).toBe(traits.findLast(({ at }) => at <= now)?.traits.plan === 'pro');
        }
        expectOrder(found);
      }),
      RUNS,
    );
  });
});

describe('isMember', () => {
  it('is true from the first moment of a spell to the one before its end', () => {
    const spell = [{ from: 5, until: 7 }];
    expect([4, 5, 6, 7].map((now) => isMember(spell, now))).toEqual([false, true, true, false]);
  });

  it('is true for ever when nothing ends the spell', () => {
    expect(isMember([{ from: 5 }], Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(isMember([], 5)).toBe(false);
  });
});

describe('parseSegments', () => {
  it('gives what it was given when that is right', () => {
    const segments: Segment[] = [
      { name: 'Buyers', event: 'bought' },
      { name: 'Often', event: 'bought', atLeast: 3, withinDays: 0.5, where: { price: { gt: 5 } } },
      { name: 'Pro', traits: { plan: 'pro' } },
    ];
    expect(parseSegments(segments)).toEqual(segments);
  });

  it.each<[string, object]>([
    ['segments[0].event is text that is not blank; this is missing.', {}],
    ['segments[0].atLeast is a whole number from 1; this is 0.', { event: 'e', atLeast: 0 }],
    ['segments[0].atLeast is a whole number from 1; this is 1.5.', { event: 'e', atLeast: 1.5 }],
    ['segments[0].atLeast is a whole number from 1; this is text.', { event: 'e', atLeast: '2' }],
    ['segments[0].withinDays is a number above 0, at most 36500; this is 0.', { event: 'e', withinDays: 0 }],
    ['segments[0].withinDays is a number above 0, at most 36500; this is 36501.', { event: 'e', withinDays: 36_501 }],
    ['segments[0].withinDays is a number above 0, at most 36500; this is null.', { event: 'e', withinDays: null }],
    ['segments[0].where.price.gte is a number; this is text.', { event: 'e', where: { price: { gte: '5' } } }],
    ['segments[0].within is not known here; use name, event, atLeast, withinDays, where.', { event: 'e', within: 7 }],
    ['segments[0].event is not known here; use name, traits.', { event: 'e', traits: {} }],
    ['segments[0].traits is an object, as in { "plan": "pro" }; this is missing.', { traits: undefined }],
    ['segments[0].traits.age.gt is a number; this is null.', { traits: { age: { gt: null } } }],
  ])('says: %s', (sentence, segment) => {
    expect(() => parseSegments([{ name: 'n', ...segment }])).toThrow(new TypeError(sentence));
  });

  it('wants each to have a name of its own', () => {
    const sentence = 'segments[1].name is taken by an earlier one; give each its own.';
    expect(() => parseSegments([{ name: 'n', event: 'e' }, { name: 'n', traits: {} }])).toThrow(new TypeError(sentence));
  });
});

const DAY_MS = duration('1 d');

/** Somebody who did `e` at these times, and to whom it was given at once, or later. */
function did(...times: [occurredAt: string, at?: string][]): History {
  const events = times.map(([occurredAt, attached = occurredAt]) => event(at(occurredAt), at(attached)));
  return { events, traits: [] };
}

function known(...said: [at: string, traits: JsonObject][]): History {
  return { events: [], traits: said.map(([from, traits]) => ({ at: at(from), traits })) };
}

function spells(...times: [from: string, until?: string][]): Spell[] {
  return times.map(([from, until]) => (until === undefined ? { from: at(from) } : { from: at(from), until: at(until) }));
}

function event(occurredAt: number, attached: number, name = 'e'): History['events'][number] {
  return { at: attached, occurredAt, message: { type: 'track', messageId: 'm', event: name } };
}

function eventSegments() {
  const parts = { name: fc.constant('s'), event: fc.constant('e'), atLeast: fc.integer({ min: 1, max: 3 }), withinDays: fc.integer({ min: 1, max: 3 }) };
  return fc.record(parts, { requiredKeys: ['name', 'event'] });
}

/** Events that happen, and join, about whole days, so that their edges meet to the millisecond. */
function happenings() {
  const moment = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -1, max: 1 })).map(([days, ms]) => days * DAY_MS + ms);
  return fc.tuple(moment, moment, fc.constantFrom('e', 'e', 'other')).map(([occurredAt, attached, name]) => event(occurredAt, attached, name));
}

/** Every moment at which something may change, and those beside it. */
function moments(events: History['events'], withinDays = 0): number[] {
  return events
    .flatMap(({ at, occurredAt }) => [at, occurredAt, occurredAt + withinDays * DAY_MS])
    .flatMap((moment) => [moment - 1, moment, moment + 1, moment + 2]);
}

/** Oldest first, none empty, and a gap between any two. */
function expectOrder(found: Spell[]): void {
  const edges = found.flatMap(({ from, until = Infinity }) => [from, until]);
  expect(edges.every((edge, index) => index === 0 || edges[index - 1]! < edge)).toBe(true);
}
