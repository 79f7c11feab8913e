import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector } from '../../src/collector/index.js';
import { memoryLedger, type LedgerOptions, type WholeLedger } from '../../src/ledger/index.js';
import { openPostgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import type { Standing, Stats } from '../../src/wire/index.js';
import { DAY, HOUR, identify, iso, MINUTE, NOON, SECOND, track } from './messages.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const server = postgresServer();
const OPTIONS: LedgerOptions = {
  segments: [
    { name: 'buyers', event: 'bought' },
    { name: 'looked lately', event: 'looked', withinDays: 7 },
    { name: 'regulars', event: 'bought', atLeast: 2 },
  ],
  campaigns: [
    { name: 'thanks', event: 'bought' },
    { name: 'a\tb', event: 'bought' },
  ],
};

describe.each<[string, () => Promise<WholeLedger>]>([
  ['memory', async () => memoryLedger(OPTIONS)],
  ['SQLite', async () => sqliteLedger({ file: join(makeFolder(), 'hitherto.db'), ...OPTIONS })],
  ['Postgres', async () => openPostgresLedger({ url: await server.newUrl(), ...OPTIONS })],
])('over a ledger in %s', (_, open) => {
  let ledger: WholeLedger;
  let collector: Collector;
  let time: number;
  beforeEach(async () => {
    time = NOON;
    ledger = await open();
    collector = createCollector({ ledger, writeKeys: ['WK'], adminToken: 'ADMIN', now: () => time });
  });
  // It closes its ledger as well.
  afterEach(() => collector.close());

  const append = (at: number, ...messages: ReturnType<typeof track>[]) => ledger.append(messages, { receivedAt: at });
  const ask = (path: string) => collector.fetch(new Request(`http://127.0.0.1/api/${path}`, { headers: { Authorization: 'Bearer ADMIN' } }));

  describe("a person's standing", () => {
    const standing = async (id = 'ada') => (await (await ask(`people/${encodeURIComponent(id)}/standing`)).json()) as Standing;
    const segments = async (id?: string) => (await standing(id)).segments;

    it('has the segments that they are in at that moment, in the order of their definition', async () => {
      await append(NOON, track('looked', { userId: 'ada' }), track('bought', { userId: 'ada' }), track('bought', { userId: 'bob' }));
      expect(await segments()).toEqual(['buyers', 'looked lately']);
      expect(await segments('bob')).toEqual(['buyers']);
      time = NOON + 7 * DAY;
      expect(await segments()).toEqual(['buyers', 'looked lately']);
      time++;
      expect(await segments()).toEqual(['buyers']);
    });

    it('has what came with a merge, and no longer when that is undone', async () => {
      await append(NOON, track('looked', { anonymousId: 'v' }), track('bought', { anonymousId: 'v' }), track('bought', { userId: 'ada' }));
      expect(await segments()).toEqual(['buyers']);
      await append(NOON + MINUTE, identify('ada', { anonymousId: 'v' }));
      time = NOON + HOUR;
      expect(await segments()).toEqual(['buyers', 'looked lately', 'regulars']);
      await ledger.administration.undoMerge('v', time);
      time += MINUTE;
      expect(await segments()).toEqual(['buyers']);
    });

    it('is that of both who became one, by either name', async () => {
      await append(NOON, track('bought', { userId: 'ada' }), track('bought', { userId: 'countess' }), track('looked', { userId: 'countess' }));
      await ledger.administration.mergePeople('ada', 'countess', NOON + MINUTE);
      time = NOON + HOUR;
      expect(await segments()).toEqual(['buyers', 'looked lately', 'regulars']);
      expect(await standing('countess')).toEqual(await standing());
      expect((await standing()).triggers).toHaveLength(4);
    });

    it('has the campaigns that they started, by the name that each was given, newest first', async () => {
      await append(NOON, track('bought', { userId: 'ada', messageId: 'm2' }), track('bought', { userId: 'ada', messageId: 'm1' }));
      await append(NOON + MINUTE, track('bought', { userId: 'ada', messageId: 'm3', timestamp: iso(NOON + MINUTE) }));
      expect((await standing()).triggers.map(({ messageId, campaign }) => `${messageId} ${campaign}`)).toEqual([
        'm3 a\tb',
        'm3 thanks',
        'm1 a\tb',
        'm1 thanks',
        'm2 a\tb',
        'm2 thanks',
      ]);
    });

    it('is nobody\'s who is not known, or who was erased', async () => {
      await append(NOON, track('bought', { userId: 'ada' }));
      expect((await ask('people/bob/standing')).status).toBe(404);
      await ledger.administration.deletePerson('ada', NOON + MINUTE);
      expect((await ask('people/ada/standing')).status).toBe(404);
    });
  });

  describe('GET /api/stats', () => {
    const stats = async (since: number, step: number) => (await (await ask(`stats?since=${since}&step=${step}`)).json()) as Stats;
    const counted = async (since: number, step: number) => (await stats(since, step)).items.map(({ at, events, merges }) => [(at - NOON) / MINUTE, events, merges]);

    it('counts in each step what was received from its beginning on until before its end', async () => {
      await append(NOON, track('one', { anonymousId: 'v' }));
      await append(NOON + MINUTE - 1, track('two', { anonymousId: 'v' }));
      await append(NOON + MINUTE, track('three', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }));
      time = NOON + 2 * MINUTE + 1;
      expect(await counted(NOON, MINUTE)).toEqual([
        [0, 2, 0],
        [1, 1, 1],
        [2, 0, 0],
      ]);
      expect((await stats(NOON, MINUTE)).step).toBe(MINUTE);
    });

    it('counts the step under way, and what came in late into one that has just ended, when it is asked again', async () => {
      await append(NOON, track('one', { anonymousId: 'v' }));
      time = NOON + MINUTE + 5 * SECOND;
      expect(await counted(NOON, MINUTE)).toEqual([[0, 1, 0], [1, 0, 0]]);
      await append(NOON + 30 * SECOND, track('late', { anonymousId: 'v' }));
      await append(NOON + MINUTE, track('two', { anonymousId: 'v' }));
      expect(await counted(NOON, MINUTE)).toEqual([[0, 2, 0], [1, 1, 0]]);
    });

    it('has up to 400 steps, of a second or more', async () => {
      time = NOON + 400 * SECOND;
      expect((await stats(NOON, SECOND)).items).toHaveLength(400);
      for (const query of [`since=${NOON - 1}&step=1000`, `since=${NOON + SECOND}&step=999`, `since=${time}&step=1000`, `since=${NOON}.5&step=5000`, `since=${NOON}&step=2000.5`, 'since=yesterday&step=1000', `since=${NOON}`, '']) {
        const response = await ask(`stats?${query}`);
        expect({ query, status: response.status, code: ((await response.json()) as { code: string }).code }).toEqual({ query, status: 400, code: 'bad_stats' });
      }
    });
  });
});
