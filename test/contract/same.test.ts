import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryLedger, type Administration, type TriggerQueue, type WholeLedger } from '../../src/ledger/index.js';
import { postgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import type { AcceptedMessage } from '../../src/wire/index.js';
import { walk } from './ledger.js';
import { DAY, HOUR, iso, MINUTE, NOON, SECOND } from './messages.js';
import { seedInCi } from '../simulation/histories.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const server = postgresServer();
const PEOPLE = ['ada', 'bob', 'email:eve@example.com', 'eve@example.com'];
const VISITORS = ['v', 'w', 'x', '', ' ', 'null'];

/** Few ids and few moments, so that histories are full of collisions and of boundaries. */
const messageId = fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8');
const anonymousId = fc.constantFrom(...VISITORS);
const person = fc.constantFrom('ada', 'bob', 'eve@example.com');
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
  fc.record({ type: fc.constant('identify'), messageId, anonymousId, userId: person, traits: fc.record({ email: fc.constantFrom('Eve@example.com', 'ada@example.com'), plan: fc.constantFrom('', 'x') }) }),
  fc.record({ type: fc.constant('identify'), messageId, anonymousId, userId: fc.constantFrom('ada', 'cio_bob', 'cio_eve'), traits: fc.record({ _update: fc.boolean() }) }),
) as fc.Arbitrary<AcceptedMessage>;

const id = fc.constantFrom(...PEOPLE, 'cio_ada', 'Ada@Example.com', 'email:Eve@Example.com');
const command = fc.oneof(
  fc.tuple(fc.constant('mergePeople' as const), id, id),
  fc.tuple(fc.constant('undoMerge' as const), fc.constantFrom('v', 'w', 'x')),
  fc.tuple(fc.constantFrom('deletePerson' as const, 'suppress' as const, 'unsuppress' as const), id),
  fc.tuple(fc.constant('changeSettings' as const), fc.record({ anonymousEventMerge: fc.boolean() })),
  fc.tuple(fc.constant('purge' as const), fc.constantFrom(0, DAY, 29 * DAY, 30 * DAY, 30 * DAY + 1, 30 * DAY + HOUR, 40 * DAY)),
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

const timing = {
  /** Since the append before; clocks run backwards, too. */
  elapsed: fc.constantFrom(0, 0, 1, SECOND, 5 * MINUTE, 5 * MINUTE + 1, HOUR, -HOUR, 16 * DAY),
  /** How far the sender's clock is off, if it says when it sent. */
  skew: fc.constantFrom(undefined, 0, HOUR),
};
const append = fc.record({
  ...timing,
  messages: fc.array(message, { minLength: 1, maxLength: 5 }),
  /** What an administrator does behind it. */
  commands: fc.oneof({ weight: 2, arbitrary: fc.constant<Command[]>([]) }, fc.array(command, { maxLength: 2 })),
});
const CAMPAIGNS = [{ name: 'on a', event: 'a' }, { name: 'on named', event: 'named' }, { name: 'on every a', event: 'a' }];
const SEGMENTS = [{ name: 'twice a', event: 'a', atLeast: 2, withinDays: 30 }, { name: 'with a plan', traits: { plan: { exists: true } } }, { name: 'last seen as v', traits: { anonymous_id: 'v' } }];
const OPTIONS = { campaigns: CAMPAIGNS, segments: SEGMENTS };
const RUNS = { numRuns: Number(process.env['SIMULATION_RUNS'] ?? 500), ...seedInCi() };
const SLOW_MS = 1_200_000;

describe('every ledger', () => {
  it.each([
    ['SQLite', async () => sqliteLedger({ file: join(makeFolder(), 'hitherto.db'), ...OPTIONS })],
    ['Postgres', async () => postgresLedger({ url: await server.newUrl(), ...OPTIONS })],
  ])(
    'comes to what memory comes to, whatever the history: %s',
    async (_, open) => {
      const same = async (appends: Append[]): Promise<void> => {
        const ledgers = [memoryLedger(OPTIONS), await open()];
        const [expected, found] = await Promise.all(ledgers.map((ledger) => story(ledger, structuredClone(appends))));
        await Promise.all(ledgers.map((ledger) => ledger.close()));
        expect(found).toEqual(expected);
      };
      await fc.assert(fc.asyncProperty(fc.array(append, { minLength: 1, maxLength: 8 }), same), RUNS);
    },
    SLOW_MS,
  );
});

interface Append {
  messages: AcceptedMessage[];
  elapsed: number;
  skew: number | undefined;
  commands: Command[];
}


/** Everything that a ledger answers to a history. */
async function story(ledger: WholeLedger, appends: Append[]) {
  let at = NOON;
  const outcomes = [];
  for (const { messages, elapsed, skew, commands } of appends) {
    at += elapsed;
    outcomes.push(await ledger.append(messages, { receivedAt: at, ...(skew !== undefined && { sentAt: iso(at + skew) }) }));
    outcomes.push(await deliver(ledger.triggers, at));
    for (const command of commands) outcomes.push(await run(ledger.administration, command, at), await deliver(ledger.triggers, at));
  }
  const filters = [{}, { tab: 'identified' as const }, { tab: 'anonymous' as const }, ...PEOPLE.map((id) => ({ person: id }))];
  return {
    outcomes,
    activity: await Promise.all(filters.map((filter) => walk(ledger, 3, filter))),
    people: await Promise.all(PEOPLE.map((id) => ledger.person(id))),
    explanations: await Promise.all(['1', '2', '3'].map((messageId) => ledger.administration.explain(messageId, undefined, at + DAY))),
    previews: await Promise.all(['ada', 'cio_bob', 'Eve@example.com'].map((id) => ledger.administration.preview(id, 'v', at + DAY))),
    segments: await Promise.all(SEGMENTS.map(({ name }) => ledger.administration.segment(name, at + DAY))),
  };
}

/** What has come out since the last time. */
async function deliver(triggers: TriggerQueue, now: number): Promise<unknown> {
  const taken = await triggers.take('me', { limit: 100, now, leaseMs: MINUTE });
  await triggers.delivered(taken!, now);
  return taken;
}

async function run(admin: Administration, command: Command, at: number): Promise<unknown> {
  if (command[0] !== 'purge') {
    const [name, ...parameters] = command;
    return (admin[name] as (...parameters: unknown[]) => Promise<unknown>)(...parameters, at);
  }
  const [, later] = command;
  // One ledger does it in one step, another in several.
  let deleted = 0;
  for (;;) {
    const step = await admin.purge(at + later, 2);
    deleted += step.deleted;
    if (step.isDone) return deleted;
  }
}
