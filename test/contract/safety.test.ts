import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAdminRoutes, type AdminOptions } from '../../src/collector/admin-routes.js';
import { createCollector, type Collector, type CollectorOptions } from '../../src/collector/index.js';
import { createTrackRoutes, type TrackOptions } from '../../src/collector/track/routes.js';
import { memoryLedger } from '../../src/ledger/index.js';

const HOST = 'http://127.0.0.1:4321';
const SHOP = 'https://shop.example';
const open: Collector[] = [];

afterEach(async () => {
  for (const collector of open.splice(0)) await collector.close();
});

function collect(options: Partial<CollectorOptions> = {}): Collector {
  const collector = createCollector({ ledger: memoryLedger(), writeKeys: ['WK'], secretKeys: ['s3rver'], adminToken: 't0ken', ...options });
  open.push(collector);
  return collector;
}

type Asked = { method?: string; body?: string; headers?: Record<string, string>; address?: string };
const ask = (collector: Collector, path: string, { address, ...init }: Asked = {}) => collector.fetch(new Request(`${HOST}${path}`, init), { address });
const batchOf = (writeKey: string) => JSON.stringify({ writeKey, batch: [{ type: 'track', event: 'e', anonymousId: 'v' }] });
const basic = (text: string) => ({ Authorization: `Basic ${btoa(text)}` });

/** Every address that reads, changes or administers, as the collector itself lists them, with somebody's name in it. */
const CLOSED = [
  ...new Set([
    ...createAdminRoutes({ ledger: memoryLedger(), adminToken: 'ADMIN', now: () => 0 } as AdminOptions).routes.map(({ path }) => `/api${path}`),
    ...createTrackRoutes({} as TrackOptions).routes.map(({ path }) => path),
    '/api/whatever',
    '/metrics',
  ]),
].map((path) => path.replaceAll(/:\w+/g, 'ada').replaceAll('*', 'whatever'));
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** The one thing there that a page may do. */
const OPEN_TO_PAGES = 'POST /api/v1/events';

describe('what is not for everybody', () => {
  it('is all that there is', () => {
    expect(CLOSED).toEqual(expect.arrayContaining(['/api/activity', '/api/export', '/api/people/ada/erase', '/api/people/ada/merge', '/api/v1/customers/ada', '/api/v1/merge_customers', '/api/v2/batch']));
    expect(CLOSED.length).toBeGreaterThan(30);
  });

  it.each(CLOSED)('%s is closed to a write key, whichever way it is given, and to nobody’s key', async (path) => {
    const collector = collect();
    const asked = METHODS.map((method) => ({ method, ...(!['GET', 'HEAD'].includes(method) && { body: '{"name":"e","writeKey":"WK"}' }) }));
    const wrong = [{}, basic('WK:'), basic('site:WK'), { Authorization: 'Bearer WK' }, { Authorization: 'Bearer s3rver' }, basic('guess:guess'), { Authorization: 'Basic ***' }, basic('t0ken:')];
    for (const init of asked) {
      for (const headers of wrong) {
        const response = await ask(collector, path, { ...init, headers });
        if (`${init.method} ${path}` === OPEN_TO_PAGES && response.ok) {
          expect([basic('WK:'), basic('site:WK')]).toContainEqual(headers);
          continue;
        }
        expect([401, 403]).toContain(response.status);
        expect(await response.text()).not.toMatch(/ada|s3rver|t0ken/);
        expect(response.headers.get('Access-Control-Allow-Origin')).toBeNull();
      }
    }
  });

  it('a write key posts events of visitors to the Track API, and nothing else', async () => {
    const collector = collect();
    const event = { method: 'POST', headers: basic('site:WK'), body: '{"name":"e","anonymous_id":"v"}' };
    expect((await ask(collector, '/api/v1/events', event)).status).toBe(200);
    expect((await ask(collector, '/api/v1/events', { ...event, headers: basic('WK:') })).status).toBe(200);
    expect((await ask(collector, '/api/v1/customers/ada/events', event)).status).toBe(401);
  });
});

describe('origins', () => {
  const from = (origin: string, method = 'POST'): Asked => ({ method, headers: { Origin: origin }, ...(method === 'POST' && { body: batchOf('WK') }) });

  it('are all welcome, without credentials, where none is named', async () => {
    const response = await ask(collect(), '/v1/b', from('https://anything.example'));
    expect([response.status, response.headers.get('Access-Control-Allow-Origin'), response.headers.get('Access-Control-Allow-Credentials')]).toEqual([200, '*', null]);
  });

  it.each([
    [SHOP, 200],
    ['https://www.family.example', 200],
    ['https://a.b.family.example', 200],
    [HOST, 200],
    ['https://family.example', 403],
    ['https://evilfamily.example', 403],
    ['http://shop.example', 403],
    ['https://shop.example.evil.example', 403],
    ['null', 403],
  ])('that are named may send, others may not: %s', async (origin, status) => {
    const collector = collect({ allowedOrigins: [SHOP, 'https://*.family.example'] });
    const response = await ask(collector, '/v1/b', from(origin));
    expect(response.status).toBe(status);
    expect(response.headers.get('Vary')).toBe('Origin');
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(status === 200 && origin !== HOST ? origin : null);
    expect((await ask(collector, '/v1/b', from(origin, 'OPTIONS'))).status).toBe(status === 200 ? 204 : 403);
  });

  it.each([
    ['https://Shop.Example', SHOP],
    ['https://shop.example:443', SHOP],
    ['https://*.Family.example:443', 'https://www.family.example'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ])('that are named in another way than browsers do are theirs all the same: %s', async (named, origin) => {
    const response = await ask(collect({ allowedOrigins: [named] }), '/v1/b', from(origin));
    expect([response.status, response.headers.get('Access-Control-Allow-Origin')]).toEqual([200, origin]);
  });

  it.each([
    ['https://127.0.0.1:4321', 200],
    ['https://127.0.0.1', 403],
    ['http://127.0.0.1:4321', 403],
  ])('of the collector’s own pages, the demo shop among them, are as the page sees them, behind a proxy that speaks TLS: %s', async (origin, status) => {
    const headers = { Origin: origin, 'X-Forwarded-Proto': 'https' };
    expect((await ask(collect({ allowedOrigins: [SHOP] }), '/v1/b', { method: 'POST', body: batchOf('WK'), headers })).status).toBe(status);
  });

  it('do not bind servers, which name none', async () => {
    const collector = collect({ allowedOrigins: [SHOP] });
    expect((await ask(collector, '/v1/b', { method: 'POST', body: batchOf('WK') })).status).toBe(200);
  });

  it.each(['shop.example', 'https://shop.example/', '*', 'https://*', 'https://shop.example/cart', 'https://shop.example:https', 'https://ada@shop.example', 'https://shop.example?'])('that cannot be one are refused at once: %s', (origin) => {
    expect(() => collect({ allowedOrigins: [origin] })).toThrow(`"${origin}"`);
  });
});

describe('requests', () => {
  it('of one address are limited, and the answer says when to come back; other addresses go on', async () => {
    const collector = collect({ rateLimits: { perAddress: 3 } });
    const send = (address: string) => ask(collector, '/v1/b', { method: 'POST', body: batchOf('WK'), address });
    for (let i = 0; i < 3; i++) expect((await send('10.0.0.1')).status).toBe(200);
    const refused = await send('10.0.0.1');
    expect([refused.status, await refused.json()]).toEqual([429, { success: false, code: 'too_many_requests', message: expect.stringMatching(/^Too many/) }]);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(refused.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect((await send('10.0.0.2')).status).toBe(200);
  });

  it('with one key are limited, whoever sends them', async () => {
    const collector = collect({ rateLimits: { perKey: 2 } });
    const statuses = [];
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) statuses.push((await ask(collector, '/v1/b', { method: 'POST', body: batchOf('WK'), address })).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await ask(collector, '/v1/b', { method: 'POST', headers: basic('s3rver:'), body: '{"batch":[]}' })).status).toBe(200);
  });

  it('with guessed secrets are soon not looked at any more, from that address', async () => {
    const collector = collect();
    const guess = (address: string, token: string) => ask(collector, '/api/activity', { headers: { Authorization: `Bearer ${token}` }, address });
    for (let i = 0; i < 60; i++) expect((await guess('10.0.0.1', `guess ${i}`)).status).toBe(401);
    expect((await guess('10.0.0.1', 't0ken')).status).toBe(429);
    expect((await ask(collector, '/metrics', { headers: { Authorization: 'Bearer t0ken' }, address: '10.0.0.1' })).status).toBe(429);
    expect((await ask(collector, '/api/v2/entity', { method: 'POST', headers: basic('a:s3rver'), body: '{}', address: '10.0.0.1' })).status).toBe(429);
    expect((await guess('10.0.0.2', 't0ken')).status).toBe(200);
  });
});

describe('the hint that a message came too late to join', () => {
  it('is all that a write key gets to know of a claim, of ids that it names; not once the merge is undone, or the person erased or suppressed', async () => {
    let clock = Date.parse('2026-01-01T12:00:00Z');
    const collector = collect({ now: () => clock });
    let last = 0;
    const send = async (message: object) => {
      const response = await ask(collector, '/v1/b', { method: 'POST', body: JSON.stringify({ writeKey: 'WK', batch: [{ messageId: `m${++last}`, ...message }] }) });
      return (await response.json()) as { late: string[] };
    };
    const isLate = async (anonymousId: string) => (await send({ type: 'track', event: 'e', anonymousId })).late.length > 0;
    const administer = (path: string) => ask(collector, path, { method: 'POST', headers: { Authorization: 'Bearer t0ken' } });
    for (const [anonymousId, userId] of [['v', 'ada'], ['w', 'bob'], ['x', 'eve']] as const) await send({ type: 'identify', userId, anonymousId });
    clock += 5 * 60_000;
    expect([await isLate('v'), await isLate('w'), await isLate('nobody’s')]).toEqual([false, false, false]);
    clock += 1;
    expect([await isLate('v'), await isLate('w'), await isLate('x'), await isLate('nobody’s')]).toEqual([true, true, true, false]);
    expect(Object.keys(await send({ type: 'track', event: 'e', anonymousId: 'v' })).sort()).toEqual(['accepted', 'gzip', 'late', 'refused', 'success']);
    expect([(await administer('/api/claims/v/undo')).status, (await administer('/api/people/bob/erase')).status]).toEqual([200, 200]);
    expect((await administer('/api/people/eve/suppress')).status).toBe(200);
    expect([await isLate('v'), await isLate('w'), await isLate('x')]).toEqual([false, false, false]);
  });
});

describe('a body that does not come', () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['/v1/b', {}],
    ['/v1/b', { 'Content-Encoding': 'gzip' }],
    ['/api/v2/batch', basic('a:s3rver')],
  ])('is waited for during 30 seconds: %s %j', async (path, headers) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')), cancel: () => void (isCancelled = true) });
    const answered = collect().fetch(new Request(`${HOST}${path}`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit));
    await expect.poll(() => vi.getTimerCount()).toBeGreaterThan(0);
    let status: number | undefined;
    void answered.then((response) => (status = response.status));
    await vi.advanceTimersByTimeAsync(29_000);
    expect(status).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await answered).status).toBe(408);
    expect(await (await answered).text()).toContain('did not arrive within 30 seconds');
    if (!('Content-Encoding' in headers)) expect(isCancelled).toBe(true);
  });
});

describe('whoever asks from one network', () => {
  it.each([
    ['2001:db8:1:2::1', '2001:0DB8:1:2:ffff:1:2:3', 429],
    ['2001:db8::1', '2001:db8:0:0:9::', 429],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', 200],
    ['::ffff:10.0.0.1', '10.0.0.1', 429],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.2', 200],
    ['10.0.0.1:4000', '10.0.0.1:4001', 429],
    ['[2001:db8::1]:4000', '2001:db8::2', 429],
    ['unknown', 'unknown', 429],
  ])('%s and then %s: %i', async (first, second, status) => {
    const collector = collect({ rateLimits: { perAddress: 1 } });
    const send = (address: string) => ask(collector, '/v1/b', { method: 'POST', body: batchOf('WK'), address });
    expect([(await send(first)).status, (await send(second)).status]).toEqual([200, status]);
  });

  it.each([0, -1, 1.5, NaN])('cannot be allowed %d requests', (perAddress) => {
    expect(() => collect({ rateLimits: { perAddress } })).toThrow(/^rateLimits\.perAddress is a whole number from 1/);
  });
});

describe('the first-party cookie', () => {
  const HERE = { Origin: SHOP };
  const keep = (collector: Collector, body: object, headers: Record<string, string> = {}, path = '/v1/id') => ask(collector, path, { method: 'POST', headers: { ...HERE, ...headers }, body: JSON.stringify({ writeKey: 'WK', ...body }) });

  it('keeps the visitor, where no script can read it, and only for the pages that are named', async () => {
    const collector = collect({ allowedOrigins: [SHOP] });
    const response = await keep(collector, { anonymousId: 'v' }, { 'X-Forwarded-Proto': 'https' });
    expect(await response.json()).toEqual({ anonymousId: 'v' });
    expect(response.headers.get('Set-Cookie')).toBe('__Host-hitherto_id=v; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax; Secure');
    expect([response.headers.get('Access-Control-Allow-Origin'), response.headers.get('Access-Control-Allow-Credentials')]).toEqual([SHOP, 'true']);
    expect((await keep(collector, { anonymousId: 'v' }, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await keep(collect(), { anonymousId: 'v' })).status).toBe(403);
  });

  it('remembers who the visitor was, until the page says that it is another', async () => {
    const collector = collect({ allowedOrigins: [SHOP] });
    const known = { Cookie: 'other=1; hitherto_id=first%20one' };
    expect(await (await keep(collector, { anonymousId: 'second' }, known)).json()).toEqual({ anonymousId: 'first one' });
    const replaced = await keep(collector, { anonymousId: 'second', replace: true }, known);
    expect(await replaced.json()).toEqual({ anonymousId: 'second' });
    const forgotten = await ask(collector, '/v1/id', { method: 'DELETE', headers: { ...HERE, ...known } });
    expect(forgotten.headers.get('Set-Cookie')).toMatch(/^hitherto_id=; Max-Age=0;/);
  });

  it('takes no cookie, over TLS, that a neighbour below the same domain could have planted', async () => {
    const collector = collect({ allowedOrigins: [SHOP] });
    const over = (cookies: string) => keep(collector, { anonymousId: 'own' }, { Cookie: cookies, 'X-Forwarded-Proto': 'https' });
    expect(await (await over('hitherto_id=planted')).json()).toEqual({ anonymousId: 'own' });
    expect(await (await over('hitherto_id=planted; __Host-hitherto_id=kept')).json()).toEqual({ anonymousId: 'kept' });
  });

  it.each([
    [{ anonymousId: ' ' }, 400],
    [{ anonymousId: '\ud800' }, 400],
    [{ anonymousId: 'x'.repeat(256) }, 400],
    [{}, 400],
    [{ anonymousId: 'v', writeKey: 'guess' }, 401],
    [{ anonymousId: 'v', writeKey: 's3rver' }, 401],
  ])('keeps nothing for %j', async (body, status) => {
    const response = await keep(collect({ allowedOrigins: [SHOP] }), body);
    expect([response.status, response.headers.get('Set-Cookie')]).toEqual([status, null]);
  });

  it('keeps nothing that could end it early', async () => {
    const response = await keep(collect({ allowedOrigins: [SHOP] }), { anonymousId: 'v; Domain=evil.example\r\nX: y' });
    expect(response.headers.get('Set-Cookie')).toMatch(/^hitherto_id=v%3B%20Domain%3Devil\.example%0D%0AX%3A%20y; Max-Age/);
  });
});

describe('every answer', () => {
  it('of a collector that stops can be read by pages of another origin, and says when to come back', async () => {
    const collector = collect();
    await collector.close();
    const { status, headers } = await ask(collector, '/v1/b', { method: 'POST', body: batchOf('WK') });
    expect([status, headers.get('Retry-After'), headers.get('Access-Control-Allow-Origin'), headers.get('Access-Control-Expose-Headers')]).toEqual([503, '5', '*', 'Retry-After']);
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect((await ask(collector, '/healthz')).status).toBe(503);
  });

  it.each(['/', '/v1/b', '/api/activity', '/healthz', '/readyz', '/nothing', '/v1/projects/WK/settings'])('says that it runs nothing and is what it says: %s', async (path) => {
    const { headers } = await ask(collect(), path);
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Content-Security-Policy')).toMatch("default-src 'none'");
    expect(headers.get('Referrer-Policy')).toBe('no-referrer');
  });
});
