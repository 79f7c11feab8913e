import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
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
  let said = '';
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
        said += value;
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
  return { response, next, lastId: () => lastId, said: () => said };
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
    for (const name of ['long before', 'just before', 'before']) await send(collector, track(name));
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
    for (const name of ['zero', 'one']) await send(collector, track(name));
    expect(await first.next(2)).toEqual(['zero', 'one']);
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

  it('is not kept up for whoever asks for its headers alone', async () => {
    vi.useFakeTimers();
    open.push(() => vi.useRealTimers());
    const collector = collect(memoryLedger());
    const before = vi.getTimerCount();
    const response = await collector.fetch(new Request(`${HOST}/api/stream`, { method: 'HEAD', headers: { Authorization: 'Bearer ADMIN' } }));
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(vi.getTimerCount()).toBe(before);
  });

  it('ends at once for whoever asked for it just before the collector was told to stop', { timeout: 5000 }, async () => {
    const ledger = memoryLedger();
    const collector = collect(ledger);
    const live = ledger.live.bind(ledger);
    let goOn!: () => void;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    vi.spyOn(ledger, 'live').mockImplementationOnce(async (...parameters) => {
      await held;
      return live(...parameters);
    });
    const asked = collector.fetch(new Request(`${HOST}/api/stream`, { headers: { Authorization: 'Bearer ADMIN' } }));
    await vi.waitFor(() => expect(ledger.live).toHaveBeenCalled());
    const closed = collector.close();
    goOn();
    expect(await (await asked).text()).toBe('');
    await closed;
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

  it('tells whoever did not read for a while the rest when they do, although nothing new came, and that there is a gap', async () => {
    const collector = collect(memoryLedger());
    const slow = await listen(collector);
    const quick = await listen(collector);
    const names = Array.from({ length: 4000 }, (_, index) => `e${index}`);
    for (let i = 0; i < names.length; i += 250) {
      await send(collector, ...names.slice(i, i + 250).map(track));
      await quick.next(250);
    }
    let last = '';
    const seen: string[] = [];
    while (last !== 'e3999') seen.push((last = (await slow.next(1))[0]!));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    expect(slow.said()).toContain('event: gap');
    expect(quick.said()).not.toContain('event: gap');
  });

  it('tells a line once that was committed late, and again not to whoever comes back', async () => {
    const line = (name: string, at: number) => ({ cursor: `${at}-1-0`, line: { type: 'event', at, name, messageId: name } as const });
    const [early, seen, next] = [line('late', 1000), line('seen', 1001), line('next', 1002)];
    let log = [seen];
    const stored = (...lines: typeof log) => (log = [...log, ...lines].sort((a, b) => a.line.at - b.line.at));
    const ledger: Ledger = {
      ...memoryLedger(),
      version: async () => JSON.stringify(log),
      live: async (after, { limit, lookBackMs }) => {
        const place = log.findIndex(({ cursor }) => cursor === after);
        return { lines: log.slice(place + 1).slice(-limit), before: lookBackMs > 0 ? log.slice(0, place + 1).map(({ line }) => line) : [], isGap: false };
      },
    };
    const collector = collect(ledger);
    const first = await listen(collector);
    stored(next);
    await send(collector);
    expect(await first.next(1)).toEqual(['next']);
    stored(early);
    expect(await first.next(1)).toEqual(['late']);
    const again = await listen(collector, first.lastId());
    stored(line('newest', 1003));
    expect(await again.next(1)).toEqual(['newest']);
  });
});
