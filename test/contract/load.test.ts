import { connect, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createCollector } from '../../src/collector/index.js';
import { postgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger, type WholeLedger } from '../../src/ledger/sqlite.js';
import type * as Sqlite from '../../src/ledger/sqlite.js';
import type { AcceptedMessage } from '../../src/wire/index.js';
import { isAcknowledged, startCollector, type CollectorProcess } from './collector-process.js';
import { HOUR, NOON, track } from './messages.js';
import { faultsIn, startPaced } from './paced.js';
import { postgresServer } from './postgres-server.js';
import { storedIn } from './stored.js';
import { temporaryFolders } from './temporary.js';

// What is shipped is what is tested: `npm run build` comes first. `LOAD_SECONDS=60` is the whole proof; it takes several minutes.

const SECONDS = Number(process.env['LOAD_SECONDS'] ?? 8);
const MESSAGES_PER_SECOND = 2000;
const KILL_EVERY_MS = 1500;
const SLOW = { timeout: 120_000 + 10_000 * SECONDS };
const NO_LIMIT = ['--rate-limit', '0'];
const NOTHING_WRONG = { lost: [], doubled: [], strange: [] };

const { openSqliteLedger } = (await import(resolve('dist/ledger/sqlite.js'))) as typeof Sqlite;
const makeFolder = temporaryFolders();
const started: CollectorProcess[] = [];
afterEach(async () => {
  for (const collector of started.splice(0)) await collector.kill();
});

function start(data: string, options: string[] = []): CollectorProcess {
  const collector = startCollector(data, undefined, undefined, [...NO_LIMIT, ...options]);
  started.push(collector);
  return collector;
}

async function sendTo(collector: CollectorProcess, batch: AcceptedMessage[]): Promise<boolean> {
  return isAcknowledged(await collector.post(batch), batch);
}

describe(`a collector under ${MESSAGES_PER_SECOND} events a second`, () => {
  it(`has what it acknowledged, once, though it is killed again and again for ${SECONDS} s`, SLOW, async () => {
    const data = makeFolder();
    let collector = start(data);
    let kills = 0;
    await collector.home;
    const load = startPaced({ clients: 20, messagesPerSecond: MESSAGES_PER_SECOND, seconds: SECONDS }, (batch) => sendTo(collector, batch));
    const end = Date.now() + SECONDS * 1000;
    while (Date.now() < end) {
      await after(KILL_EVERY_MS);
      const killed = collector.kill();
      collector = start(data);
      expect(await killed).toMatchObject({ signal: 'SIGKILL' });
      await collector.home;
      kills++;
    }
    await load.done;
    await collector.kill();
    const { integrity, messageIds } = storedIn(data);
    expect(integrity).toBe('ok');
    expect(faultsIn(load.sent, messageIds)).toEqual(NOTHING_WRONG);
    expect(load.sent.size).toBe(MESSAGES_PER_SECOND * SECONDS);
    expect(kills).toBeGreaterThan(1);
  });

  it('answers others while some read as slowly as they can', SLOW, async () => {
    const data = makeFolder();
    const collector = start(data);
    // More than the sockets on the way hold: the collector has to keep the rest, or to wait with reading it.
    const first = Array.from({ length: 1000 }, () => track('seen', { anonymousId: 'v', properties: { text: 'x'.repeat(2000) } }));
    for (let at = 0; at < first.length; at += 100) expect(await sendTo(collector, first.slice(at, at + 100))).toBe(true);
    const home = new URL(await collector.home);
    const paths = ['/api/activity?limit=1000', '/api/export'];
    const readers = await Promise.all(Array.from({ length: 40 }, (_, index) => slowReader(home, paths[index % 2]!)));
    const load = startPaced({ clients: 10, messagesPerSecond: MESSAGES_PER_SECOND, seconds: Math.min(SECONDS, 10) }, (batch) => sendTo(collector, batch));
    await load.done;
    // Whoever is slow gets all of it in the end.
    for (const reader of readers) expect(await reader.rest()).toContain('seen');
    await collector.kill();
    const sent = new Map([...load.sent, ...first.map(({ messageId }) => [messageId, true] as const)]);
    expect(faultsIn(sent, storedIn(data).messageIds)).toEqual(NOTHING_WRONG);
  });
});

/** Asks, and takes no more of the answer than its beginning until it is told to. */
async function slowReader({ hostname, port }: URL, path: string): Promise<{ rest(): Promise<string> }> {
  const socket: Socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer test-token\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve, reject) => {
    socket.once('readable', resolve).once('error', reject);
  });
  return {
    async rest() {
      let text = '';
      for await (const data of socket) text += String(data);
      return text;
    },
  };
}

describe('32 clients that send the same batch at once', () => {
  const server = postgresServer();

  it.each<[string, () => Promise<WholeLedger[]>]>([
    [
      'to three collectors on one SQLite file',
      async () => {
        const file = join(makeFolder(), 'hitherto.db');
        return [sqliteLedger({ file }), sqliteLedger({ file }), await openSqliteLedger({ file })];
      },
    ],
    [
      'to three collectors on one Postgres',
      async () => {
        const url = await server.newUrl();
        return [postgresLedger({ url }), postgresLedger({ url }), postgresLedger({ url })];
      },
    ],
  ])('are all told that it is stored, and it is stored once: %s', SLOW, async (_, open) => {
    const ledgers = await open();
    const collectors = ledgers.map((ledger) => createCollector({ ledger, writeKeys: ['demo'] }));
    for (let round = 0; round < 5; round++) {
      const batch = Array.from({ length: 20 }, (_, index) => track(`e${index}`, { anonymousId: `v${index % 3}` }));
      const body = JSON.stringify({ writeKey: 'demo', batch });
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, client) => collectors[client % 3]!.fetch(new Request('http://localhost/v1/b', { method: 'POST', body }))),
      );
      for (const answer of answers) expect(await isAcknowledged(answer, batch)).toBe(true);
      const lines = (await ledgers[round % 3]!.activity({ limit: 1000 })).items;
      const sent = new Set(batch.map(({ messageId }) => messageId));
      expect(lines.filter(({ messageId }) => sent.has(messageId!))).toHaveLength(batch.length);
    }
    for (const collector of collectors) await collector.close();
  });
});

describe('a collector whose clock is set back under load', () => {
  it('has what it acknowledged, once, in the order in which it came', SLOW, async () => {
    const ledger = await openSqliteLedger({ file: join(makeFolder(), 'hitherto.db') });
    let requests = 0;
    // An hour on, then an hour back, and so on.
    const now = (): number => NOON + (++requests % 20 < 10 ? HOUR : 0) + requests;
    const collector = createCollector({ ledger, writeKeys: ['demo'], now });
    const load = startPaced({ clients: 8, messagesPerSecond: 500, seconds: 2 }, async (batch) =>
      isAcknowledged(await collector.fetch(new Request('http://localhost/v1/b', { method: 'POST', body: JSON.stringify({ writeKey: 'demo', batch }) })), batch),
    );
    await load.done;
    const lines = (await ledger.activity({ limit: 10_000 })).items;
    expect(faultsIn(load.sent, lines.map(({ messageId }) => messageId!))).toEqual(NOTHING_WRONG);
    const times = lines.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(requests).toBeGreaterThan(20);
    await collector.close();
  });
});

// Somebody else's server is not stopped.
describe.skipIf(process.env['DATABASE_URL'] !== undefined)('two collectors whose Postgres is stopped and started in the midst of commits', () => {
  const server = postgresServer();

  it('have what they acknowledged, once', SLOW, async () => {
    const url = await server.newUrl();
    const collectors = [start(makeFolder(), ['--database', url]), start(makeFolder(), ['--database', url])];
    await Promise.all(collectors.map(({ home }) => home));
    // Now and then a client sends to the other collector what the one before may have stored.
    let posts = 0;
    const seconds = Math.min(SECONDS, 20);
    const load = startPaced({ clients: 10, messagesPerSecond: 500, seconds }, (batch, client) => sendTo(collectors[(client + (++posts % 7 === 0 ? 1 : 0)) % 2]!, batch));
    for (let stop = 0; stop < 3; stop++) {
      await acknowledged(load.sent, 200);
      await server.stop();
      await server.startAgain();
    }
    await load.done;
    const stored: string[] = [];
    const ledger = postgresLedger({ url });
    for (let after: string | undefined; ; ) {
      const { items, next } = await ledger.messages({ limit: 5000, ...(after !== undefined && { after }) });
      stored.push(...items.map(({ messageId }) => messageId));
      if (next === null) break;
      after = next;
    }
    await ledger.close();
    expect(faultsIn(load.sent, stored)).toEqual(NOTHING_WRONG);
    expect(load.sent.size).toBe(500 * seconds);
  });
});

/** Waits until so many more were acknowledged: whatever comes next finds commits on their way. */
async function acknowledged(sent: Map<string, boolean>, count: number): Promise<void> {
  const taken = (): number => [...sent.values()].filter(Boolean).length;
  for (const until = taken() + count; taken() < until; ) await after(10);
}
