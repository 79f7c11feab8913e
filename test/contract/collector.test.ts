import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector, type CollectorOptions, type LogEntry } from '../../src/collector/index.js';
import { prometheusMeter } from '../../src/command-line/metrics.js';
import { memoryLedger, type Ledger } from '../../src/ledger/index.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import type { ActivityPage, BatchAnswer } from '../../src/wire/index.js';
import { nameOf } from './ledger.js';
import { HOUR, iso, MINUTE, NOON, SECOND } from './messages.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const HOST = 'http://127.0.0.1:4321';
const LEDGERS: [string, () => Ledger][] = [
  ['memory', memoryLedger],
  ['sqlite', () => sqliteLedger({ file: join(makeFolder(), 'hitherto.db') })],
];

const track = (event: string, fields: object = {}) => ({ type: 'track', event, anonymousId: 'v', messageId: event, ...fields });

function ofBytes(bytes: number): object {
  const rest = bytes - JSON.stringify(track('it', { properties: { text: '' } })).length;
  // Half of them in characters of two bytes, since a limit in bytes is not one in characters.
  return track('it', { properties: { text: 'é'.repeat(rest >> 2).padEnd(rest - (rest >> 2), 'x') } });
}

function nested(levels: number): string {
  return `{"type":"track","event":"it","anonymousId":"v","properties":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;
}

describe.each(LEDGERS)('the collector on %s', (_, makeLedger) => {
  let collector: Collector | undefined;
  let time: number;
  let logged: LogEntry[];

  function start(options: Partial<CollectorOptions> = {}): void {
    void collector?.close();
    collector = createCollector({
      ledger: makeLedger(),
      writeKeys: ['WK'],
      secretKeys: ['SECRET'],
      adminToken: 'ADMIN',
      now: () => time,
      log: (entry) => logged.push(entry),
      ...options,
    });
  }

  beforeEach(() => {
    time = NOON;
    logged = [];
    start();
  });
  afterEach(() => collector!.close());

  const ask = (path: string, init?: RequestInit) => collector!.fetch(new Request(`${HOST}${path}`, init));
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(path, { method: 'POST', headers: { 'Content-Type': 'text/plain', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const batch = async (body: object, headers?: Record<string, string>) => {
    const response = await post('/v1/b', { writeKey: 'WK', ...body }, headers);
    return { status: response.status, answer: (await response.json()) as BatchAnswer & { code?: string } };
  };
  const read = (path: string, headers: Record<string, string> = {}) => ask(path, { headers: { Authorization: 'Bearer ADMIN', ...headers } });
  const log = async (query = '') => ((await (await read(`/api/activity${query}`)).json()) as ActivityPage).items;
  const stored = async () => (await log()).map(nameOf);
  /** The code of a body that cannot be read. */
  const unreadable = async (body: BodyInit, headers: Record<string, string> = {}) => {
    const answers = [];
    for (const strict of [{}, { 'X-Strict-Mode': '1' }]) {
      const response = await ask('/v1/b', { method: 'POST', body, headers: { ...headers, ...strict } });
      const { success, code, message } = (await response.json()) as { success: boolean; code: string; message: string };
      expect([success, message]).toEqual([false, expect.stringMatching(/^[A-Z].*\.$/)]);
      answers.push([response.status, code]);
    }
    expect(answers.map(([status]) => status)).toEqual([200, 400]);
    expect(answers[0]![1]).toBe(answers[1]![1]);
    return answers[0]![1];
  };
  /** What becomes of a message between two good ones. */
  const refusedOf = async (message: object | string) => {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    const response = await post('/v1/b', `{"writeKey":"WK","batch":[${JSON.stringify(track('before'))},${body},${JSON.stringify(track('after'))}],"pad":"${'x'.repeat(40_000)}"}`);
    const { refused } = (await response.json()) as BatchAnswer;
    expect((await stored()).filter((event) => event !== 'it')).toEqual(['after', 'before']);
    return refused.map(({ index, code }) => `${index} ${code}`);
  };

  describe('a batch', () => {
    it('is stored, and the answer says so', async () => {
      const response = await post('/v1/b', { writeKey: 'WK', sentAt: iso(NOON), batch: [track('one'), track('two')] });
      expect(response.status).toBe(200);
      expect(response.headers.get('Content-Type')).toMatch('application/json');
      expect(await response.json()).toEqual({ success: true, accepted: 2, refused: [], late: [], gzip: true });
      expect(await stored()).toEqual(['two', 'one']);
    });

    it('may be empty', async () => {
      expect(await batch({ batch: [] })).toEqual({ status: 200, answer: { success: true, accepted: 0, refused: [], late: [], gzip: true } });
    });

    it('that comes again is accepted and stored once', async () => {
      await batch({ batch: [track('one')] });
      expect((await batch({ batch: [track('one')] })).answer.accepted).toBe(1);
      expect(await stored()).toEqual(['one']);
    });

    it('keeps its good messages, and names the bad ones with what is wrong', async () => {
      const { status, answer } = await batch({ batch: [track('one'), { type: 'shout' }, 7, track('two'), { type: 'track', messageId: 'm4', anonymousId: 'v' }, track('three', { properties: 'blue' })] });
      expect(status).toBe(200);
      expect(answer).toMatchObject({
        success: true,
        accepted: 2,
        refused: [
          { index: 1, code: 'unknown_type' },
          { index: 2, code: 'not_an_object' },
          { index: 4, code: 'no_event', messageId: 'm4' },
          { index: 5, code: 'bad_properties', messageId: 'three' },
        ],
      });
      for (const { message } of answer.refused) expect(message).toMatch(/^[A-Za-z].*\.$/);
      expect(await stored()).toEqual(['two', 'one']);
    });

    it('gives a message without an id one of its own', async () => {
      await batch({ batch: [{ type: 'track', event: 'one', anonymousId: 'v' }, { type: 'track', event: 'two', anonymousId: 'v' }] });
      const ids = (await log()).map(({ messageId }) => messageId);
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) expect(id).toMatch(/^[\w-]{10,100}$/);
    });

    it('arrives at one moment: a track behind the identify joins', async () => {
      await batch({ batch: [{ type: 'identify', userId: 'ada', anonymousId: 'v' }, track('behind')] });
      expect(await (await read('/api/people/ada')).json()).toMatchObject({ events: [{ name: 'behind', previouslyAnonymous: true }] });
    });

    it('may say how many events its browser gave up: whoever runs the collector gets to know', async () => {
      await batch({ batch: [track('one')], dropped: 12 });
      expect(logged).toMatchObject([{ level: 'warning', code: 'events_given_up', message: expect.stringContaining('12 events') }]);
    });

    it.each(['1e999', '1e308', '-1', '0.5', '"12"', '[12]'])('is stored although it says that %s of its browser’s events are given up, and that is not counted', async (dropped) => {
      const meter = prometheusMeter();
      start({ meter });
      const response = await post('/v1/b', `{ "writeKey": "WK", "dropped": ${dropped}, "batch": [${JSON.stringify(track('one'))}] }`);
      expect(await response.json()).toMatchObject({ success: true, accepted: 1 });
      expect(logged).toEqual([]);
      expect(await meter.text!()).toMatch(/browser_events_given_up_total 0$/m);
    });

    it('names what came after its late window', async () => {
      await batch({ batch: [{ type: 'identify', userId: 'ada', anonymousId: 'v' }] });
      time = NOON + 5 * MINUTE + 1;
      const sent = { batch: [track('straggler'), track('other', { anonymousId: 'w' })] };
      expect((await batch(sent)).answer).toEqual({ success: true, accepted: 2, refused: [], late: ['straggler'], gzip: true });
      expect((await batch(sent)).answer.late).toEqual(['straggler']);
    });

    it('tells by its own sentAt how wrong the clock is, whatever its messages say', async () => {
      const wrong = NOON - 10 * MINUTE;
      await batch({ sentAt: iso(wrong), batch: [track('one', { timestamp: iso(wrong - SECOND), sentAt: iso(NOON) })] });
      expect(await log()).toMatchObject([{ occurredAt: NOON - SECOND }]);
    });

    it('lends its context and integrations to its messages, under what they say themselves', async () => {
      const appended: unknown[] = [];
      const ledger = makeLedger();
      start({ ledger: { ...ledger, append: (messages, at) => (appended.push(...messages), ledger.append(messages, at)) } });
      await batch({ context: { locale: 'de', ip: '1.2.3.4' }, integrations: { All: false }, batch: [track('one', { context: { locale: 'fr' }, writeKey: 'WK' }), track('two', { integrations: { All: true } })] });
      expect(appended).toEqual([
        { ...track('one'), context: { locale: 'fr', ip: '1.2.3.4' }, integrations: { All: false } },
        { ...track('two'), context: { locale: 'de', ip: '1.2.3.4' }, integrations: { All: true } },
      ]);
    });
  });

  describe('one message', () => {
    it.each([
      ['t', 'event'], ['track', 'event'], ['i', 'identify'], ['identify', 'identify'], ['p', 'page'], ['page', 'page'],
      ['s', 'screen'], ['screen', 'screen'], ['g', 'group'], ['group', 'group'], ['a', 'alias'], ['alias', 'alias'],
    ])('is of the type that its path says: /v1/%s', async (path, type) => {
      const response = await post(`/v1/${path}`, { type: 'nonsense', event: 'e', userId: 'ada', groupId: 'g', previousId: 'p', writeKey: 'WK' });
      expect(await response.json()).toMatchObject({ success: true, accepted: 1 });
      expect(await log()).toMatchObject([{ type, person: 'ada' }]);
    });

    it('that is no good is refused by name, and by status where that was asked for', async () => {
      const bad = { messageId: 'm', anonymousId: 'v', writeKey: 'WK' };
      const lenient = await post('/v1/t', bad);
      expect([lenient.status, await lenient.json()]).toMatchObject([200, { success: true, accepted: 0, refused: [{ index: 0, messageId: 'm', code: 'no_event' }] }]);
      const strict = await post('/v1/t', bad, { 'X-Strict-Mode': '1' });
      expect([strict.status, await strict.json()]).toMatchObject([400, { success: false, code: 'no_event' }]);
    });
  });

  describe('as recorded', () => {
    it('takes what the browser client of the original sends', async () => {
      const shared = {
        integrations: {},
        anonymousId: '5f0c',
        context: { page: { path: '/', referrer: '', search: '', title: 'Shop', url: 'http://shop.example/' }, userAgent: 'Mozilla/5.0', locale: 'en-US', library: { name: 'analytics.js', version: 'npm:next-0.5.11' } },
        writeKey: 'WK',
        sentAt: iso(NOON),
        _metadata: { bundled: ['Customer.io Data Pipelines'], unbundled: [], bundledIds: [] },
      };
      const requests: [string, object][] = [
        ['p', { type: 'page', properties: { path: '/', url: 'http://shop.example/' }, messageId: 'ajs-next-1', userId: null }],
        ['t', { type: 'track', event: 'addedToCart', properties: { product: 'cool-shoes', price: 39.95, n: null }, messageId: 'ajs-next-2', userId: null }],
        ['i', { type: 'identify', traits: { first_name: 'cool' }, messageId: 'ajs-next-3', userId: 'ada' }],
        ['g', { type: 'group', traits: { name: 'Acme' }, groupId: 'grp1', messageId: 'ajs-next-4', userId: 'ada' }],
        ['a', { type: 'alias', previousId: 'ada', messageId: 'ajs-next-5', userId: 'ada2' }],
        ['s', { type: 'screen', name: 'Scr', properties: { y: 2 }, messageId: 'ajs-next-6', userId: 'ada' }],
      ];
      for (const [path, message] of requests) {
        const response = await post(`/v1/${path}`, { timestamp: iso(NOON - SECOND), ...shared, ...message });
        expect(await response.json()).toMatchObject({ success: true, accepted: 1, refused: [] });
      }
      expect(await (await read('/api/people/ada')).json()).toMatchObject({
        traits: { first_name: 'cool' },
        anonymousIds: ['5f0c'],
        events: [{ type: 'page', previouslyAnonymous: true }, { name: 'addedToCart', previouslyAnonymous: true }, { name: 'Scr', previouslyAnonymous: false }],
      });
    });

    it('takes what the server client of the original sends', async () => {
      const context = { library: { name: '@customerio/cdp-analytics-node', version: '1.0.0-beta.22' } };
      const shared = { timestamp: iso(NOON), integrations: {}, context, anonymousId: '48d213bb', _metadata: { nodeVersion: '20.20.2', jsRuntime: 'node' } };
      const body = {
        batch: [
          { ...shared, type: 'track', event: 'added_to_cart', properties: { revenue: 39.95 }, messageId: 'node-next-1' },
          { ...shared, type: 'identify', userId: '019mr8mf4r', traits: { email: 'c@example.com' }, messageId: 'node-next-2' },
          { ...shared, type: 'page', category: 'c', name: 'Home', properties: { url: 'x', category: 'c' }, messageId: 'node-next-3' },
        ],
      };
      const response = await post('/v1/batch', body, { 'Content-Type': 'application/json', Authorization: `Basic ${btoa('WK:')}` });
      expect(await response.json()).toEqual({ success: true, accepted: 3, refused: [], late: [], gzip: true });
      expect(await stored()).toEqual(['Home', 'anon_merge 48d213bb', 'identify', 'added_to_cart']);
    });
  });

  describe('a key', () => {
    const one = [{ type: 'track', event: 'one', anonymousId: 'v', messageId: 'one' }];

    it.each<[string, object, Record<string, string>]>([
      ['in the body', { writeKey: 'WK' }, {}],
      ['as the user name of Basic authorization', {}, { Authorization: `Basic ${btoa('WK:')}` }],
      ['of a server, likewise', {}, { Authorization: `Basic ${btoa('SECRET:')}` }],
      ['on each message', { batch: [{ ...one[0], writeKey: 'WK' }] }, {}],
    ])('%s lets a batch in', async (_where, body, headers) => {
      expect(await (await post('/v1/b', { batch: one, ...body }, headers)).json()).toMatchObject({ success: true, accepted: 1 });
      expect(await stored()).toEqual(['one']);
    });

    it.each<[string, object, Record<string, string>]>([
      ['that nobody knows', { writeKey: 'other' }, {}],
      ['that is missing', {}, {}],
      ['that is blank', { writeKey: '' }, {}],
      ['that is no text', { writeKey: { $ne: 1 } }, {}],
      ['that nobody knows, in the header, before a good one in the body', { writeKey: 'WK' }, { Authorization: `Basic ${btoa('other:')}` }],
      ['that is blank, in the header', {}, { Authorization: `Basic ${btoa(':WK')}` }],
      ['that is not base64', {}, { Authorization: 'Basic ==' }],
      ['of a server, on a message', { batch: [{ ...one[0], writeKey: 'SECRET' }] }, {}],
    ])('%s keeps it out: 200 that says no, or 401 where that was asked for', async (_which, body, headers) => {
      const lenient = await post('/v1/b', { batch: one, ...body }, headers);
      expect([lenient.status, await lenient.json()]).toMatchObject([200, { success: false, code: 'unknown_write_key' }]);
      for (const strict of [await post('/v1/b', { batch: one, strict: true, ...body }, headers), await post('/v1/b', { batch: one, ...body }, { 'X-Strict-Mode': '1', ...headers })]) {
        expect([strict.status, await strict.json()]).toMatchObject([401, { success: false, code: 'unknown_write_key', message: expect.stringMatching(/\.$/) }]);
      }
      expect(await stored()).toEqual([]);
    });

    it('is asked of every message where the batch has none', async () => {
      const answer = await (await post('/v1/b', { batch: [track('one', { writeKey: 'WK' }), track('two', { writeKey: 'other' }), track('three')] })).json();
      expect(answer).toMatchObject({ success: true, accepted: 1, refused: [{ index: 1, code: 'unknown_write_key' }, { index: 2, code: 'unknown_write_key' }] });
      expect(await stored()).toEqual(['one']);
    });

    it('cannot be left blank by whoever sets the collector up', () => {
      for (const wrong of [{ writeKeys: [] }, { writeKeys: [''] }, { secretKeys: [' '] }, { adminToken: '' }]) {
        expect(() => createCollector({ ledger: memoryLedger(), writeKeys: ['WK'], ...wrong })).toThrow(TypeError);
      }
    });
  });

  it.each(['correct horse', 'pässword', ' t0ken'])('says of an admin token that nobody could ever send that it is one: %s', (adminToken) => {
    expect(() => createCollector({ ledger: memoryLedger(), writeKeys: ['WK'], adminToken })).toThrow(/^(?!.*t0ken)adminToken .*no header/);
  });

  describe('a body', () => {
    it.each<[string, string, string]>([
      ['that is empty', '', 'not_json'],
      ['that is not JSON', '{"batch":[', 'not_json'],
      ['that is a list', '[]', 'not_an_object'],
      ['without a batch', '{"writeKey":"WK"}', 'no_batch'],
      ['of more messages than the answer could name', `{"writeKey":"WK","batch":[${'0,'.repeat(10_000)}0]}`, 'too_many'],
    ])('%s is answered 200, or 400 where that was asked for', async (_which, body, code) => {
      expect(await unreadable(body)).toBe(code);
    });

    it('may be gzip', async () => {
      const body = gzipSync(JSON.stringify({ writeKey: 'WK', batch: [track('one')] }));
      const response = await ask('/v1/b', { method: 'POST', body, headers: { 'Content-Encoding': 'gzip' } });
      expect(await response.json()).toMatchObject({ accepted: 1 });
    });

    it('may be gzip that says so in its address, for a page that would need permission for a header', async () => {
      const body = gzipSync(JSON.stringify({ writeKey: 'WK', batch: [track('one')] }));
      const response = await ask('/v1/b?encoding=gzip', { method: 'POST', body });
      expect(await response.json()).toMatchObject({ accepted: 1, gzip: true });
    });

    it('that only says it is gzip, or is packed in some other way, is not read', async () => {
      expect(await unreadable('{}', { 'Content-Encoding': 'gzip' })).toBe('broken_body');
      expect(await unreadable(gzipSync(JSON.stringify({ writeKey: 'WK', batch: [track('one')] })).subarray(0, 40), { 'Content-Encoding': 'gzip' })).toBe('broken_body');
      expect(await unreadable('{}', { 'Content-Encoding': 'br' })).toBe('unknown_encoding');
    });

    it('may have 500 KB, and not a byte more', async () => {
      const filler = Array.from({ length: 16 }, (_, i) => track(`e${i}`, { properties: { text: 'x'.repeat(31_000) } }));
      const body = JSON.stringify({ writeKey: 'WK', batch: filler }).padEnd(512_000, ' ');
      expect(await (await post('/v1/b', body)).json()).toMatchObject({ accepted: 16, refused: [] });
      expect(await unreadable(`${body} `)).toBe('too_large');
    });

    it('that unfolds beyond that is not unfolded', async () => {
      expect(await unreadable(gzipSync(Buffer.alloc(100_000_000, ' ')), { 'Content-Encoding': 'gzip' })).toBe('too_large');
    });

    it('whose context would be copied too often is turned away', async () => {
      const context = { text: 'x'.repeat(30_000) };
      expect(await unreadable(JSON.stringify({ writeKey: 'WK', context, batch: Array.from({ length: 1000 }, () => track('e')) }))).toBe('too_large');
    });
  });

  describe('a message', () => {
    it('may have 32 KB, and not a byte more; its neighbours are stored', async () => {
      expect(Buffer.byteLength(JSON.stringify(ofBytes(32_768)))).toBe(32_768);
      expect(await refusedOf(ofBytes(32_768))).toEqual([]);
      expect(await refusedOf(ofBytes(32_769))).toEqual(['1 too_large']);
    });

    it('that is nested beyond all reason is refused; its neighbours are stored', async () => {
      expect(await refusedOf(nested(90))).toEqual([]);
      expect(await refusedOf(nested(60_000))).toEqual(['1 too_deep']);
    });

    it.each(['{"__proto__":{"isAdmin":true}}', '{"a":[{"__proto__":null}]}', '{"constructor":{"prototype":{"isAdmin":true}}}', '{"\\u005f_proto__":1}'])(
      'that would poison a prototype is refused; its neighbours are stored: %s',
      async (properties) => {
        expect(await refusedOf(`{"type":"track","event":"it","anonymousId":"v","properties":${properties}}`)).toEqual(['1 forbidden_key']);
        expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
      },
    );

    it('may call something "constructor"', async () => {
      expect(await refusedOf(track('it', { properties: { constructor: 'Lego' } }))).toEqual([]);
    });
  });

  describe('when its clock is behind the log', () => {
    const send = async (at: number) => {
      time = at;
      await batch({ batch: [track(`at ${at}`)] });
    };
    const told = () => logged.filter(({ code }) => code === 'clock_behind');

    it('says so, once a minute, with both times and what to look at', async () => {
      await send(NOON + 24 * HOUR);
      await send(NOON);
      await expect.poll(told).toHaveLength(1);
      expect(told()).toMatchObject([{ level: 'warning', message: expect.stringContaining(`It is ${iso(NOON)}, 86400 seconds before the newest entry of the log (${iso(NOON + 24 * HOUR)})`) }]);
      await send(NOON + MINUTE - 1);
      await send(NOON + MINUTE);
      await expect.poll(told).toHaveLength(2);
    });

    it('says nothing of a minute: clocks are that much apart', async () => {
      await send(NOON + MINUTE);
      await send(NOON);
      await send(NOON + 2 * MINUTE);
      await send(NOON + HOUR);
      await send(NOON);
      await expect.poll(told).toHaveLength(1);
    });
  });

  describe('when nothing can be stored', () => {
    it('says 503 and when to come back, and tells whoever runs it', async () => {
      start({ ledger: { ...memoryLedger(), append: () => Promise.reject(new Error('disk full')) } });
      const response = await post('/v1/b', { writeKey: 'WK', batch: [track('one')] });
      expect([response.status, await response.json()]).toEqual([503, { success: false, code: 'not_stored', message: expect.any(String) }]);
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(logged).toMatchObject([{ level: 'error', code: 'not_stored', error: { message: 'disk full' } }]);
    });

    it('says 500 where reading fails, and nothing of why', async () => {
      start({ ledger: { ...memoryLedger(), version: () => Promise.reject(new Error('/secret/path')) } });
      const response = await read('/api/activity');
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('secret');
      expect(logged).toMatchObject([{ code: 'internal_error' }]);
    });

    it('answers what it has begun before it closes, and turns the rest away', async () => {
      const ledger = makeLedger();
      let open!: () => void;
      const gate = new Promise<void>((resolve) => (open = resolve));
      start({ ledger: { ...ledger, append: (messages, at) => gate.then(() => ledger.append(messages, at)) } });
      const begun = post('/v1/b', { writeKey: 'WK', batch: [track('one')] });
      const closed = collector!.close();
      expect((await post('/v1/b', { writeKey: 'WK', batch: [] })).status).toBe(503);
      open();
      expect(await (await begun).json()).toMatchObject({ accepted: 1 });
      await closed;
      await expect(ledger.version()).rejects.toMatchObject({ code: 'closed' });
    });
  });

  describe('from a page of another origin', () => {
    it('may be sent to, without credentials', async () => {
      const preflight = await ask('/v1/b', { method: 'OPTIONS', headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' } });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(preflight.headers.get('Access-Control-Allow-Headers')).toMatch(/content-type/i);
      const response = await post('/v1/b', { writeKey: 'WK', batch: [] }, { Origin: 'https://shop.example' });
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(response.headers.has('Access-Control-Allow-Credentials')).toBe(false);
    });

    it('cannot be read by', async () => {
      for (const response of [await read('/api/activity', { Origin: 'https://shop.example' }), await ask('/api/activity', { method: 'OPTIONS' })]) {
        expect(response.headers.has('Access-Control-Allow-Origin')).toBe(false);
      }
    });
  });

  describe('the settings of a project', () => {
    it('send a published client back here', async () => {
      expect(await (await ask('/v1/projects/WK/settings')).json()).toEqual({
        integrations: { 'Customer.io Data Pipelines': { apiKey: 'WK', apiHost: '127.0.0.1:4321/v1', protocol: 'http' } },
      });
      expect(await (await ask('/v1/segment/v1/projects/WK/settings')).json()).toEqual({
        integrations: { 'Segment.io': { apiKey: 'WK', apiHost: '127.0.0.1:4321/v1', protocol: 'http' } },
      });
      const secure = await collector!.fetch(new Request('https://collect.example/v1/projects/WK/settings'));
      expect(await secure.json()).toMatchObject({ integrations: { 'Customer.io Data Pipelines': { apiHost: 'collect.example/v1', protocol: 'https' } } });
      const proxied = await ask('/v1/projects/WK/settings', { headers: { 'X-Forwarded-Proto': 'https' } });
      expect(await proxied.json()).toMatchObject({ integrations: { 'Customer.io Data Pipelines': { protocol: 'https' } } });
    });

    it('are not there for a key that nobody knows, nor for a secret one', async () => {
      for (const key of ['other', 'SECRET', '%00']) expect((await ask(`/v1/projects/${key}/settings`)).status).toBe(404);
    });
  });

  describe('GET /api/activity', () => {
    beforeEach(async () => {
      await batch({ batch: [track('one'), track('two', { anonymousId: 'w' }), { type: 'identify', userId: 'ada', anonymousId: 'v' }] });
    });

    it('gives the log, by tab, by person and by page', async () => {
      expect(await stored()).toEqual(['anon_merge v', 'identify', 'two', 'one']);
      expect((await log('?tab=anonymous')).map(nameOf)).toEqual(['two']);
      expect((await log('?tab=identified&person=ada')).map(nameOf)).toEqual(['anon_merge v', 'identify', 'one']);
      const { items, next } = (await (await read('/api/activity?limit=3')).json()) as ActivityPage;
      expect(items).toHaveLength(3);
      expect((await log(`?before=${encodeURIComponent(next!)}`)).map(nameOf)).toEqual(['one']);
    });

    it('gives the log by time: what was received from one moment on, and before another', async () => {
      time = NOON + HOUR;
      await batch({ batch: [track('later')] });
      expect((await log(`?since=${NOON + HOUR}`)).map(nameOf)).toEqual(['later']);
      expect((await log(`?until=${NOON + HOUR}`)).map(nameOf)).toEqual(['anon_merge v', 'identify', 'two', 'one']);
      expect((await log(`?since=${NOON}&until=${NOON + HOUR + 1}&name=e`)).map(nameOf)).toEqual(['later', 'one']);
    });

    it.each(['tab=mine', 'limit=0', 'limit=1001', 'limit=ten', 'limit=-1', 'limit=1.5', 'before=yesterday', 'since=yesterday', 'until=-1', 'until=tomorrow'])('says what is wrong with ?%s', async (query) => {
      const response = await read(`/api/activity?${query}`);
      expect([response.status, await response.json()]).toEqual([400, { code: expect.stringMatching(/^bad_/), message: expect.stringMatching(/\.$/) }]);
    });

    it('is cheap to poll: a page that has not changed is a 304, until something is stored', async () => {
      const first = await read('/api/activity?limit=5');
      const etag = first.headers.get('ETag')!;
      expect(first.headers.get('Cache-Control')).toBe('no-store');
      const second = await read('/api/activity?limit=5', { 'If-None-Match': etag });
      expect([second.status, await second.text()]).toEqual([304, '']);
      expect((await read('/api/activity?limit=6', { 'If-None-Match': etag })).status).toBe(200);
      await batch({ batch: [track('one')] });
      expect((await read('/api/activity?limit=5', { 'If-None-Match': etag })).status).toBe(304);
      await batch({ batch: [track('three')] });
      expect((await read('/api/activity?limit=5', { 'If-None-Match': etag })).status).toBe(200);
    });

    it('is for the admin token only', async () => {
      const tokens: (Record<string, string> | undefined)[] = [undefined, { Authorization: 'Bearer other' }, { Authorization: 'Bearer WK' }, { Authorization: 'Bearer SECRET' }, { Authorization: `Basic ${btoa('ADMIN:')}` }];
      for (const path of ['/api/activity', '/api/people/ada', '/api/anything']) {
        for (const headers of tokens) {
          const response = await ask(path, headers && { headers });
          expect([response.status, await response.json()]).toEqual([401, { code: 'unknown_admin_token', message: expect.any(String) }]);
        }
      }
    });

    it('is for nobody where there is no admin token', async () => {
      collector = createCollector({ ledger: memoryLedger(), writeKeys: ['WK'] });
      for (const headers of [{}, { Authorization: 'Bearer undefined' }, { Authorization: 'Bearer WK' }]) {
        const response = await ask('/api/activity', { headers });
        expect([response.status, await response.json()]).toMatchObject([403, { code: 'no_admin_token' }]);
      }
    });
  });

  describe('GET /api/people/:id', () => {
    it('finds people whatever their id', async () => {
      const ids = ['ada', 'a/b', 'a b', 'é😀', '50%', 'ada@example.com'];
      await batch({ batch: ids.map((userId) => ({ type: 'identify', userId, anonymousId: 'v', traits: { plan: 'pro' } })) });
      for (const id of ids) expect(await (await read(`/api/people/${encodeURIComponent(id)}`)).json()).toMatchObject({ id, traits: { plan: 'pro' } });
    });

    it('does not find who is unknown', async () => {
      const response = await read('/api/people/eve');
      expect([response.status, await response.json()]).toEqual([404, { code: 'not_found', message: expect.any(String) }]);
    });
  });

  describe('any other address', () => {
    it('is healthy', async () => {
      const response = await ask('/healthz');
      expect([response.status, await response.text()]).toEqual([200, 'ok']);
    });

    it('says what it is where it has no pages', async () => {
      expect(await (await ask('/')).json()).toMatchObject({ name: 'hitherto' });
    });

    it('is not there, in JSON', async () => {
      for (const path of ['/v1/x', '/nothing', '/v2/b', '/v1/projects/WK']) {
        const response = await ask(path);
        expect([response.status, await response.json()]).toEqual([404, { code: 'not_found', message: expect.any(String) }]);
      }
    });

    it('says which method it answers', async () => {
      for (const [method, path, allow] of [['GET', '/v1/b', 'POST'], ['DELETE', '/v1/t', 'POST'], ['POST', '/v1/projects/WK/settings', 'GET'], ['POST', '/healthz', 'GET']] as const) {
        const response = await ask(path, { method });
        expect([response.status, response.headers.get('Allow')]).toEqual([405, expect.stringContaining(allow)]);
      }
      expect((await ask('/api/activity', { method: 'POST', headers: { Authorization: 'Bearer ADMIN' } })).status).toBe(405);
    });

    it('shows the pages it was given', async () => {
      const asked: string[] = [];
      start({ site: (path) => (asked.push(path), path === '/' ? new Response('<h1>', { headers: { 'Content-Type': 'text/html', ETag: '"1"' } }) : undefined) });
      const page = await ask('/?a=b');
      expect([page.status, await page.text(), page.headers.get('X-Content-Type-Options')]).toEqual([200, '<h1>', 'nosniff']);
      expect((await ask('/', { headers: { 'If-None-Match': '"1"' } })).status).toBe(304);
      expect((await ask('/', { method: 'POST' })).status).toBe(405);
      expect((await ask('/none')).status).toBe(404);
      expect(asked).toEqual(['/', '/', '/', '/none']);
    });

    it('lets no browser guess what an answer is', async () => {
      for (const response of [await ask('/'), await ask('/none'), await ask('/v1/b'), await ask('/api/activity'), await read('/api/activity'), await ask('/healthz')]) {
        expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
      }
    });
  });
});
