import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryLedger, type Ledger } from '../../src/ledger/index.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import type { AcceptedMessage } from '../../src/wire/index.js';
import { walk } from './ledger.js';
import { DAY, HOUR, iso, MINUTE, NOON, SECOND } from './messages.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const PEOPLE = ['ada', 'bob', 'email:eve@example.com'];
const VISITORS = ['v', 'w', 'x', '', ' ', 'null'];

/** Few ids and few moments, so that histories are full of collisions and of boundaries. */
const messageId = fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8');
const anonymousId = fc.constantFrom(...VISITORS);
const person = fc.constantFrom('ada', 'bob');
const age = fc.constantFrom(0, 1, 5 * MINUTE, 72 * HOUR, 72 * HOUR + 1, 30 * DAY - 5 * MINUTE, 30 * DAY, 30 * DAY + 1, -HOUR);
const timestamp = fc.oneof(age.map((ms) => iso(NOON - ms)), fc.constantFrom('soon', undefined as never, NOON / 1000 + 0.0625));

const message = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('track', 'page', 'screen'), messageId, anonymousId, timestamp, event: fc.constantFrom('a', 'b') }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('track'), messageId, anonymousId, userId: person, timestamp, event: fc.constant('named') }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('identify'), messageId, anonymousId, userId: person, timestamp, traits: fc.dictionary(fc.constantFrom('plan', 'name'), fc.integer({ max: 3, min: 0 })) }) },
  fc.record({ type: fc.constant('identify'), messageId, userId: person, traits: fc.record({ anonymous_id: anonymousId }) }),
  fc.record({ type: fc.constant('identify'), messageId, anonymousId, traits: fc.record({ email: fc.constant('Eve@example.com') }) }),
  fc.record({ type: fc.constant('identify'), messageId, anonymousId, traits: fc.record({ plan: fc.constant('anonymous') }) }),
  fc.record({ type: fc.constant('alias'), messageId, anonymousId, userId: person, previousId: anonymousId }),
  fc.record({ type: fc.constant('group'), messageId, anonymousId, groupId: fc.constant('g') }),
) as fc.Arbitrary<AcceptedMessage>;

const append = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 5 }),
  /** Since the append before; clocks run backwards, too. */
  elapsed: fc.constantFrom(0, 1, SECOND, 5 * MINUTE, 5 * MINUTE + 1, HOUR, -HOUR),
  /** How far the sender's clock is off, if it says when it sent. */
  skew: fc.constantFrom(undefined, 0, HOUR),
});

describe('every ledger', () => {
  it('comes to the same result, whatever the history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(append, { minLength: 1, maxLength: 8 }), async (appends) => {
        const ledgers = [memoryLedger(), sqliteLedger({ file: join(makeFolder(), 'hitherto.db') })];
        const [memory, sqlite] = await Promise.all(ledgers.map((ledger) => story(ledger, structuredClone(appends))));
        await Promise.all(ledgers.map((ledger) => ledger.close()));
        expect(sqlite).toEqual(memory);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

interface Append {
  messages: AcceptedMessage[];
  elapsed: number;
  skew: number | undefined;
}

/** Everything that a ledger answers to a history. */
async function story(ledger: Ledger, appends: Append[]) {
  let at = NOON;
  const outcomes = [];
  for (const { messages, elapsed, skew } of appends) {
    at += elapsed;
    outcomes.push(await ledger.append(messages, { receivedAt: at, ...(skew !== undefined && { sentAt: iso(at + skew) }) }));
  }
  const filters = [{}, { tab: 'identified' as const }, { tab: 'anonymous' as const }, ...PEOPLE.map((id) => ({ person: id }))];
  return {
    outcomes,
    activity: await Promise.all(filters.map((filter) => walk(ledger, 3, filter))),
    people: await Promise.all(PEOPLE.map((id) => ledger.person(id))),
  };
}
