import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector, type CollectorOptions } from '../../src/collector/index.js';
import { memoryLedger, type Ledger } from '../../src/ledger/index.js';
import { postgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import type { Activity, ActivityPage, JsonObject, Person } from '../../src/wire/index.js';
import { DAY, MINUTE, NOON, SECOND } from './messages.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const server = postgresServer();
const LEDGERS: [string, () => Ledger | Promise<Ledger>][] = [
  ['memory', memoryLedger],
  ['sqlite', () => sqliteLedger({ file: join(makeFolder(), 'hitherto.db') })],
  ['postgres', async () => postgresLedger({ url: await server.newUrl() })],
];
const SERVER = `Basic ${btoa('site:SECRET')}`;

describe.each(LEDGERS)('the Track API over %s', (_, makeLedger) => {
  let collector: Collector;
  let time: number;

  async function start(options: Partial<CollectorOptions> = {}): Promise<void> {
    await collector?.close();
    collector = createCollector({ ledger: await makeLedger(), writeKeys: ['WK'], secretKeys: ['SECRET'], adminToken: 'ADMIN', now: () => time, ...options });
  }
  beforeEach(() => {
    time = NOON;
    return start();
  });
  afterEach(() => collector.close());

  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    collector.fetch(
      new Request(`http://127.0.0.1:4321/api${path}`, {
        method,
        headers: { 'Authorization': SERVER, 'Content-Type': 'application/json', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
  const answer = async (...parameters: Parameters<typeof ask>): Promise<[number, unknown]> => {
    const response = await ask(...parameters);
    return [response.status, await response.json()];
  };
  /** Does what is to be fine. */
  const done = async (...parameters: Parameters<typeof ask>) => expect(await answer(...parameters)).toEqual([200, {}]);
  /** What v1 says is wrong. */
  const complaint = async (...parameters: Parameters<typeof ask>) => {
    const [status, body] = (await answer(...parameters)) as [number, { meta: { errors: string[] } }];
    expect(body).toEqual({ meta: { errors: [expect.stringMatching(/^[A-Z"].*\.$/i)] } });
    return `${status} ${body.meta.errors[0]}`;
  };
  /** What v2 says is wrong, as `status place reason field`. */
  const faults = async (...parameters: Parameters<typeof ask>) => {
    const [status, { errors }] = (await answer(...parameters)) as [number, { errors: { batch_index?: number; reason: string; field: string; message: string }[] }];
    for (const { message } of errors) expect(message).toMatch(/^[A-Z"].*\.$/i);
    return errors.map(({ batch_index, reason, field }) => [status, ...(batch_index === undefined ? [] : [batch_index]), reason, field].join(' '));
  };
  const entity = (item: object) => ask('POST', '/v2/entity', item);
  const kept = async (...items: object[]) => expect(await answer('POST', '/v2/batch', { batch: items })).toEqual([200, {}]);

  const read = async (path: string) => (await collector.fetch(new Request(`http://127.0.0.1:4321${path}`, { headers: { Authorization: 'Bearer ADMIN' } }))).json() as Promise<unknown>;
  const person = async (id: string) => (await read(`/api/people/${encodeURIComponent(id)}`)) as Person;
  const log = async (query = '') => ((await read(`/api/activity?limit=1000${query}`)) as ActivityPage).items;
  const told = ({ type, name, person }: Activity) => [name ?? type, ...(person === undefined ? [] : [person])].join(' of ');
  /** Oldest first, without the lines that tell of a merge. */
  const stored = async () => (await log()).filter(({ type }) => type !== 'anon_merge').map(told).reverse();
  /** What is kept of what was said, oldest first. */
  const messages = async () => {
    const text = await (await collector.fetch(new Request('http://127.0.0.1:4321/api/export', { headers: { Authorization: 'Bearer ADMIN' } }))).text();
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as JsonObject);
  };

  describe('who may', () => {
    it('a secret key in either half of Basic authorization', async () => {
      for (const pair of ['site:SECRET', 'SECRET:', ':SECRET', 'SECRET:anything', 'SECRET']) {
        expect([pair, (await ask('PUT', '/v1/customers/ada', {}, { Authorization: `Basic ${btoa(pair)}` })).status]).toEqual([pair, 200]);
      }
    });

    it('nobody else: the answer is a 401 that says what to send', async () => {
      for (const authorization of ['', 'Basic', 'Basic ???', 'Basic !!', `Basic ${btoa('site:wrong')}`, `Basic ${btoa('')}`, `Basic ${btoa(':')}`, 'Bearer SECRET', 'Bearer ADMIN', `Basic ${btoa('ADMIN:ADMIN')}`, `Basic ${btoa('SECRET2:')}`]) {
        for (const [method, path] of [
          ['PUT', '/v1/customers/ada'],
          ['DELETE', '/v1/customers/ada'],
          ['POST', '/v1/customers/ada/events'],
          ['POST', '/v1/customers/ada/suppress'],
          ['POST', '/v1/events'],
          ['POST', '/v1/merge_customers'],
          ['GET', '/v1/accounts/region'],
          ['GET', '/v1/nothing'],
        ] as const) {
          expect(await complaint(method, path, method === 'GET' ? undefined : {}, { Authorization: authorization })).toMatch(/^401 .*secret key/);
        }
        expect(await faults('POST', '/v2/entity', {}, { Authorization: authorization })).toEqual(['401 invalid authorization']);
      }
      expect((await ask('PUT', '/v1/customers/ada', {}, { Authorization: '' })).headers.get('WWW-Authenticate')).toMatch(/^Basic/);
      expect(await stored()).toEqual([]);
    });

    it('the public write key posts events of visitors, and does nothing else', async () => {
      const page = { Authorization: `Basic ${btoa('WK:')}` };
      await done('POST', '/v1/events', { name: 'seen', anonymous_id: 'v' }, page);
      await done('POST', '/v1/events', { name: 'seen', anonymous_id: 'v' }, { Authorization: `Basic ${btoa('site:WK')}` });
      for (const [method, path] of [
        ['PUT', '/v1/customers/ada'],
        ['DELETE', '/v1/customers/ada'],
        ['POST', '/v1/customers/ada/events'],
        ['POST', '/v1/customers/ada/unsuppress'],
        ['PUT', '/v1/customers/ada/devices'],
        ['POST', '/v1/merge_customers'],
        ['GET', '/v1/accounts/region'],
        ['GET', '/v1/events'],
        ['POST', '/v1/customers/api/v1/events'],
      ] as const) {
        expect(await complaint(method, path, method === 'GET' ? undefined : {}, page)).toMatch(/^401 .*write key/);
      }
      for (const path of ['/v2/entity', '/v2/batch']) expect(await faults('POST', path, {}, page)).toEqual(['401 invalid authorization']);
      expect(await stored()).toEqual(['seen', 'seen']);
    });
  });

  describe('people', () => {
    it('are made and updated by their id', async () => {
      await done('PUT', '/v1/customers/ada', { plan: 'free', created_at: 1_700_000_000 });
      await done('PUT', '/v1/customers/ada', { plan: 'pro' });
      expect(await person('ada')).toMatchObject({ id: 'ada', traits: { plan: 'pro', created_at: 1_700_000_000 } });
    });

    it('are named by an email as well, whatever its case, and gain an id', async () => {
      await done('PUT', '/v1/customers/Ada%40Example.com', { plan: 'pro' });
      expect(await person('ada@example.com')).toMatchObject({ id: 'email:ada@example.com', traits: { email: 'ada@example.com', plan: 'pro' } });
      await done('PUT', '/v1/customers/ada', { email: 'ada@example.com', city: 'London' });
      expect(await person('ada@example.com')).toMatchObject({ id: 'ada', traits: { email: 'ada@example.com', plan: 'pro', city: 'London' } });
      await done('PUT', '/v1/customers/ada%40example.com', { id: 'ada', city: 'Paris' });
      expect(await person('ada')).toMatchObject({ id: 'ada', traits: { city: 'Paris' } });
    });

    it('are named by the id that the system gave them, and by no other of that kind', async () => {
      await done('PUT', '/v1/customers/ada', { plan: 'free' });
      await done('PUT', '/v1/customers/cio_ada', { plan: 'pro' });
      await done('PUT', '/v1/customers/cio_nobody', { plan: 'pro' });
      expect(await person('ada')).toMatchObject({ traits: { plan: 'pro' } });
      expect(await stored()).toEqual(['identify of ada', 'identify of ada']);
    });

    it('are not made by an update, and such an update claims nothing', async () => {
      await done('POST', '/v1/events', { name: 'seen', anonymous_id: 'v' });
      await done('PUT', '/v1/customers/ada', { _update: true, plan: 'pro', anonymous_id: 'v' });
      expect(await person('ada')).toMatchObject({ code: 'not_found' });
      await done('PUT', '/v1/customers/ada', {});
      await done('PUT', '/v1/customers/ada', { _update: true, plan: 'pro', anonymous_id: 'v' });
      expect(await person('ada')).toMatchObject({ traits: { plan: 'pro' }, anonymousIds: ['v'], events: [{ name: 'seen', previouslyAnonymous: true }] });
    });

    it('are deleted, by any name; whoever is not there needs no deleting', async () => {
      for (const name of ['ada', 'ada%40example.com', 'cio_ada']) {
        time += SECOND;
        await done('PUT', '/v1/customers/ada', { email: 'ada@example.com' });
        expect(await person('ada')).toMatchObject({ id: 'ada' });
        time += SECOND;
        await done('DELETE', `/v1/customers/${name}`);
        expect([name, await person('ada')]).toEqual([name, { code: 'not_found', message: expect.any(String) }]);
        await done('DELETE', `/v1/customers/${name}`);
      }
    });

    it('that a page knows by an email as their id are found by it in a path', async () => {
      const page = (message: object) => collector.fetch(new Request('http://127.0.0.1:4321/v1/b', { method: 'POST', body: JSON.stringify({ writeKey: 'WK', batch: [message] }) }));
      const path = '/v1/customers/bob%40example.com';
      const everybody = async () => ((await read('/api/people')) as { items: { id: string }[] }).items.map(({ id }) => id);
      await page({ type: 'identify', userId: 'bob@example.com', anonymousId: 'v' });
      await done('PUT', path, { plan: 'pro' });
      await done('POST', `${path}/events`, { name: 'paid' });
      await done('PUT', `${path}/devices`, { device: { id: 'token' } });
      await done('DELETE', `${path}/devices/token`);
      await done('PUT', '/v1/customers/Bob%40Example.com', { city: 'Rome' });
      expect(await everybody()).toEqual(['bob@example.com']);
      expect(await person('bob@example.com')).toMatchObject({ traits: { plan: 'pro', city: 'Rome' }, events: [{ name: 'paid' }, {}, {}] });

      // Somebody else has it for an email: the id goes before.
      await done('PUT', '/v1/customers/ada', { email: 'bob@example.com' });
      await done('PUT', path, { plan: 'free' });
      expect([(await person('bob@example.com')).traits, (await person('ada')).traits]).toEqual([{ anonymous_id: 'v', plan: 'free', city: 'Rome' }, { email: 'bob@example.com' }]);

      await done('POST', `${path}/suppress`);
      await done('POST', `${path}/events`, { name: 'ignored' });
      await page({ type: 'track', event: 'ignored', userId: 'bob@example.com' });
      await done('POST', `${path}/unsuppress`);
      expect((await person('bob@example.com')).events.map(({ name }) => name)).not.toContain('ignored');
      await done('DELETE', path);
      expect(await everybody()).toEqual(['ada']);
    });

    it('that a page knows by an email as their id become one with others by it', async () => {
      await done('PUT', '/v1/customers/ada', {});
      await kept({ type: 'person', action: 'identify', identifiers: { id: 'bob@example.com' }, attributes: { plan: 'pro' } });
      await done('POST', '/v1/merge_customers', { primary: { id: 'ada' }, secondary: { email: 'Bob@example.com' } });
      expect(await person('bob@example.com')).toMatchObject({ id: 'ada', traits: { plan: 'pro' } });
    });

    it('are suppressed by any name, known or not: nothing of them is kept until they are unsuppressed', async () => {
      for (const [name, path] of [['ada', 'ada'], ['grace@example.com', 'Grace%40example.com']] as const) {
        await done('POST', `/v1/customers/${path}/suppress`);
        await done('PUT', `/v1/customers/${path}`, { plan: 'pro' });
        await done('POST', `/v1/customers/${path}/events`, { name: 'ignored' });
        expect([name, (await person(name)).traits ?? {}]).toEqual([name, {}]);
        await done('POST', `/v1/customers/${path}/unsuppress`);
        await done('POST', `/v1/customers/${path}/events`, { name: 'heeded' });
        expect((await person(name)).events.map(({ name }) => name)).toEqual(['heeded']);
      }
    });

    it('become one: the secondary is the primary from now on', async () => {
      await done('PUT', '/v1/customers/ada', { plan: 'pro' });
      await done('PUT', '/v1/customers/old%40example.com', { plan: 'free', city: 'London' });
      await done('POST', '/v1/merge_customers', { primary: { id: 'ada' }, secondary: { email: 'OLD@example.com' } });
      await done('POST', '/v1/customers/old%40example.com/events', { name: 'paid' });
      expect(await person('ada')).toMatchObject({ traits: { plan: 'pro', city: 'London' }, events: [{ name: 'paid' }] });
      // A retry, and somebody who is not there: nothing happens, and that is fine.
      await done('POST', '/v1/merge_customers', { primary: { id: 'ada' }, secondary: { email: 'old@example.com' } });
      await done('POST', '/v1/merge_customers', { primary: { cio_id: 'ada' }, secondary: { id: 'nobody' } });
    });

    it('stay two where a call names two at once: the one in the path gets the rest, and the log tells', async () => {
      await done('PUT', '/v1/customers/ada', { email: 'ada@example.com' });
      await done('PUT', '/v1/customers/grace', { email: 'grace@example.com' });
      await done('PUT', '/v1/customers/grace', { email: 'ada@example.com', plan: 'pro' });
      expect(await person('grace')).toMatchObject({ id: 'grace', traits: { email: 'grace@example.com', plan: 'pro' } });
      expect(await person('ada')).toMatchObject({ id: 'ada', traits: { email: 'ada@example.com' } });
      expect(await log('&person=grace')).toContainEqual(expect.objectContaining({ type: 'failed_attribute_change', attribute: 'email' }));
    });

    it('are not merged, deleted or suppressed by halves of names', async () => {
      const long = 'x'.repeat(151);
      expect(await complaint('POST', '/v1/merge_customers', {})).toMatch(/^400 .*primary/);
      expect(await complaint('POST', '/v1/merge_customers', { primary: { id: 'ada' } })).toMatch(/^400 .*secondary/);
      expect(await complaint('POST', '/v1/merge_customers', { primary: { id: 'ada' }, secondary: { id: ' ' } })).toMatch(/^400 .*secondary/);
      expect(await complaint('POST', '/v1/merge_customers', { primary: { id: 'ada' }, secondary: { id: long } })).toMatch(/^400 .*150 bytes/);
      for (const [method, path] of [
        ['PUT', ''],
        ['DELETE', ''],
        ['POST', '/suppress'],
        ['POST', '/unsuppress'],
        ['POST', '/events'],
      ] as const) {
        expect(await complaint(method, `/v1/customers/${long}${path}`, { name: 'it' })).toMatch(/^400 .*150 bytes/);
        expect(await complaint(method, `/v1/customers/%20${path}`, { name: 'it' })).toMatch(/^400 .*blank/);
      }
      expect(await stored()).toEqual([]);
    });
  });

  describe('an anonymous id among the attributes', () => {
    it('claims what its visitor did within 30 days, and what comes within five minutes', async () => {
      await done('POST', '/v1/events', { name: 'too_old', anonymous_id: 'v', timestamp: (NOON - 31 * DAY) / 1000 });
      await done('POST', '/v1/events', { name: 'before', anonymous_id: 'v', timestamp: (NOON - 2 * DAY) / 1000 });
      await done('PUT', '/v1/customers/ada%40example.com', { anonymous_id: 'v', id: 'ada' });
      time += 5 * MINUTE;
      await done('POST', '/v1/events', { name: 'after', anonymous_id: 'v' });
      time += 1;
      await done('POST', '/v1/events', { name: 'too_late', anonymous_id: 'v' });
      const { events, traits, anonymousIds } = await person('ada');
      expect(events.map(({ name, previouslyAnonymous, occurredAt }) => [name, previouslyAnonymous, occurredAt])).toEqual([
        ['before', true, NOON - 2 * DAY],
        ['after', true, NOON + 5 * MINUTE],
      ]);
      expect([traits, anonymousIds]).toEqual([{ email: 'ada@example.com', anonymous_id: 'v' }, ['v']]);
      expect((await log('&tab=anonymous')).map(told)).toEqual(['too_late', 'too_old']);
    });

    it('that somebody has is not theirs: the rest is, and nobody is told whose it is', async () => {
      await done('POST', '/v1/events', { name: 'seen', anonymous_id: 'v' });
      await done('PUT', '/v1/customers/ada', { anonymous_id: 'v' });
      await done('PUT', '/v1/customers/grace', { anonymous_id: 'v', plan: 'pro' });
      expect(await person('grace')).toMatchObject({ traits: { plan: 'pro' }, anonymousIds: [], events: [] });
      expect((await log('&person=grace')).map(({ type }) => type)).toContain('failed_attribute_change');
    });

    it('of an event of somebody claims nothing', async () => {
      await done('POST', '/v1/events', { name: 'seen', anonymous_id: 'v' });
      await done('POST', '/v1/customers/ada/events', { name: 'paid', data: { anonymous_id: 'v' } });
      expect((await person('ada')).events.map(({ name }) => name)).toEqual(['paid']);
    });
  });

  describe('events', () => {
    it('are of somebody, with data, a time in unix seconds, and a type', async () => {
      await done('POST', '/v1/customers/ada/events', { name: 'paid', data: { total: 39.95 }, timestamp: NOON / 1000 - 60 });
      await done('POST', '/v1/customers/ada/events', { name: 'https://shop.example/cart', type: 'page', timestamp: String(NOON / 1000 - 30) });
      await done('POST', '/v1/customers/ada/events', { name: 'Cart', type: 'screen' });
      expect((await person('ada')).events).toMatchObject([
        { type: 'track', name: 'paid', occurredAt: NOON - MINUTE },
        { type: 'page', name: 'https://shop.example/cart', occurredAt: NOON - 30 * SECOND },
        { type: 'screen', name: 'Cart', occurredAt: NOON },
      ]);
      expect((await messages()).map(({ properties }) => properties)).toEqual([{ total: 39.95 }, { url: 'https://shop.example/cart' }, {}]);
    });

    it('that come twice with the same id are one', async () => {
      for (const path of ['/v1/customers/ada/events', '/v1/events']) {
        await done('POST', path, { id: '01HB4HBDKTFWYZCK01DMRSWRFD', name: 'paid', anonymous_id: 'v' });
        await done('POST', path, { id: '01HB4HBDKTFWYZCK01DMRSWRFD', name: 'paid', anonymous_id: 'v' });
      }
      expect(await stored()).toEqual(['paid of ada', 'paid']);
    });

    it('of nobody are kept, and can never be anybody’s', async () => {
      await done('POST', '/v1/events', { name: 'invited', data: { email: 'ada@example.com' } });
      await done('PUT', '/v1/customers/ada', { anonymous_id: '' });
      expect(await stored()).toEqual(['invited', 'identify of ada']);
      expect((await person('ada')).events).toEqual([]);
    });

    it('without a name, of an unknown type, or with data that is none say so', async () => {
      for (const path of ['/v1/customers/ada/events', '/v1/events']) {
        expect(await complaint('POST', path, { anonymous_id: 'v' })).toMatch(/^400 .*name/);
        expect(await complaint('POST', path, { anonymous_id: 'v', name: ' ' })).toMatch(/^400 .*name/);
        expect(await complaint('POST', path, { anonymous_id: 'v', name: 'it', type: 'video' })).toMatch(/^400 .*"event", "page" or "screen"/);
        expect(await complaint('POST', path, { anonymous_id: 'v', name: 'it', data: 'red' })).toMatch(/^400 .*data/);
        expect(await complaint('POST', path, { anonymous_id: 'v'.repeat(256), name: 'it', id: 'x'.repeat(101) })).toMatch(/^400 .*at most/);
      }
      expect(await stored()).toEqual([]);
    });
  });

  it('devices come and go in the log of their owner, with all that was said of them', async () => {
    const device = { id: 'token', platform: 'ios', last_used: 1_700_000_000, attributes: { app_version: '2.1' } };
    await done('PUT', '/v1/customers/ada/devices', { device });
    await done('DELETE', '/v1/customers/ada/devices/token');
    expect(await stored()).toEqual(['Device Created or Updated of ada', 'Device Deleted of ada']);
    expect((await messages()).map(({ properties }) => properties)).toEqual([{ token: 'token', platform: 'ios', last_used: 1_700_000_000, app_version: '2.1' }, { token: 'token' }]);
    expect(await complaint('PUT', '/v1/customers/ada/devices', {})).toMatch(/^400 .*device/);
    expect(await complaint('PUT', '/v1/customers/ada/devices', { device: { platform: 'ios' } })).toMatch(/^400 .*token/);
  });

  it('what became of a delivery is kept', async () => {
    await done('POST', '/v1/metrics', { delivery_id: 'd', metric: 'clicked', href: 'https://shop.example', timestamp: NOON / 1000 - 60 });
    await done('POST', '/v1/push/events', { delivery_id: 'd', event: 'opened', device_id: 'token', timestamp: NOON / 1000 });
    expect(await stored()).toEqual(['Report Delivery Event', 'Report Delivery Event']);
    expect((await messages()).map(({ properties }) => properties)).toEqual([
      { deliveryId: 'd', metric: 'clicked', href: 'https://shop.example' },
      { deliveryId: 'd', metric: 'opened', device_id: 'token' },
    ]);
    expect(await complaint('POST', '/v1/metrics', { metric: 'opened' })).toMatch(/^400 .*delivery_id/);
    expect(await complaint('POST', '/v1/metrics', { delivery_id: 'd' })).toMatch(/^400 .*became/);
  });

  it('the region of an account is here', async () => {
    expect(await answer('GET', '/v1/accounts/region')).toEqual([200, { url: '127.0.0.1:4321', data_center: expect.any(String), environment_id: expect.any(Number) }]);
  });

  describe('what cannot be read', () => {
    it('is refused with what is wrong with it', async () => {
      for (const [body, reason] of [
        ['', /empty/],
        ['name=it&anonymous_id=v', /JSON/],
        ['{"name":', /JSON/],
        ['[]', /object/],
        ['"it"', /object/],
      ] as const) {
        expect(await complaint('POST', '/v1/events', body, { 'Content-Type': 'application/x-www-form-urlencoded' })).toMatch(new RegExp(`^400 .*${reason.source}`));
        expect(await faults('POST', '/v2/entity', body)).toEqual(['400 invalid body']);
        expect(await faults('POST', '/v2/batch', body)).toEqual(['400 invalid body']);
      }
      expect(await complaint('POST', '/v1/events', '{"name":"it","anonymous_id":"v","data":{"__proto__":{}}}')).toMatch(/^400 .*__proto__/);
      expect(await complaint('PUT', '/v1/customers/ada', `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)).toMatch(/^400 .*levels/);
      expect(await complaint('PUT', '/v1/customers/ada', { text: 'x'.repeat(32 * 1024) })).toMatch(/^413 .*32768 bytes/);
      expect(await stored()).toEqual([]);
    });

    it('is what lies at other addresses, and what is asked for in other ways', async () => {
      expect(await complaint('GET', '/v1/customers')).toMatch(/^404 .*\/api\/v1\/customers/);
      expect(await complaint('POST', '/v1/nothing', {})).toMatch(/^404 /);
      expect(await faults('POST', '/v2/nothing', {})).toEqual(['404 invalid path']);
      for (const [method, path, allow] of [
        ['GET', '/v1/customers/ada', 'PUT, DELETE'],
        ['GET', '/v1/customers/ada/events', 'POST'],
        ['POST', '/v1/customers/ada/devices', 'PUT'],
        ['PUT', '/v1/customers/ada/devices/token', 'DELETE'],
        ['GET', '/v1/customers/ada/suppress', 'POST'],
        ['PUT', '/v1/events', 'POST'],
        ['GET', '/v1/merge_customers', 'POST'],
        ['POST', '/v1/accounts/region', 'GET'],
      ] as const) {
        const response = await ask(method, path, method === 'GET' ? undefined : {});
        expect([path, response.status, response.headers.get('Allow'), await response.json()]).toEqual([path, 405, allow, { meta: { errors: [expect.stringContaining(allow)] } }]);
      }
      const response = await ask('PUT', '/v2/entity', {});
      expect([response.status, response.headers.get('Allow'), await response.json()]).toEqual([405, 'POST', { errors: [{ reason: 'invalid', field: 'method', message: expect.stringContaining('POST') }] }]);
    });
  });

  it('says 503 and when to come back while nothing can be stored', async () => {
    await start({ ledger: { ...memoryLedger(), append: () => Promise.reject(new Error('disk')) } });
    const response = await ask('POST', '/v1/events', { name: 'it', anonymous_id: 'v' });
    expect([response.status, response.headers.get('Retry-After'), await response.json()]).toEqual([503, '5', { meta: { errors: [expect.stringContaining('again')] } }]);
    expect(await faults('POST', '/v2/batch', { batch: [{ type: 'person', action: 'event', identifiers: { id: 'ada' }, name: 'it' }] })).toEqual(['503 invalid body']);
  });

  it('says 503 while nobody can be looked for by an email in a path, and stores nothing meanwhile', async () => {
    const ledger = memoryLedger();
    await start({ ledger: { ...ledger, administration: { ...ledger.administration, nameMeantBy: () => Promise.reject(new Error('disk')) } } });
    expect(await complaint('PUT', '/v1/customers/ada%40example.com', {})).toMatch(/^503 .*again/);
    await done('PUT', '/v1/customers/ada', {});
    expect(await stored()).toEqual(['identify of ada']);
  });

  describe('an entity', () => {
    const about = (identifiers: object, action: string, fields: object = {}) => ({ type: 'person', identifiers, action, ...fields });

    it('is a person, under any of their names, and what they do', async () => {
      await kept(
        about({ id: 'ada' }, 'identify', { attributes: { plan: 'pro' } }),
        about({ id: 'ada' }, 'event', { name: 'paid', attributes: { total: 1 }, timestamp: NOON / 1000 - 60 }),
        about({ cio_id: 'ada' }, 'page', { name: '/cart', attributes: { ref: 'mail' } }),
        about({ cio_id: 'cio_ada' }, 'screen', { name: 'Cart' }),
        about({ email: 'Grace@example.com' }, 'identify', { attributes: { plan: 'free' } }),
        about({ email: 'grace@example.com' }, 'event', { name: 'seen' }),
        about({ id: 7 }, 'event', { name: 'counted' }),
      );
      expect(await person('ada')).toMatchObject({ traits: { plan: 'pro' }, events: [{ name: 'paid', occurredAt: NOON - MINUTE }, { type: 'page', name: '/cart' }, { type: 'screen', name: 'Cart' }] });
      expect(await person('grace@example.com')).toMatchObject({ traits: { email: 'grace@example.com', plan: 'free' }, events: [{ name: 'seen' }] });
      expect(await person('7')).toMatchObject({ events: [{ name: 'counted' }] });
    });

    it('is a visitor, as Segment’s cloud destination says it, until an identify names both', async () => {
      await kept(
        about({ anonymous_id: 'v' }, 'event', { name: 'added', attributes: { product: 'shoes' } }),
        about({ anonymous_id: 'v' }, 'page', { name: '/pricing' }),
        about({ anonymous_id: 'v' }, 'identify', { attributes: { theme: 'dark' } }),
      );
      expect((await log('&tab=anonymous')).map(told).reverse()).toEqual(['added', '/pricing', 'identify']);
      await kept(about({ id: 'ada' }, 'identify', { attributes: { anonymous_id: 'v', email: 'ada@example.com' } }));
      expect(await person('ada')).toMatchObject({
        traits: { email: 'ada@example.com', theme: 'dark', anonymous_id: 'v' },
        anonymousIds: ['v'],
        events: [
          { name: 'added', previouslyAnonymous: true },
          { name: '/pricing', previouslyAnonymous: true },
        ],
      });
    });

    it('may have come before: by its id it is known', async () => {
      const event = about({ id: 'ada' }, 'event', { name: 'paid', id: '01HB4HBDKTFWYZCK01DMRSWRFD' });
      await kept(event, event);
      await kept(event);
      expect(await stored()).toEqual(['paid of ada']);
    });

    it('is merged, deleted, suppressed, in the order of the batch', async () => {
      await kept(
        about({ id: 'old' }, 'event', { name: 'seen' }),
        about({ id: 'ada' }, 'identify'),
        { type: 'person', action: 'merge', primary: { id: 'ada' }, secondary: { id: 'old' } },
        about({ id: 'old' }, 'event', { name: 'paid' }),
        about({ id: 'grace' }, 'suppress'),
        about({ id: 'grace' }, 'event', { name: 'ignored' }),
        about({ id: 'grace' }, 'unsuppress'),
        about({ id: 'grace' }, 'event', { name: 'heeded' }),
        about({ id: 'joan' }, 'event', { name: 'gone' }),
        about({ id: 'joan' }, 'delete'),
      );
      expect((await person('ada')).events.map(({ name }) => name)).toEqual(['seen', 'paid']);
      expect((await person('grace')).events.map(({ name }) => name)).toEqual(['heeded']);
      expect(await person('joan')).toMatchObject({ code: 'not_found' });
    });

    it('has devices', async () => {
      await kept(about({ id: 'ada' }, 'add_device', { device: { token: 't', platform: 'android' } }), about({ id: 'ada' }, 'delete_device', { device: { token: 't' } }));
      expect(await stored()).toEqual(['Device Created or Updated of ada', 'Device Deleted of ada']);
    });

    it('belongs to objects: each relationship is a group of theirs, with what was said of it', async () => {
      const acme = { identifiers: { object_type_id: '1', object_id: 'acme' }, relationship_attributes: { role: 'admin' } };
      await kept(
        about({ id: 'ada' }, 'identify', { attributes: { plan: 'pro' }, cio_relationships: [acme] }),
        about({ anonymous_id: 'v' }, 'add_relationships', { cio_relationships: [acme] }),
        about({ id: 'ada' }, 'delete_relationships', { cio_relationships: [acme] }),
      );
      expect(await stored()).toEqual(['identify of ada', 'acme of ada', 'acme', 'Relationship Deleted of ada']);
      expect((await messages()).slice(1).map(({ traits, properties }) => traits ?? properties)).toEqual([{ role: 'admin' }, { role: 'admin' }, { objectId: 'acme', objectTypeId: '1' }]);
    });

    it('is an object: kept with whoever belongs to it, or with nobody', async () => {
      const object = (action: string, fields: object = {}) => ({ type: 'object', identifiers: { object_type_id: '2', object_id: 'chess' }, action, ...fields });
      const members = { cio_relationships: [{ identifiers: { id: 'ada' }, relationship_attributes: { role: 'teacher' } }, { identifiers: { email: 'grace@example.com' } }] };
      await kept(
        object('identify', { attributes: { title: 'Chess' } }),
        object('identify', { attributes: { title: 'Chess for all' }, ...members }),
        object('identify_anonymous', { attributes: {}, cio_relationships: [{ identifiers: { anonymous_id: 'v' } }] }),
        object('add_relationships', members),
        object('delete_relationships', members),
        object('event', { name: 'course_started', attributes: { room: 4 } }),
        object('delete'),
      );
      expect(await stored()).toEqual([
        'chess',
        'chess of ada',
        'chess of email:grace@example.com',
        'chess',
        'chess of ada',
        'chess of email:grace@example.com',
        'Relationship Deleted of ada',
        'Relationship Deleted of email:grace@example.com',
        'course_started',
        'Object Deleted',
      ]);
      const [alone, teacher] = await messages();
      expect([alone!['traits'], teacher!['traits']]).toEqual([
        { objectTypeId: '2', title: 'Chess' },
        { objectTypeId: '2', title: 'Chess for all', role: 'teacher' },
      ]);
    });

    it('is a delivery: what became of a message that somebody sent', async () => {
      await kept({ type: 'delivery', action: 'event', identifiers: { id: 'd' }, name: 'opened', attributes: { device_id: 't' } });
      expect((await messages()).map(({ event, properties }) => [event, properties])).toEqual([['Report Delivery Event', { deliveryId: 'd', metric: 'opened', device_id: 't' }]]);
    });

    it('that cannot be stored is told by its place; its neighbours are stored', async () => {
      const batch = [
        about({ id: 'ada' }, 'event', { name: 'first' }),
        7,
        { type: 'planet' },
        about({ id: 'ada' }, 'dance'),
        about({}, 'event', { name: 'it' }),
        { type: 'person', action: 'event', name: 'it' },
        about({ id: 'ada' }, 'event'),
        about({ id: 'x'.repeat(151) }, 'event', { name: 'it' }),
        about({ id: 'x'.repeat(151) }, 'delete'),
        about({ anonymous_id: 'v' }, 'suppress'),
        about({ id: 'ada' }, 'identify', { attributes: 'blue' }),
        about({ id: 'ada' }, 'add_relationships', { cio_relationships: [{}] }),
        about({ id: 'ada' }, 'add_relationships'),
        about({ id: 'ada' }, 'add_relationships', { cio_relationships: [{ identifiers: { object_id: 'acme' }, relationship_attributes: 'admin' }] }),
        about({ id: 'ada' }, 'add_device', { device: { token: 't', attributes: 'new' } }),
        { type: 'object', action: 'identify', identifiers: { object_type_id: '1' } },
        { type: 'person', action: 'merge', primary: { id: 'ada' } },
        about({ id: 'ada' }, 'event', { name: 'it', attributes: { text: 'x'.repeat(32 * 1024) } }),
        { type: 'delivery', action: 'event', identifiers: {} },
        about({ id: 'ada' }, 'event', { name: 'last' }),
      ];
      expect(await faults('POST', '/v2/batch', { batch })).toEqual([
        '207 1 invalid type',
        '207 2 invalid type',
        '207 3 invalid action',
        '207 4 required identifiers',
        '207 5 required identifiers',
        '207 6 required name',
        '207 7 invalid identifiers',
        '207 8 invalid identifiers',
        '207 9 invalid identifiers',
        '207 10 invalid attributes',
        '207 11 required cio_relationships',
        '207 12 required cio_relationships',
        '207 13 invalid cio_relationships',
        '207 14 invalid device',
        '207 15 required identifiers',
        '207 16 required secondary',
        '207 17 invalid attributes',
        '207 18 required delivery_id',
      ]);
      expect(await stored()).toEqual(['first of ada', 'last of ada']);
    });

    it('alone says the same with a 400', async () => {
      expect(await faults('POST', '/v2/entity', about({}, 'event', { name: 'it' }))).toEqual(['400 required identifiers']);
      expect(await faults('POST', '/v2/entity', about({ id: 'ada' }, 'event'))).toEqual(['400 required name']);
      expect(await faults('POST', '/v2/batch', {})).toEqual(['400 required batch']);
      expect((await entity(about({ id: 'ada' }, 'event', { name: 'it' }))).status).toBe(200);
    });

    it('does not unfold beyond reason', async () => {
      const members = Array.from({ length: 500 }, (_, index) => ({ identifiers: { id: index } }));
      const crowd = { type: 'object', action: 'identify', identifiers: { object_id: 'acme' }, attributes: { text: 'x'.repeat(10_000) }, cio_relationships: members };
      expect(await faults('POST', '/v2/entity', crowd)).toEqual(['400 invalid cio_relationships']);
      expect(await faults('POST', '/v2/batch', { batch: Array(10_001).fill(0) })).toEqual(['400 invalid batch']);
      expect(await stored()).toEqual([]);
    });

    it('may have 32 KB, and a batch 500 KB', async () => {
      const ofBytes = (bytes: number) => {
        const item = about({ id: 'ada' }, 'event', { name: 'it', attributes: { text: '' } });
        return { ...item, attributes: { text: 'x'.repeat(bytes - JSON.stringify(item).length) } };
      };
      expect((await entity(ofBytes(32 * 1024))).status).toBe(200);
      expect((await entity(ofBytes(32 * 1024 + 1))).status).toBe(413);
      const fitting = { batch: Array.from({ length: 15 }, () => ofBytes(32 * 1024)) };
      const room = 500 * 1024 - JSON.stringify(fitting).length;
      expect((await ask('POST', '/v2/batch', { ...fitting, pad: 'x'.repeat(room - ',"pad":""'.length) })).status).toBe(200);
      expect((await ask('POST', '/v2/batch', { ...fitting, pad: 'x'.repeat(room - ',"pad":""'.length + 1) })).status).toBe(413);
    });
  });
});
