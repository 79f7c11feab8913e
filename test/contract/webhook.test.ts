import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCollector, type Collector, type CollectorOptions, type LogEntry } from '../../src/collector/index.js';
import { memoryLedger, type Ledger } from '../../src/ledger/index.js';
import { openPostgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import type { AcceptedMessage } from '../../src/wire/index.js';
import { DAY, HOUR, identify, iso, MINUTE, track } from './messages.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';
import { SECRET, webhookReceiver, type WebhookReceiver } from './webhook-receiver.js';

const makeFolder = temporaryFolders();
const server = postgresServer();
const OPTIONS = { campaigns: [{ name: 'basket', event: 'added' }, { name: 'dear basket', event: 'added', where: { price: { gt: 100 } } }] };

/** Places that several collectors may share, one after the other or at once. */
const PLACES: [string, () => Promise<() => Promise<Ledger>>][] = [
  [
    'SQLite',
    async () => {
      const file = join(makeFolder(), 'hitherto.db');
      return async () => sqliteLedger({ file, ...OPTIONS });
    },
  ],
  [
    'Postgres',
    async () => {
      const url = await server.newUrl();
      return () => openPostgresLedger({ url, ...OPTIONS });
    },
  ],
];

let receiver: WebhookReceiver;
const collectors: Collector[] = [];
beforeEach(async () => {
  receiver = await webhookReceiver();
});
afterEach(async () => {
  await Promise.all(collectors.splice(0).map((collector) => collector.close()));
  await receiver.close();
});

function collectorOver(ledger: Ledger, options: Partial<CollectorOptions> = {}): Collector {
  const collector = createCollector({ ledger, writeKeys: ['WK'], webhook: { url: receiver.url, secret: SECRET }, ...options });
  collectors.push(collector);
  return collector;
}

function send(collector: Collector, ...batch: AcceptedMessage[]): Promise<Response> {
  return collector.fetch(new Request('http://127.0.0.1/v1/b', { method: 'POST', body: JSON.stringify({ writeKey: 'WK', batch }) }));
}

const now = Date.now();
const added = (fields: Partial<AcceptedMessage>) => track('added', { timestamp: iso(now), ...fields });
const login = (person: string, anonymousId: string) => identify(person, { anonymousId, timestamp: iso(now) });
const told = () => receiver.taken.map(({ data }) => `${data.campaign}: ${data.person} ${data.messageId}`);

describe('a webhook', () => {
  it('is told what campaigns start, in order, once each, and not before it is somebody who did it', async () => {
    const collector = collectorOver(memoryLedger(OPTIONS));
    await send(collector, added({ messageId: 'second', anonymousId: 'v', timestamp: iso(now - HOUR), properties: { price: 300 } }));
    await send(collector, added({ messageId: 'first', anonymousId: 'v', timestamp: iso(now - 2 * HOUR) }));
    await send(collector, added({ messageId: 'too old', anonymousId: 'v', timestamp: iso(now - 4 * DAY) }), track('seen', { anonymousId: 'v' }));
    await send(collector, added({ messageId: 'named', userId: 'bob' }));
    await vi.waitFor(() => expect(told()).toEqual(['basket: bob named']));

    await send(collector, login('ada', 'v'), login('ada', 'v'), added({ messageId: 'named', userId: 'bob' }));
    await vi.waitFor(() => expect(told()).toHaveLength(4));
    await send(collector, added({ messageId: 'last', userId: 'bob' }));
    await vi.waitFor(() => expect(told()).toEqual(['basket: bob named', 'basket: ada first', 'basket: ada second', 'dear basket: ada second', 'basket: bob last']));
    expect(receiver.asked).toHaveLength(5);
  });

  it('is told the event with it', async () => {
    const collector = collectorOver(memoryLedger(OPTIONS));
    await send(collector, added({ messageId: 'm', anonymousId: 'v', userId: 'ada', properties: { price: 5 }, context: { page: { path: '/shop' } } }));
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(1));
    const { type, timestamp, data } = receiver.taken[0]!;
    expect(type).toBe('campaign.triggered');
    expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(MINUTE);
    expect(data).toEqual({
      campaign: 'basket',
      person: 'ada',
      messageId: 'm',
      event: 'added',
      occurredAt: iso(now),
      anonymousId: 'v',
      properties: { price: 5 },
      context: { page: { path: '/shop' } },
    });
  });

  it.each([500, 503, 429, 404, 401, 302])('that answers %i gets the same again, and nothing behind it until then', async (status) => {
    const entries: LogEntry[] = [];
    let refusals = 0;
    receiver.answer(() => (++refusals <= 1 ? status : 200));
    const collector = collectorOver(memoryLedger(OPTIONS), { log: (entry) => entries.push(entry) });
    await send(collector, added({ messageId: 'one', userId: 'ada' }), added({ messageId: 'two', userId: 'ada' }));
    await vi.waitFor(() => expect(told()).toEqual(['basket: ada one', 'basket: ada two']), { timeout: 10_000 });
    expect(receiver.asked[0]).toBe(receiver.asked[1]);
    expect(new Set(receiver.asked).size).toBe(2);
    expect(entries).toEqual([
      { level: 'error', code: 'triggers_waiting', message: `The webhook does not take triggers: it answers ${status}. They are kept, and it is tried again.`, error: undefined },
    ]);
  });

  it('that refuses one for good is told the others', async () => {
    const entries: LogEntry[] = [];
    receiver.answer(({ data }) => (data.messageId === 'one' ? 422 : 200));
    const collector = collectorOver(memoryLedger(OPTIONS), { log: (entry) => entries.push(entry) });
    await send(collector, added({ messageId: 'one', userId: 'ada' }), added({ messageId: 'two', userId: 'ada' }));
    await vi.waitFor(() => expect(told()).toEqual(['basket: ada two']));
    expect(receiver.asked).toHaveLength(2);
    expect(entries).toMatchObject([{ code: 'trigger_refused', message: 'The webhook refuses what message one started in basket: it answers 422. It is not sent again.' }]);
  });

  it('that cannot be reached is said so, and its secret is not', async () => {
    const entries: LogEntry[] = [];
    const { url } = receiver;
    await receiver.close();
    const collector = collectorOver(memoryLedger(OPTIONS), { webhook: { url, secret: SECRET }, log: (entry) => entries.push(entry) });
    await send(collector, added({ userId: 'ada' }));
    await vi.waitFor(() => expect(entries).toMatchObject([{ message: 'The webhook does not take triggers: it cannot be reached (ECONNREFUSED). They are kept, and it is tried again.' }]));
    expect(JSON.stringify(entries)).not.toContain(SECRET.slice(6));
  });

  it.each(PLACES)('is told by one of several collectors over %s', async (_, makePlace) => {
    const open = await makePlace();
    const [a, b] = [collectorOver(await open()), collectorOver(await open())];
    const events = Array.from({ length: 40 }, (_, i) => added({ messageId: `e${i}`, userId: 'ada' }));
    await Promise.all(events.map((event, i) => send([a, b][i % 2]!, event)));
    await vi.waitFor(() => expect(told()).toHaveLength(40), { timeout: 20_000 });
    expect(new Set(receiver.asked).size).toBe(40);
    expect(receiver.asked).toHaveLength(40);
  });

  it.each(PLACES)('is told by the next collector over %s what the one before it could not tell', async (_, makePlace) => {
    const open = await makePlace();
    receiver.answer(({ data }) => (data.messageId === 'one' ? 200 : 503));
    const before = collectorOver(await open());
    await send(before, added({ messageId: 'one', userId: 'ada' }), added({ messageId: 'two', userId: 'ada' }), added({ messageId: 'three', userId: 'ada' }));
    await vi.waitFor(() => expect(receiver.asked).toHaveLength(2));
    await before.close();
    receiver.answer(() => 200);
    collectorOver(await open());
    await vi.waitFor(() => expect(told()).toEqual(['basket: ada one', 'basket: ada two', 'basket: ada three']), { timeout: 10_000 });
    expect(receiver.asked).toHaveLength(4);
  });

  it.each([
    [{ url: 'shop.example', secret: SECRET }, /webhook\.url is no address; .*https:\/\//],
    [{ url: 'file:///etc/passwd', secret: SECRET }, /webhook\.url is no address/],
    [{ url: 'https://ada:hunter2@shop.example/hook', secret: SECRET }, /^(?!.*hunter2)webhook\.url has a name or a password in it/],
    [{ url: 'https://shop.example', secret: 'sesame' }, /^(?!.*sesame).*webhook\.secret is "whsec_" and 24 to 64 random bytes/],
    [{ url: 'https://shop.example', secret: 'whsec_c2hvcnQ=' }, /webhook\.secret/],
    [{ url: 'https://shop.example' } as never, /webhook\.secret/],
  ])('%# is told what is wrong with it', (webhook, complaint) => {
    expect(() => createCollector({ ledger: memoryLedger(), writeKeys: ['WK'], webhook })).toThrow(complaint);
  });
});
