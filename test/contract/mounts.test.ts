import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { createContext, Script } from 'node:vm';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { createCollector } from '../../src/collector/index.js';
import { memoryLedger } from '../../src/ledger/index.js';
import type { ActivityPage } from '../../src/wire/index.js';
import { nameOf } from './ledger.js';

const BATCH = JSON.stringify({
  writeKey: 'demo',
  batch: [
    { type: 'track', event: 'looked', anonymousId: 'v', messageId: 'm1' },
    { type: 'identify', userId: 'ada', anonymousId: 'v', messageId: 'm2' },
  ],
});
const TOKEN = { Authorization: 'Bearer at' };

describe('a worker, where nothing but the standards of the web is', () => {
  /** What every one of them has, and no more: whatever else is asked for is not defined. */
  const GLOBALS = {
    Request, Response, Headers, URL, URLSearchParams, ReadableStream, WritableStream, TransformStream, DecompressionStream, CompressionStream,
    TextEncoder, TextDecoder, AbortController, AbortSignal, Blob, FormData, Event, EventTarget, DOMException,
    crypto, performance, setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask, structuredClone, atob, btoa, fetch, console,
  };

  it('runs the example as it is, with what is published', async () => {
    // A package that is not for it would not be found: nothing is left out of the bundle.
    const { outputFiles } = await build({ entryPoints: [resolve('examples/worker/worker.js')], bundle: true, write: false, format: 'iife', globalName: 'worker', platform: 'browser', logLevel: 'silent' });
    const context = createContext({ ...GLOBALS });
    new Script(`${outputFiles[0]!.text};this.worker = worker.default`).runInContext(context);
    const { worker } = context as { worker: { fetch(request: Request, env?: Record<string, string>): Promise<Response> } };
    const env = { ADMIN_TOKEN: 'at' };

    const answer = await worker.fetch(new Request('https://collector.example/v1/b', { method: 'POST', body: BATCH }), env);
    expect([answer.status, await answer.json()]).toMatchObject([200, { success: true, accepted: 2 }]);
    const log = await worker.fetch(new Request('https://collector.example/api/activity', { headers: TOKEN }), env);
    expect(((await log.json()) as ActivityPage).items.map(nameOf)).toEqual(['anon_merge v', 'identify', 'looked']);
    const zipped = new Blob([BATCH.replaceAll('"m', '"z')]).stream().pipeThrough(new CompressionStream('gzip'));
    const gzip = await worker.fetch(new Request('https://collector.example/v1/b', { method: 'POST', body: await new Response(zipped).arrayBuffer(), headers: { 'Content-Encoding': 'gzip' } }), env);
    expect(await gzip.json()).toMatchObject({ success: true, accepted: 2 });
    const all = await worker.fetch(new Request('https://collector.example/api/export', { headers: TOKEN }), env);
    expect((await all.text()).match(/\n/g)).toHaveLength(4);
    const stream = await worker.fetch(new Request('https://collector.example/api/stream', { headers: TOKEN }), env);
    expect(stream.headers.get('Content-Type')).toContain('text/event-stream');
    await stream.body!.cancel();
  });
});

describe('a server of node:http', () => {
  let server: Server;
  afterEach(() => new Promise((done) => server.close(done)));

  it('answers by a collector with a few lines between', async () => {
    const collector = createCollector({ ledger: memoryLedger(), writeKeys: ['demo'], adminToken: 'at' });
    async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
      const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
      const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
        method: incoming.method!,
        headers: incoming.headers as Record<string, string>,
        ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: 'half' }),
      });
      const { status, headers, body } = await collector.fetch(request, { address: incoming.socket.remoteAddress });
      outgoing.writeHead(status, Object.fromEntries(headers));
      if (body) Readable.fromWeb(body as NodeReadableStream<Uint8Array>).pipe(outgoing);
      else outgoing.end();
    }
    server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const stored = await fetch(`${home}/v1/b`, { method: 'POST', body: BATCH });
    expect(await stored.json()).toMatchObject({ success: true, accepted: 2 });
    expect((await (await fetch(`${home}/api/export`, { headers: TOKEN })).text()).match(/\n/g)).toHaveLength(2);
    expect((await fetch(`${home}/v1/b`, { method: 'OPTIONS', headers: { 'Origin': 'https://shop.example', 'Access-Control-Request-Method': 'POST' } })).status).toBe(204);
    await collector.close();
  });
});
