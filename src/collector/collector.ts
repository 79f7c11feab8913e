import { Hono } from 'hono';
import type { Ledger } from '../ledger/index.js';
import type { MessageType } from '../wire/index.js';
import { createAdministrationApi } from './administration.js';
import { answerActivity, answerPerson, createGate } from './api.js';
import { json, notFound, refusal, unlessKnown, wrongMethod } from './answers.js';
import { createDelivery } from './delivery.js';
import { createIngest } from './ingest.js';
import { createKeys } from './keys.js';
import { RETRY_SECONDS } from './limits.js';
import type { Log } from './log.js';
import { createRetention } from './retention.js';
import { scriptFor } from './script.js';
import { settingsFor } from './settings.js';
import { createWebhook, type WebhookOptions } from './webhook.js';

export interface CollectorOptions {
  /** Where everything is kept. The collector closes it. */
  ledger: Ledger;
  /** The keys of the sources that may send; they are public, since they stand in the pages. At least one. */
  writeKeys: string[];
  /** Keys of servers; each of them may do what a write key may. @defaultValue none */
  secretKeys?: string[];
  /** Reads `/api`. Without it nobody does. */
  adminToken?: string;
  /** The clock, in milliseconds. @defaultValue `Date.now` */
  now?: () => number;
  /** Answers what the collector itself does not: its pages, for instance. @param path the path of the address, still encoded */
  site?: (path: string) => Promise<Response | undefined> | Response | undefined;
  /** Who is told what the ledger's campaigns start. @defaultValue nobody */
  webhook?: WebhookOptions;
  /** Told when something goes wrong on this side. @defaultValue nobody */
  log?: Log;
}

export interface Collector {
  /** Answers a request; never rejects. */
  fetch(request: Request): Promise<Response>;
  /** Deletes what stayed anonymous for more than 30 days. It does so by itself, once an hour. @returns how many messages */
  purge(): Promise<number>;
  /** Finishes what it is answering, turns the rest away with a 503, and closes the ledger. */
  close(): Promise<void>;
}

/**
 * Creates a collector: what an outbox, or a page of a published client, sends to. Fetch in, Fetch out, so that it mounts
 * in any server.
 *
 * @throws TypeError when a key is missing or blank, or the webhook cannot be used
 * @example
 * ```ts
 * const collector = createCollector({ ledger: memoryLedger(), writeKeys: ['demo'] });
 * Deno.serve((request) => collector.fetch(request));
 * ```
 */
export function createCollector(options: CollectorOptions): Collector {
  checkKeys(options);
  const { ledger } = options;
  const log: Log = options.log ?? (() => undefined);
  const app = createRoutes(options, log);
  const now = options.now ?? (() => Date.now());
  const webhook = options.webhook && createWebhook(options.webhook);
  const retention = createRetention(ledger, now, log);
  const delivery = webhook && ledger.triggers && createDelivery(ledger.triggers, webhook, now, log);
  const answering = new Set<Promise<Response>>();
  let closing: Promise<void> | undefined;

  async function answer(request: Request): Promise<Response> {
    const response = await app.fetch(request);
    response.headers.set('X-Content-Type-Options', 'nosniff');
    if (request.method === 'POST') delivery?.nudge();
    return response;
  }

  return {
    async fetch(request) {
      if (closing) return refusal(503, { code: 'closing', message: 'This collector is stopping; send it again.' }, { 'Retry-After': String(RETRY_SECONDS) });
      const answered = answer(request);
      answering.add(answered);
      try {
        return await answered;
      } finally {
        answering.delete(answered);
      }
    },
    purge: () => retention.run(),
    close() {
      retention.stop();
      closing ??= Promise.allSettled([...answering, delivery?.stop()]).then(() => ledger.close());
      return closing;
    },
  };
}

/** The path gives the type, in the short form of the browser clients and in the long one of the documentation. */
const MESSAGE_PATHS: Record<string, MessageType | 'batch'> = {
  b: 'batch',
  batch: 'batch',
  t: 'track',
  track: 'track',
  i: 'identify',
  identify: 'identify',
  p: 'page',
  page: 'page',
  s: 'screen',
  screen: 'screen',
  g: 'group',
  group: 'group',
  a: 'alias',
  alias: 'alias',
};

function createRoutes({ ledger, writeKeys, secretKeys = [], adminToken, now = () => Date.now(), site = () => undefined }: CollectorOptions, log: Log): Hono {
  const keys = createKeys(writeKeys, secretKeys);
  const ingest = createIngest({ keys, ledger, now, log });
  const gate = createGate(adminToken);
  const administration = createAdministrationApi(ledger, now);
  const app = new Hono();

  // Any page may send: the write key is public anyway, and there are no credentials to misuse.
  app.use('/v1/*', async (c, next) => {
    if (c.req.method === 'OPTIONS') return new Response(null, { status: 204, headers: PREFLIGHT });
    await next();
    c.res.headers.set('Access-Control-Allow-Origin', '*');
    return undefined;
  });
  for (const [name, type] of Object.entries(MESSAGE_PATHS)) {
    app.post(`/v1/${name}`, (c) => ingest(c.req.raw, type)).all(() => wrongMethod('POST, OPTIONS'));
  }
  // The published clients report on themselves; nothing of it concerns us, and an error would only make them try again.
  app.post('/v1/m', () => json(200, { success: true })).all(() => wrongMethod('POST, OPTIONS'));
  app.get('/v1/projects/:key/settings', (c) => settingsFor(c.req.raw, c.req.param('key'), keys)).all(() => wrongMethod('GET, OPTIONS'));
  app
    .get('/v1/analytics-js/snippet/:key/analytics.min.js', async (c) => unlessKnown(c.req.raw, await scriptFor(c.req.param('key'), keys, site)))
    .all(() => wrongMethod('GET, OPTIONS'));

  app.use('/api/*', async (c, next) => (await gate(c.req.raw)) ?? next());
  app.get('/api/activity', async (c) => unlessKnown(c.req.raw, await answerActivity(c.req.raw, ledger))).all(() => wrongMethod('GET'));
  app.get('/api/people/:id', (c) => answerPerson(c.req.param('id'), ledger)).all(() => wrongMethod('GET'));

  app.post('/api/people/:id/erase', (c) => administration.erase(c.req.param('id'))).all(() => wrongMethod('POST'));
  app.post('/api/people/:id/merge', (c) => administration.mergePeople(c.req.raw, c.req.param('id'))).all(() => wrongMethod('POST'));
  app.post('/api/people/:id/suppress', (c) => administration.suppress(c.req.param('id'))).all(() => wrongMethod('POST'));
  app.post('/api/people/:id/unsuppress', (c) => administration.unsuppress(c.req.param('id'))).all(() => wrongMethod('POST'));
  app.post('/api/claims/:anonymousId/undo', (c) => administration.undo(c.req.param('anonymousId'))).all(() => wrongMethod('POST'));
  app.get('/api/explain/:messageId', (c) => administration.explain(c.req.raw, c.req.param('messageId'))).all(() => wrongMethod('GET'));
  app.get('/api/segments/:name', (c) => administration.segment(c.req.param('name'))).all(() => wrongMethod('GET'));
  app.get('/api/preview', (c) => administration.preview(c.req.raw)).all(() => wrongMethod('GET'));
  app
    .get('/api/settings', () => administration.readSettings())
    .put((c) => administration.changeSettings(c.req.raw))
    .all(() => wrongMethod('GET, PUT'));

  app.get('/healthz', () => new Response('ok', { headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' } }));
  app.all('/healthz', () => wrongMethod('GET'));

  app.notFound(async (c) => {
    const found = await site(c.req.path);
    // A copy, since the headers of a response that came from elsewhere may be locked.
    const page = found && new Response(found.body, found);
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (page) return isRead ? unlessKnown(c.req.raw, page) : wrongMethod('GET');
    if (isRead && c.req.path === '/') return json(200, ABOUT);
    return notFound('There is nothing at this address; messages go to POST /v1/b.');
  });
  app.onError((error) => {
    log({ level: 'error', code: 'internal_error', message: 'A request could not be answered.', error });
    return json(500, { code: 'internal_error', message: 'Something went wrong on this side; try again later.' });
  });
  return app;
}

const PREFLIGHT = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Content-Encoding, Content-Type, X-Strict-Mode',
  // A day; browsers that allow less take what they allow.
  'Access-Control-Max-Age': '86400',
};

const ABOUT = { name: 'hitherto', message: 'This is a hitherto collector. Messages go to POST /v1/b; the activity log is at GET /api/activity.' };

/** A blank key would let in whoever sends none. */
function checkKeys({ writeKeys, secretKeys = [], adminToken }: CollectorOptions): void {
  if (!Array.isArray(writeKeys) || writeKeys.length === 0 || writeKeys.some(isBlank)) {
    throw new TypeError('createCollector needs writeKeys, a list of at least one key that is not blank.');
  }
  if (secretKeys.some(isBlank)) throw new TypeError('secretKeys holds a blank key; take it out.');
  if (adminToken !== undefined && isBlank(adminToken)) throw new TypeError('adminToken is blank; give one, or leave it out.');
}

function isBlank(key: unknown): boolean {
  return typeof key !== 'string' || key.trim() === '';
}
