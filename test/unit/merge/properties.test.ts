import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, type Activity, type Engine, type Message, type Outcome, type StoredEvent } from '../../../src/engine.js';
import { accountOf } from '../../simulation/account.js';
import { anonymousMessages, deliver, engineAfter, histories, RUNS, shuffledHistories } from '../../simulation/histories.js';
import { duration, NOON } from '../../simulation/moments.js';
import { replay } from '../../simulation/reference.js';

describe('the engine', () => {
  it('decides as a table does whose rows are rewritten at each identify', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        expect(accountOf(engineAfter(history))).toEqual(replay(history));
      }),
      RUNS,
    );
  });

  it('P1: comes to the same result in whatever order requests are worked on, and however often', () => {
    fc.assert(
      fc.property(shuffledHistories(), ({ history, shuffled }) => {
        expect(accountOf(engineAfter(shuffled))).toEqual(accountOf(engineAfter(history)));
      }),
      RUNS,
    );
  });

  it('P1: writes the same log in whatever order requests are worked on', () => {
    fc.assert(
      fc.property(shuffledHistories(), ({ history, shuffled }) => {
        expect(engineAfter(shuffled).activity()).toEqual(engineAfter(history).activity());
      }),
      RUNS,
    );
  });

  it('P2: is not changed by a replay of the whole log', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        expect(accountOf(engineAfter([...history, ...history]))).toEqual(accountOf(engineAfter(history)));
      }),
      RUNS,
    );
  });

  it('P3: gives an event to one person at most', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const engine = engineAfter(history);
        const given = engine.people().flatMap(({ id, events }) => events.map((event) => ({ ...event, holder: id })));
        const owned = engine.events().flatMap((event) => (event.person === undefined ? [] : { ...event, holder: event.person }));
        expect(sorted(given)).toEqual(sorted(owned));
      }),
      RUNS,
    );
  });

  it('P3: gives an anonymous id to one person at most', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const claimed = engineAfter(history).people().flatMap(({ anonymousIds }) => anonymousIds);
        expect(claimed).toHaveLength(new Set(claimed).size);
      }),
      RUNS,
    );
  });

  it('P4: accounts for every event it took: identified, anonymous or a duplicate', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const engine = createEngine();
        const outcomes = history.flatMap((request) => deliver(engine, request).filter((_, index) => isEvent(request.messages[index]!)));
        const shown = (tab: 'identified' | 'anonymous'): number => engine.activity({ tab }).filter(isEvent).length;
        const duplicates = outcomes.filter(({ status }) => status === 'duplicate').length;
        expect(shown('identified') + shown('anonymous') + duplicates).toBe(outcomes.length);
      }),
      RUNS,
    );
  });

  it('P5: never takes an event from the person it has joined', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const engine = createEngine();
        let attached: StoredEvent[] = [];
        for (const request of history) {
          deliver(engine, request);
          const now = engine.events().filter(({ person }) => person !== undefined);
          expect(now).toEqual(expect.arrayContaining(attached));
          attached = now;
        }
      }),
      RUNS,
    );
  });

  it('P6: counts in its merges exactly the events that were anonymous before, and names the oldest', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const engine = engineAfter(history);
        const merges = engine.activity().filter(({ type }) => type === 'anon_merge');
        const told = Object.fromEntries(merges.map(({ anonymousId, count, oldest }) => [anonymousId, { count, oldest }]));
        const expected: typeof told = {};
        for (const { anonymousId, occurredAt, previouslyAnonymous } of engine.events()) {
          if (!previouslyAnonymous) continue;
          const { count = 0, oldest = Infinity } = expected[anonymousId!] ?? {};
          expected[anonymousId!] = { count: count + 1, oldest: Math.min(oldest, Math.floor(occurredAt / 1000)) };
        }
        expect(told).toEqual(expected);
      }),
      RUNS,
    );
  });

  it('P7: makes nothing of anonymous events as long as nobody is identified', () => {
    fc.assert(
      fc.property(histories({ messages: anonymousMessages }), (history) => {
        const engine = engineAfter(history);
        const active = engine.events().filter(({ canTrigger, previouslyAnonymous }) => canTrigger || previouslyAnonymous);
        expect({ people: engine.people(), active, identified: engine.activity({ tab: 'identified' }) }).toEqual({
          people: [],
          active: [],
          identified: [],
        });
      }),
      RUNS,
    );
  });

  it('P8: lets an event trigger when it is attached within 72 hours of happening, and only then', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const engine = engineAfter(history);
        const claimedAt = new Map(engine.activity().flatMap(({ type, anonymousId, at }) => (type === 'anon_merge' ? [[anonymousId, at]] : [])));
        for (const event of engine.events()) {
          const attachedAt = event.previouslyAnonymous ? Math.max(claimedAt.get(event.anonymousId)!, event.receivedAt) : event.receivedAt;
          expect(event.canTrigger).toBe(event.person !== undefined && attachedAt - event.occurredAt <= duration('72 h'));
        }
      }),
      RUNS,
    );
  });

  it('P8: holds an event once, so that it cannot trigger a campaign twice', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const keys = engineAfter([...history, ...history])
          .events()
          .map(({ messageId, anonymousId, previouslyAnonymous, person }) => JSON.stringify([messageId, previouslyAnonymous || !person ? anonymousId : person]));
        expect(keys).toHaveLength(new Set(keys).size);
      }),
      RUNS,
    );
  });
});

describe('P14: the edges, to the millisecond, wherever the claim lies', () => {
  const claims = fc.integer({ min: NOON - duration('30 d'), max: NOON + duration('30 d') });
  const nearby = fc.integer({ min: -2, max: 2 });

  it('an event joins when it happened up to 30 days before the claim', () => {
    fc.assert(
      fc.property(claims, nearby, (claimAt, past) => {
        const happened = claimAt - duration('30 d') - past;
        expect(onlyEvent({ claimAt, happened, receivedAt: claimAt - 1000 }).person).toBe(past <= 0 ? 'p' : undefined);
      }),
      RUNS,
    );
  });

  it('an event joins when it arrived up to 5 minutes after the claim', () => {
    fc.assert(
      fc.property(claims, nearby, (claimAt, past) => {
        const receivedAt = claimAt + duration('5 min') + past;
        expect(onlyEvent({ claimAt, happened: claimAt, receivedAt }).person).toBe(past <= 0 ? 'p' : undefined);
      }),
      RUNS,
    );
  });

  it('an event triggers when it happened up to 72 hours before it joined', () => {
    fc.assert(
      fc.property(claims, nearby, fc.constantFrom(0, duration('3 min')), (claimAt, past, late) => {
        const receivedAt = claimAt + late;
        expect(onlyEvent({ claimAt, happened: receivedAt - duration('72 h') - past, receivedAt }).canTrigger).toBe(past <= 0);
      }),
      RUNS,
    );
  });

  function onlyEvent({ claimAt, happened, receivedAt }: { claimAt: number; happened: number; receivedAt: number }): StoredEvent {
    const engine = createEngine();
    engine.receive({ type: 'identify', userId: 'p', anonymousId: 'a' }, { receivedAt: claimAt });
    engine.receive({ type: 'track', event: 'e', anonymousId: 'a', timestamp: new Date(happened).toISOString() }, { receivedAt });
    return engine.events()[0]!;
  }
});

describe('engine.receive', () => {
  it('answers for each message and never throws, whatever the messages are', () => {
    const engine: Engine = createEngine();
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.anything(), nearlyMessages)), (values) => {
        const outcomes: Outcome[] = engine.receive(values as Message[], { receivedAt: NOON });
        expect(outcomes).toHaveLength(values.length);
      }),
      RUNS,
    );
  });

  const scraps = fc.oneof(fc.constantFrom('track', 'identify', 'page', 'alias', 'group', 'a', '', null, undefined), fc.anything());
  const nearlyMessages = fc.dictionary(
    fc.constantFrom('type', 'messageId', 'userId', 'anonymousId', 'event', 'traits', 'timestamp', 'previousId', 'groupId', '__proto__'),
    scraps,
  );
});

function isEvent({ type }: Message | Activity): boolean {
  return type === 'track' || type === 'event' || type === 'page' || type === 'screen';
}

function sorted(events: (StoredEvent & { holder: string })[]): (StoredEvent & { holder: string })[] {
  return events.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
