import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOrigin, MODES, type Mode, type Origin } from '../../simulation/origin.js';

/** What happens next; `page` is counted around those that live. */
type Step =
  | { kind: 'open'; isKnown: boolean }
  | { kind: 'track'; page: number; calls: number }
  | { kind: 'identify' | 'poison' | 'kill' | 'leave' | 'online' | 'flush'; page: number }
  | { kind: 'collector'; mode: Mode }
  | { kind: 'clock'; byMs: number }
  | { kind: 'wait'; ms: number };

const PAGES_AT_ONCE = 3;
const RUNS = { numRuns: process.env['CI'] ? 1_000 : 200 };
const MINUTE_MS = 60_000;

const page = fc.nat({ max: PAGES_AT_ONCE - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), isKnown: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('track' as const), page, calls: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('identify' as const, 'identify' as const, 'poison' as const, 'online' as const, 'flush' as const), page }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'leave' as const), page }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('collector' as const), mode: fc.constantFrom(...MODES) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clock' as const), byMs: fc.constantFrom(-MINUTE_MS * 60, -5_000, 5_000, MINUTE_MS * 60) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 5, 40, 1_100, 8_000, 31_000, 6 * MINUTE_MS) }) },
);

const steps = fc.array(step, { maxLength: 30, size: 'max' });

async function take(origin: Origin, next: Step): Promise<void> {
  const { pages } = origin;
  if (next.kind === 'open') return pages.length < PAGES_AT_ONCE ? origin.open(next.isKnown) : undefined;
  if (next.kind === 'wait') return origin.pass(next.ms);
  if (next.kind === 'collector') return origin.setMode(next.mode);
  if (next.kind === 'clock') return origin.setClock(next.byMs);
  const one = pages[next.page % pages.length];
  if (!one) return undefined;
  switch (next.kind) {
    case 'track':
      return origin.track(one, next.calls);
    case 'identify':
      return origin.track(one, 1, { isIdentify: true });
    case 'poison':
      return origin.track(one, 1, { isPoison: true });
    case 'flush':
      return void one.connection.flush();
    default:
      return one[next.kind]();
  }
}

/** Plays a history, and then lets one page of the origin live for as long as it takes. */
async function play(steps: Step[], { hasLocks, ending }: { hasLocks: boolean; ending: 'kill' | 'leave' | 'stay' }, judge: (origin: Origin) => void | Promise<void>): Promise<void> {
  const origin = createOrigin({ hasLocks });
  try {
    origin.open(false);
    for (const each of steps) {
      await take(origin, each);
      await origin.tick();
    }
    origin.setMode('ok');
    if (ending !== 'stay') for (const living of origin.pages.slice()) living[ending]();
    if (origin.pages.length === 0 || ending !== 'stay') origin.open(false);
    // Of what needs several requests, each leaves when the database has heard of the one before.
    for (let minute = 0; minute < 60 && (await origin.waiting()).length > 0; minute++) await origin.pass(MINUTE_MS);
    await judge(origin);
  } finally {
    origin.end();
  }
}

describe('whatever becomes of its pages and of its collector', () => {
  it.each([{ hasLocks: true }, { hasLocks: false }])('a browser delivers everything in the end, and keeps nothing: %o', async ({ hasLocks }) => {
    await fc.assert(
      fc.asyncProperty(steps, (history) =>
        play(history, { hasLocks, ending: 'leave' }, async ({ made, arrived, waiting }) => {
          const wanted = made.filter(({ isPoison }) => !isPoison).map(({ id }) => id);
          expect([...new Set(arrived)].toSorted()).toEqual(wanted.toSorted());
          expect(await waiting()).toEqual([]);
        }),
      ),
      RUNS,
    );
  });

  it('no identify comes before what the browser had stored by then, whichever page had tracked it (RULES R17)', async () => {
    // What leaves with its page may overtake a request that is under way; and by a clock that was set back, of two open pages' rows
    // nobody can tell which is older. Either comes soon enough to be joined all the same.
    const stays = steps.map((history) => history.filter(({ kind }) => kind !== 'leave' && kind !== 'clock'));
    await fc.assert(
      fc.asyncProperty(stays, (history) =>
        play(history, { hasLocks: true, ending: 'kill' }, ({ made, arrived }) => {
          for (const { id, behind } of made.filter(({ isIdentify }) => isIdentify)) {
            const before = new Set(arrived.slice(0, arrived.indexOf(id)));
            expect(behind.filter((older) => !older.isPoison && !before.has(older.id))).toEqual([]);
          }
        }),
      ),
      RUNS,
    );
  });

  it('nothing is sent twice by pages that live and hear their answers', async () => {
    const isTame = (each: Step): boolean => !['kill', 'leave', 'identify'].includes(each.kind) && !(each.kind === 'collector' && each.mode === 'lost');
    await fc.assert(
      fc.asyncProperty(
        steps.map((history) => history.filter(isTame)),
        (history) =>
          play(history, { hasLocks: true, ending: 'stay' }, ({ arrived }) => {
            expect(arrived.toSorted()).toEqual([...new Set(arrived)].toSorted());
          }),
      ),
      RUNS,
    );
  });
});
