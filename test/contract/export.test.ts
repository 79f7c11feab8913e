import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCollector } from '../../src/collector/index.js';
import { memoryLedger, type Ledger, type MessagePage } from '../../src/ledger/index.js';
import { NOON, track } from './messages.js';

const TOKEN = { Authorization: 'Bearer ADMIN' };
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function served(ledger: Ledger): Promise<string> {
  const collector = createCollector({ ledger, writeKeys: ['WK'], secretKeys: ['SECRET'], adminToken: 'ADMIN' });
  const server = createAdaptorServer({ fetch: (request) => collector.fetch(request) }) as Server;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => new Promise((done) => server.close(done).closeAllConnections()), () => collector.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/export`;
}

describe('GET /api/export', () => {
  it('is a message a line, for whoever has the admin token and nobody else', async () => {
    const ledger = memoryLedger();
    await ledger.append([track('a\nb', { messageId: '1', anonymousId: 'v' }), track('c', { messageId: '2', anonymousId: 'v' })], { receivedAt: NOON });
    const url = await served(ledger);
    const response = await fetch(url, { headers: TOKEN });
    expect([response.status, response.headers.get('Content-Type'), response.headers.get('Cache-Control')]).toEqual([200, 'application/x-ndjson; charset=utf-8', 'no-store']);
    expect((await response.text()).trimEnd().split('\n').map((line) => (JSON.parse(line) as { messageId: string }).messageId)).toEqual(['1', '2']);
    for (const key of ['WK', 'SECRET']) expect((await fetch(url, { headers: { Authorization: `Bearer ${key}` } })).status).toBe(401);
  });

  it('is read no faster than it is taken', async () => {
    let pages = 0;
    const items = Array.from({ length: 500 }, (_, i) => ({ ...track('x', { anonymousId: 'v', properties: { text: 'x'.repeat(1000) } }), messageId: String(i), receivedAt: '', occurredAt: '' }));
    const messages = async (): Promise<MessagePage> => (++pages > 400 ? { items: [], next: null } : { items, next: String(pages) });
    const collector = createCollector({ ledger: { ...memoryLedger(), messages }, writeKeys: ['WK'], adminToken: 'ADMIN' });
    closing.push(() => collector.close());
    const response = await collector.fetch(new Request('http://127.0.0.1/api/export', { headers: TOKEN }));
    const reader = response.body!.getReader();
    await reader.read();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    // What is being read, and what waits behind it.
    expect(pages).toBeLessThanOrEqual(3);
    await reader.cancel();
  });

  it('breaks the connection when the ledger fails in the middle, so that a part is not taken for all', async () => {
    const ledger = memoryLedger();
    await ledger.append([track('x', { messageId: '1', anonymousId: 'v' })], { receivedAt: NOON });
    const first = await ledger.messages({ limit: 1 });
    const messages = async ({ after }: { after?: string }): Promise<MessagePage> => {
      if (after === undefined) return first;
      throw new Error('The disk is gone.');
    };
    // The server's library says so besides.
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const response = await fetch(await served({ ...ledger, messages }), { headers: TOKEN });
    await expect(response.text()).rejects.toThrow('terminated');
    said.mockRestore();
  });

  it('says so when the ledger gives nothing out', async () => {
    const { messages: _, ...ledger } = memoryLedger();
    const response = await fetch(await served(ledger), { headers: TOKEN });
    expect([response.status, await response.json()]).toMatchObject([501, { code: 'no_export' }]);
  });
});
