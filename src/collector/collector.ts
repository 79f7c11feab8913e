import { Hono } from 'hono';
import type { Ledger } from '../ledger/index.js';
import type { MessageType } from '../wire/index.js';
import { createAdminRoutes } from './admin-routes.js';
import { createAdminGate } from './api.js';
import { json, notFound, refusal, unlessKnown, wrongMethod } from './answers.js';
import { createCors, createCredentialedCors } from './cors.js';
import { createDelivery } from './delivery.js';
import { createFirstPartyCookie } from './first-party.js';
import { createIngest } from './ingest.js';
import { createKeys } from './keys.js';
import { checkedSizes, RETRY_SECONDS, type SizeLimits } from './limits.js';
import { createLive, type Live } from './live.js';
import type { Log } from './log.js';
import { countMerged } from './merged.js';
import { NO_METER, type Meter } from './meter.js';
import { createRates, type RateLimits } from './rate.js';
import { createRetention } from './retention.js';
import { scriptFor } from './script.js';
import { SETTINGS_PATHS, settingsFor } from './settings.js';
import { createSignedIdentity, type SignedIdentityOptions } from './signed-identity.js';
import { createStore } from './store.js';
import { createTrackRoutes } from './track/routes.js';
import { createWebhook, type WebhookOptions } from './webhook.js';

/** Options of {@link createCollector}. */
export interface CollectorOptions {
  /** Where everything is kept. The collector closes it. */
  ledger: Ledger;
  /** The keys of the sources that may send; they are public, since they stand in the pages. At least one. */
  writeKeys: string[];
  /** Keys of servers; each of them may do what a write key may, and all of the Track API. @defaultValue none */
  secretKeys?: string[];
  /** Reads and administers `/api`, and reads `/metrics`. Without it nobody does. */
  adminToken?: string;
  /** The pages that may send, by their origins, as in `https://shop.example` or `https://*.shop.example`. @defaultValue any, without credentials */
  allowedOrigins?: string[];
  /** What a request may bring. @defaultValue 32 KB a message, 500 KB and 10,000 messages a request */
  sizeLimits?: SizeLimits;
  /** Requests a minute. @defaultValue 6,000 from one address, 600,000 with one key */
  rateLimits?: RateLimits;
  /** Who may say who a visitor is. @defaultValue any page */
  signedIdentity?: SignedIdentityOptions;
  /** The clock, in milliseconds. @defaultValue the ledger's where it has one, so that collectors on one database agree; else `Date.now` */
  now?: () => number;
  /** Answers what the collector itself does not: its pages, for instance. @param path the path of the address, still encoded */
  site?: (path: string) => Promise<Response | undefined> | Response | undefined;
  /** Who is told what the ledger's campaigns start. @defaultValue nobody */
  webhook?: WebhookOptions;
  /** Told when something goes wrong on this side. @defaultValue nobody */
  log?: Log;
  /** Counts, and tells `/metrics`. @defaultValue nothing is counted */
  meter?: Meter;
}

/** What the server that a collector is mounted in knows of a request. */
export interface Caller {
  /** The address that it comes from, by which requests are counted. */
  address?: string | undefined;
}

/** A collector, ready to be mounted. */
export interface Collector {
  /** Answers a request; never rejects. */
  fetch(request: Request, caller?: Caller): Promise<Response>;
  /** Deletes what stayed anonymous for more than 30 days. It does so by itself, soon after the start and once an hour. @returns how many messages */
  purge(): Promise<number>;
  /** From now on `/readyz` says no, so that nobody sends anything new here; everything is answered as before. */
  drain(): void;
  /** Finishes what it is answering, turns the rest away with a 503, and closes the ledger. */
  close(): Promise<void>;
}

/**
 * Creates a collector: what an outbox, or a page of a published client, sends to. Fetch in, Fetch out, so that it mounts
 * in any server.
 *
 * @throws TypeError when a key is missing or blank, or when the limits, the origins, the webhook or the signed identity cannot be used
 * @example
 * ```ts
 * const collector = createCollector({ ledger: memoryLedger(), writeKeys: ['demo'] });
 * Deno.serve((request) => collector.fetch(request));
 * ```
 */
export function createCollector(options: CollectorOptions): Collector {
  checkKeys(options);
  const { ledger, meter = NO_METER } = options;
  const log: Log = options.log ?? (() => undefined);
  const now = options.now ?? (() => ledger.now?.() ?? Date.now());
  const webhook = options.webhook && createWebhook(options.webhook);
  const retention = createRetention(ledger, now, log, meter);
  const stopCounting = countMerged(ledger, now, meter);
  const delivery = webhook && ledger.triggers && createDelivery(ledger.triggers, webhook, now, log);
  const live = createLive(ledger, log);
  const callers = new WeakMap<Request, Caller>();
  const app = createRoutes({ options, log, now, meter, live, isDraining: () => isDraining, isClosing: () => closing !== undefined, addressOf: (request) => callers.get(request)?.address });
  const answering = new Set<Promise<Response>>();
  let isDraining = false;
  let closing: Promise<void> | undefined;

  async function answer(request: Request): Promise<Response> {
    const response = await app.fetch(request);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) if (!response.headers.has(name)) response.headers.set(name, value);
    if (request.method !== 'GET') {
      delivery?.nudge();
      live.nudge();
    }
    return response;
  }

  return {
    async fetch(request, caller) {
      if (caller) callers.set(request, caller);
      const startedAt = performance.now();
      const answered = answer(request);
      answering.add(answered);
      try {
        const response = await answered;
        meter.answered(surfaceOf(request), request.method, response.status, (performance.now() - startedAt) / 1000);
        return response;
      } finally {
        answering.delete(answered);
      }
    },
    purge: () => retention.run(),
    drain() {
      isDraining = true;
    },
    close() {
      isDraining = true;
      retention.stop();
      stopCounting();
      live.close();
      closing ??= Promise.allSettled([...answering, delivery?.stop()]).then(() => ledger.close());
      return closing;
    },
  };
}

/** What comes back says what it is, runs nothing, and tells nobody where it came from. A page of the site has its own. */
const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
};

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

/** What a request is counted as: no address of anybody becomes a series of its own. */
function surfaceOf({ url }: Request): string {
  const [, first = '', second = ''] = new URL(url).pathname.split('/');
  if (first === 'v1') return second in MESSAGE_PATHS ? 'pipelines' : 'pipelines_other';
  if (first === 'api') return second === 'v1' || second === 'v2' ? `track_${second}` : 'admin';
  return ['healthz', 'readyz', 'metrics'].includes(first) ? first : 'site';
}

interface Parts {
  options: CollectorOptions;
  log: Log;
  now: () => number;
  meter: Meter;
  live: Live;
  isDraining(): boolean;
  isClosing(): boolean;
  addressOf(request: Request): string | undefined;
}

function createRoutes({ options, log, now, meter, live, isDraining, isClosing, addressOf }: Parts): Hono {
  const { ledger, writeKeys, secretKeys = [], adminToken, allowedOrigins, site = () => undefined } = options;
  const keys = createKeys(writeKeys, secretKeys);
  const rates = createRates(options.rateLimits);
  const sizes = checkedSizes(options.sizeLimits);
  const store = createStore({ ledger, now, log, meter });
  const signedIdentity = createSignedIdentity(options.signedIdentity ?? { require: 'open' }, options.now ?? (() => Date.now()));
  const ingest = createIngest({ keys, store, ledger, now, log, meter, rates, signedIdentity, sizes });
  const firstParty = createFirstPartyCookie(keys);
  const app = new Hono();

  const credentialed = createCredentialedCors(allowedOrigins);
  const open = createCors(allowedOrigins);
  app.use('/v1/*', async (c, next) => {
    const cors = c.req.path === '/v1/id' ? credentialed : open;
    const answer = cors.gate(c.req.raw);
    if (answer) return answer;
    await next();
    for (const [name, value] of Object.entries(cors.headers(c.req.raw))) c.res.headers.set(name, value);
    return undefined;
  });
  // Both behind the origins: a page has to be able to read when to come back.
  app.use('*', async (_, next) => (isClosing() ? refusal(503, CLOSING, { 'Retry-After': String(RETRY_SECONDS) }) : next()));
  for (const surface of ['/v1/*', '/api/*']) {
    app.use(surface, async (c, next) => (await rates.address(addressOf(c.req.raw))) ?? next());
  }
  for (const [name, type] of Object.entries(MESSAGE_PATHS)) {
    app.post(`/v1/${name}`, (c) => ingest(c.req.raw, type)).all(() => wrongMethod('POST, OPTIONS'));
  }
  app
    .post('/v1/id', (c) => firstParty.keep(c.req.raw))
    .delete((c) => firstParty.forget(c.req.raw))
    .all(() => wrongMethod('POST, DELETE, OPTIONS'));
  // The published clients report on themselves; nothing of it concerns us, and an error would only make them try again.
  app.post('/v1/m', () => json(200, { success: true })).all(() => wrongMethod('POST, OPTIONS'));
  for (const [path, integration] of Object.entries(SETTINGS_PATHS)) {
    app.get(path, (c) => settingsFor(c.req.raw, c.req.param('key')!, keys, integration)).all(() => wrongMethod('GET, OPTIONS'));
  }
  app
    .get('/v1/analytics-js/snippet/:key/analytics.min.js', async (c) => unlessKnown(c.req.raw, await scriptFor(c.req.param('key'), keys, site)))
    .all(() => wrongMethod('GET, OPTIONS'));

  const track = createTrackRoutes({ keys, store, meter, rates, sizes, addressOf });
  app.all('/api/v1/*', (c) => track.fetch(c.req.raw));
  app.all('/api/v2/*', (c) => track.fetch(c.req.raw));
  app.route('/api', createAdminRoutes({ ledger, adminToken, now, live, rates, addressOf }));

  app.get('/healthz', () => plain(200, 'ok')).all(() => wrongMethod('GET'));
  app
    .get('/readyz', async () => {
      if (isDraining()) return plain(503, 'draining');
      try {
        await ledger.version();
        return plain(200, 'ready');
      } catch (error) {
        log({ level: 'warning', code: 'not_ready', message: 'The ledger does not answer.', error });
        return plain(503, 'the ledger does not answer');
      }
    })
    .all(() => wrongMethod('GET'));
  const metricsGate = createAdminGate(adminToken, rates, addressOf);
  app.use('/metrics', async (c, next) => (await metricsGate(c.req.raw)) ?? next());
  app
    .get('/metrics', async () => {
      if (!meter.text) return json(501, { code: 'no_metrics', message: 'This collector counts nothing; give createCollector a meter.' });
      return plain(200, await meter.text());
    })
    .all(() => wrongMethod('GET'));

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

const CLOSING = { code: 'closing', message: 'This collector is stopping; send it again.' };

function plain(status: number, text: string): Response {
  return new Response(text, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' } });
}

const ABOUT = { name: 'hitherto', message: 'This is a hitherto collector. Messages go to POST /v1/b; the activity log is at GET /api/activity.' };

/** A blank key would let in whoever sends none. */
function checkKeys({ writeKeys, secretKeys = [], adminToken, allowedOrigins }: CollectorOptions): void {
  if (!Array.isArray(writeKeys) || writeKeys.length === 0 || writeKeys.some(isBlank)) {
    throw new TypeError('createCollector needs writeKeys, a list of at least one key that is not blank.');
  }
  if (secretKeys.some(isBlank)) throw new TypeError('secretKeys holds a blank key; take it out.');
  if (secretKeys.some((key) => writeKeys.includes(key))) throw new TypeError('A write key is public, so none of secretKeys may be one of writeKeys.');
  if (adminToken !== undefined && writeKeys.includes(adminToken)) throw new TypeError('A write key is public, so adminToken may not be one of writeKeys.');
  if (adminToken !== undefined && isBlank(adminToken)) throw new TypeError('adminToken is blank; give one, or leave it out.');
  // Whoever sent it would be told that it is wrong, for ever.
  if (adminToken !== undefined && !/^[\x21-\x7e]+$/.test(adminToken)) throw new TypeError('adminToken has a space or a letter in it that no header carries; take letters from a to z, digits and marks.');
  const odd = allowedOrigins?.find((origin) => !/^https?:\/\/(\*\.)?[^/*@?#\s]+$/.test(origin) || !URL.canParse(origin));
  if (odd !== undefined) throw new TypeError(`allowedOrigins holds "${odd}"; an origin looks like https://shop.example, without a path.`);
}

function isBlank(key: unknown): boolean {
  return typeof key !== 'string' || key.trim() === '';
}
