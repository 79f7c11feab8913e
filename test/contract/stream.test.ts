import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector } from '../../src/collector/index.js';
import { memoryLedger, type Ledger } from '../../src/ledger/index.js';
import { openPostgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import type { Activity } from '../../src/wire/index.js';
import { nameOf } from './ledger.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const server = postgresServer();
const HOST = 'http://127.0.0.1:4321';
const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function collect(ledger: Ledger): Collector {
  const collector = createCollector({ ledger, writeKeys: ['WK'], adminToken: 'ADMIN' });
  open.push(() => collector.close());
  return collector;
}

const send = (collector: Collector, ...batch: object[]) => collector.fetch(new Request(`${HOST}/v1/b`, { method: 'POST', body: JSON.stringify({ writeKey: 'WK', batch }) }));
const track = (event: string) => ({ type: 'track', event, anonymousId: 'v', messageId: event });

/** Listens, as a page does that reads with fetch. */
async function listen(collector: Collector, lastEventId?: string) {
  const headers = { Authorization: 'Bearer ADMIN', ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }) };
  const response = await collector.fetch(new Request(`${HOST}/api/stream`, { headers }));
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  open.push(() => reader.cancel());
  let text = '';
  let lastId = lastEventId;
  /** The next so many lines of the log. */
  async function next(count: number): Promise<string[]> {
    const names: string[] = [];
    while (names.length < count) {
      const end = text.indexOf('\n\n');
      if (end < 0) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`The stream ended behind ${names.join(', ')}.`);
        text += value;
        continue;
      }
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const [, id] = /^id: (.*)$/m.exec(block) ?? [];
      const [, data] = /^data: (.*)$/m.exec(block) ?? [];
      if (id === undefined || data === undefined) continue;
      lastId = id;
      names.push(nameOf(JSON.parse(data) as Activity));
    }
    return names;
  }
  return { response, next, lastId: () => lastId };
}

const LEDGERS: [string, () => Promise<[Ledger, Ledger]>][] = [
  // One memory cannot be shared: both are the same.
  ['memory', async () => { const ledger = memoryLedger(); return [ledger, ledger]; }],
  ['SQLite', async () => { const file = join(makeFolder(), 'hitherto.db'); return [sqliteLedger({ file }), sqliteLedger({ file })]; }],
  ['Postgres', async () => { const url = await server.newUrl(); return [await openPostgresLedger({ url }), await openPostgresLedger({ url })]; }],
];

describe.each(LEDGERS)('the stream on %s', (_, openTwo) => {
  it('gives what comes in from now on, oldest first, and nothing that was there', async () => {
    const [ledger] = await openTwo();
    const collector = collect(ledger);
    await send(collector, track('before'));
    const { response, next } = await listen(collector);
    expect(response.headers.get('Content-Type')).toMatch('text/event-stream');
    await send(collector, track('one'), { type: 'identify', userId: 'ada', anonymousId: 'v', messageId: 'i' });
    await send(collector, track('two'));
    expect(await next(4)).toEqual(['one', 'identify', 'anon_merge v', 'two']);
  });

  it('goes on behind the line that was seen last, without a gap and without a repeat', async () => {
    const [ledger] = await openTwo();
    const collector = collect(ledger);
    const first = await listen(collector);
    await send(collector, track('one'));
    expect(await first.next(1)).toEqual(['one']);
    await send(collector, track('two'));
    await send(collector, track('three'));
    const again = await listen(collector, first.lastId());
    expect(await again.next(2)).toEqual(['two', 'three']);
  });

  it('gives what another collector on the same data took in', async () => {
    const [ledger, other] = await openTwo();
    const { next } = await listen(collect(ledger));
    await send(collect(other), track('elsewhere'));
    expect(await next(1)).toEqual(['elsewhere']);
  });
});

describe('the stream', () => {
  it('is for whoever has the admin token', async () => {
    const collector = collect(memoryLedger());
    expect((await collector.fetch(new Request(`${HOST}/api/stream`))).status).toBe(401);
  });

  it('says what is wrong with an id that is not its own', async () => {
    const collector = collect(memoryLedger());
    const response = await collector.fetch(new Request(`${HOST}/api/stream`, { headers: { Authorization: 'Bearer ADMIN', 'Last-Event-ID': 'nonsense' } }));
    expect([response.status, await response.json()]).toEqual([400, { code: 'bad_cursor', message: expect.stringContaining('Last-Event-ID') }]);
  });

  it('does not grow without end for whoever does not read', async () => {
    const collector = collect(memoryLedger());
    const reader = (await collector.fetch(new Request(`${HOST}/api/stream`, { headers: { Authorization: 'Bearer ADMIN' } }))).body!.getReader();
    open.push(() => reader.cancel());
    const watcher = await listen(collector);
    const names = Array.from({ length: 3000 }, (_, index) => `e${index}`);
    for (let i = 0; i < names.length; i += 300) {
      await send(collector, ...names.slice(i, i + 300).map(track));
      await watcher.next(300);
    }
    let chunks = 0;
    // What waits is what was put there before it was full: reading never has to wait for it.
    for (let isWaiting = true; isWaiting; ) {
      const read = await Promise.race([reader.read().then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
      if (read) chunks++;
      else isWaiting = false;
    }
    expect(chunks).toBeLessThan(2100);
  });
});
