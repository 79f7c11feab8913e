import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, vi } from 'vitest';
import { startClient, type Client, type ClientError, type ClientOptions } from '../../../src/client/index.js';
import type { JsonObject } from '../../../src/wire/index.js';

/** The messages that arrived in this test. */
export let sent: JsonObject[];
/** What the page's developer was told. */
export let errors: ClientError[];
const clients: Client[] = [];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.spyOn(console, 'error').mockImplementation(() => {});
  localStorage.clear();
  for (const pair of document.cookie.split('; ')) document.cookie = `${pair.split('=')[0]}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT`;
  sent = [];
  errors = [];
  takeMessages();
});

afterEach(async () => {
  // Whatever they still have to write belongs to this test.
  await Promise.all(clients.splice(0).map((client) => client.ready()));
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The collector takes whatever comes; what a client of an earlier test still sends is not this test's. */
export function takeMessages(): void {
  const mine = sent;
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    mine.push(...(JSON.parse(body) as { batch: JsonObject[] }).batch);
    return new Response('{"success":true}');
  });
}

/** A client of a collector. */
export function start(options: ClientOptions = {}): Client {
  const client = startClient({ writeKey: 'KEY', endpoint: 'https://collector.example', flushInterval: 0, onError: (error) => errors.push(error), ...options });
  clients.push(client);
  return client;
}
