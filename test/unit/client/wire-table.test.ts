// The client's table of the compatibility notes (WIRE), a test for each row. What needs a real browser is in
// test/e2e: captures.spec.ts (the recorded calls), published.spec.ts (the published package), loading.spec.ts.
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { AnalyticsBrowser, startClient, startDropIn, startFromTag, takeOver, type Client, type DropInClient, type LoadOptions } from '../../../src/client/index.js';
import type { JsonObject } from '../../../src/wire/index.js';

const INTEGRATION = 'Customer.io Data Pipelines';
const cdnSettings = { integrations: { [INTEGRATION]: { apiKey: 'KEY', apiHost: 'cdp.example/v1' } } };

interface Request {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: JsonObject & { batch: JsonObject[] };
}

let requests: Request[];
let answer: (url: string) => Response | Promise<Response>;
let clients: Client[] = [];
let consoleError: MockInstance<typeof console.error>;

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
  clearBrowser();
  history.replaceState(null, '', '/');
  const mine: Request[] = (requests = []);
  answer = () => new Response('{"success":true}');
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', headers = {}, body = '{}' }: { method?: string; headers?: Record<string, string>; body?: string } = {}) => {
    mine.push({ url, method, headers, body: JSON.parse(body) as Request['body'] });
    return answer(url);
  });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.ready()));
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  delete (globalThis as { cioanalytics?: unknown }).cioanalytics;
});

function clearBrowser(): void {
  localStorage.clear();
  for (const pair of document.cookie.split('; ')) document.cookie = `${pair.split('=')[0]}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT`;
}

function load(options: LoadOptions = {}, settings: object = { writeKey: 'KEY', cdnSettings }): DropInClient {
  const client = startDropIn(settings, { flushInterval: 0, ...options });
  clients.push(client);
  return client;
}

async function sent(client: Client): Promise<JsonObject[]> {
  await client.flush();
  return requests.flatMap(({ body }) => body.batch ?? []);
}

function cookies(): Record<string, string> {
  return Object.fromEntries(document.cookie.split('; ').map((pair) => pair.split('=') as [string, string]));
}

describe('the table of the client', () => {
  it('1, 2: takes over the array, under its name, and is the client itself', async () => {
    const initialized = vi.fn();
    const page = globalThis as { other?: unknown };
    page.other = Object.assign([['on', 'initialize', initialized]], { _writeKey: 'KEY', _loadOptions: { cdnSettings }, _cdn: 'https://cdn.example', SNIPPET_VERSION: '4.15.3' });
    const script = document.createElement('script');
    script.dataset['globalCustomerioAnalyticsKey'] = 'other';
    takeOver(script, (options, settings) => startFromTag(options, settings, {}));
    const client = page.other as Client;
    clients.push(client);
    await client.ready();
    expect(client.initialized).toBe(true);
    expect(initialized).toHaveBeenCalledTimes(1);
    expect(initialized.mock.calls[0]).toHaveLength(2);
    const methods = 'trackSubmit trackClick trackLink trackForm pageview identify reset group track ready alias debug page once off on addSourceMiddleware addIntegrationMiddleware setAnonymousId addDestinationMiddleware';
    expect(methods.split(' ').filter((method) => typeof (client as unknown as JsonObject)[method] !== 'function')).toEqual([]);
  });

  it('3: is loaded at once or later, and awaited for the client', async () => {
    const loaded = AnalyticsBrowser.load({ writeKey: 'KEY', cdnSettings });
    const [client] = await loaded;
    clients.push(client);
    expect(client.user().anonymousId()).toBe(loaded.user().anonymousId());
    expect(loaded.instance).toBe(client);

    const later = new AnalyticsBrowser();
    const known = later.user();
    const early = later.track('early');
    expect(later.on('track', () => {})).toBe(later);
    later.load({ writeKey: 'KEY', cdnSettings }, { flushInterval: 0 });
    expect((await early).event).toMatchObject({ event: 'early' });
    clients.push((await later)[0]);
    expect((await known).anonymousId()).toBe((await later)[0].user().anonymousId());
  });

  it('3: user() and group() are promises too, as of the original', async () => {
    const loaded = AnalyticsBrowser.load({ writeKey: 'KEY', cdnSettings });
    clients.push((await loaded)[0]);
    void loaded.identify('ada');
    void loaded.group('acme');
    expect([loaded.user().id(), loaded.group().id()]).toEqual(['ada', 'acme']);
    expect(await loaded.user().then((user) => user.id())).toBe('ada');
    expect(await loaded.group().then((group) => group.id())).toBe('acme');
  });

  it('3: before load, user() has nothing to tell, and says so', () => {
    expect(new AnalyticsBrowser().user().id()).toBeNull();
    expect(consoleError.mock.calls[0]![0]).toContain('load()');
  });

  it('4: asks for the settings where it is told to, and not at all where it has them', async () => {
    answer = (url) => (url.endsWith('/settings') ? Response.json(cdnSettings) : new Response('{"success":true}'));
    const client = load({}, { writeKey: 'KEY', cdnURL: 'https://cdn.example' });
    void client.track('x');
    await sent(client);
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET https://cdn.example/v1/projects/KEY/settings', 'POST https://cdp.example/v1/b']);
    requests.length = 0;
    await sent(load());
    expect(requests.filter(({ url }) => url.endsWith('/settings'))).toEqual([]);
  });

  it('5: sends where the settings say, and where the page says before that', async () => {
    const client = load({ integrations: { [INTEGRATION]: { protocol: 'http', apiHost: 'eu.example/v1' } } });
    void client.track('x');
    await sent(client);
    expect(requests[0]!.url).toBe('http://eu.example/v1/b');
  });

  it('5: says of each integration that the page configures whether it is on', async () => {
    const client = load({ integrations: { All: true, Mail: { list: 7 }, Ads: false, Old: null, [INTEGRATION]: {} } });
    void client.track('x', {}, { integrations: { Mail: { list: 8 } } });
    expect(await sent(client)).toMatchObject([{ integrations: { All: true, Mail: { list: 8 }, Ads: false, Old: false, [INTEGRATION]: true } }]);
  });

  it.each([
    [{ All: false }, 0],
    [{ All: false, Mail: true }, 0],
    [{ [INTEGRATION]: false }, 0],
    [{ All: false, [INTEGRATION]: true }, 1],
    [{ All: false, [INTEGRATION]: { apiKey: 'OWN' } }, 1],
  ])('5: where the page has switched it off, nothing leaves: %j', async (integrations, count) => {
    const client = load({ integrations });
    await client.track('x');
    expect(await sent(client)).toHaveLength(count);
  });

  it('5: sends under the apiKey of the settings that were fetched, and under the page\'s own before that', async () => {
    answer = (url) => (url.endsWith('/settings') ? Response.json({ integrations: { [INTEGRATION]: { apiKey: 'FETCHED' } } }) : new Response('{"success":true}'));
    for (const [integrations, key] of [[{}, 'FETCHED'], [{ [INTEGRATION]: { apiKey: 'OWN' } }, 'OWN']] as const) {
      const client = load({ integrations }, { writeKey: 'KEY' });
      void client.track('x');
      await sent(client);
      expect(requests.at(-1)!.body.writeKey).toBe(key);
    }
  });

  it('6, 7: posts plain text, the key in the body; null kept, undefined left out, dates as ISO', async () => {
    const client = load();
    void client.track('x', { n: null, u: undefined, at: new Date(0) });
    const [message] = await sent(client);
    expect(requests[0]).toMatchObject({ method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: { writeKey: 'KEY' } });
    expect(requests[0]!.headers).not.toHaveProperty('Authorization');
    expect(message).toMatchObject({ type: 'track', event: 'x', userId: null, integrations: {}, properties: { n: null, at: '1970-01-01T00:00:00.000Z' } });
    expect(message!['properties']).not.toHaveProperty('u');
  });

  it('8: identify carries the accumulated traits; later messages carry both ids', async () => {
    const client = load();
    void client.identify('ada', { a: 1 });
    void client.identify({ b: 2 });
    void client.track('x');
    const messages = await sent(client);
    expect(messages.map(({ traits, userId }) => [traits, userId])).toEqual([[{ a: 1 }, 'ada'], [{ a: 1, b: 2 }, 'ada'], [undefined, 'ada']]);
    expect(new Set(messages.map(({ anonymousId }) => anonymousId)).size).toBe(1);
  });

  it('9, 10: keeps ids and traits under the same names', async () => {
    const client = load();
    await client.identify('ada', { a: 1 });
    await client.group('acme', { b: 2 });
    const anonymousId = client.user().anonymousId();
    expect(cookies()).toMatchObject({ ajs_anonymous_id: anonymousId, ajs_user_id: 'ada', ajs_group_id: 'acme' });
    expect({ ...localStorage }).toMatchObject({
      ajs_anonymous_id: JSON.stringify(anonymousId),
      ajs_user_id: '"ada"',
      ajs_user_traits: '{"a":1}',
      ajs_group_id: '"acme"',
      ajs_group_properties: '{"b":2}',
    });
    const next = load();
    expect([next.user().id(), next.user().anonymousId(), next.user().traits(), next.group().id(), next.group().traits()]).toEqual(['ada', anonymousId, { a: 1 }, 'acme', { b: 2 }]);
  });

  it.each<[string, string, string | null, RegExp]>([
    ['ajs_user', '{"id":"ada","traits":{}}', 'ada', /./],
    ['ajs_user', 'ada', 'ada', /./],
    ['ajs_user', '7', '7', /./],
    ['_sio', 'of-ada----ada', 'ada', /^of-ada$/],
    ['_sio', 'of-ada', null, /^of-ada$/],
    ['_cioid', 'ada', 'ada', /./],
    ['_cioanonid', 'of-ada', null, /^of-ada$/],
  ])('11: knows whom older clients knew: %s=%s', (name, value, userId, anonymousId) => {
    document.cookie = `${name}=${encodeURIComponent(value)}; path=/`;
    const client = load();
    expect(client.user().id()).toBe(userId);
    expect(client.user().anonymousId()).toMatch(anonymousId);
    // From now on under the names of today.
    expect(load().user().anonymousId()).toBe(client.user().anonymousId());
    expect(load().user().id()).toBe(userId);
  });

  it('11: an older client\'s cookie does not bring back who has logged out', async () => {
    document.cookie = '_cioid=ada; path=/';
    const client = load();
    expect(client.user().id()).toBe('ada');
    await client.reset();
    expect(load().user().id()).toBeNull();
  });

  it('11: reads what is not quoted, and numbers, as text; an id of today comes before older ones', () => {
    localStorage.setItem('ajs_user_id', '7');
    localStorage.setItem('ajs_anonymous_id', 'unquoted');
    document.cookie = '_cioid=older; path=/';
    const client = load();
    expect([client.user().id(), client.user().anonymousId()]).toEqual(['7', 'unquoted']);
  });

  it('12, ours: the cookie is believed before localStorage', () => {
    document.cookie = 'ajs_anonymous_id=of-the-cookie; path=/';
    localStorage.setItem('ajs_anonymous_id', '"of-localStorage"');
    expect(load().user().anonymousId()).toBe('of-the-cookie');
  });

  it('13: somebody else gets another anonymous id before their identify; the same person keeps it', async () => {
    const client = load();
    void client.identify('ada', { a: 1 });
    void client.identify('ada', { b: 2 });
    void client.identify('bob', { c: 3 });
    const [first, second, third] = await sent(client);
    expect(second!['anonymousId']).toBe(first!['anonymousId']);
    expect(third!['anonymousId']).not.toBe(first!['anonymousId']);
    expect(third!['traits']).toEqual({ c: 3 });
  });

  it('14: reset() forgets everybody, and says so', async () => {
    const client = load();
    const heard = vi.fn();
    client.on('reset', heard);
    await client.identify('ada', { a: 1 });
    await client.group('acme');
    const before = client.user().anonymousId();
    await client.reset();
    expect(heard).toHaveBeenCalledTimes(1);
    expect([client.user().id(), client.user().traits(), client.group().id(), client.group().traits()]).toEqual([null, {}, null, {}]);
    expect(client.user().anonymousId()).not.toBe(before);
    expect(Object.keys(cookies()).filter((name) => name.startsWith('ajs_'))).toEqual(['ajs_anonymous_id']);
  });

  it('14: anonymousId(null) makes the visitor another and leaves the person; setAnonymousId() gives back the id', () => {
    const client = load();
    void client.identify('ada');
    expect(client.setAnonymousId('mine')).toBe('mine');
    expect(client.setAnonymousId(7)).toBe('7');
    expect(client.user().anonymousId(null)).not.toBe('7');
    expect(client.user().anonymousId()).toMatch(/^[\w-]{21}$/);
    expect(client.user().id()).toBe('ada');
  });

  it('14: group().logout() forgets the group alone', () => {
    const client = load();
    void client.identify('ada');
    void client.group('acme', { size: 3 });
    client.group().logout();
    expect([client.group().id(), client.group().traits(), client.user().id()]).toEqual([null, {}, 'ada']);
  });

  it('says null of whoever is not known to those who listen', async () => {
    const heard = vi.fn();
    const client = load().on('identify', heard).on('alias', heard);
    void client.identify({ plan: 'pro' });
    void client.alias('ada');
    await sent(client as DropInClient);
    expect(heard.mock.calls).toEqual([[null, { plan: 'pro' }, undefined], ['ada', null, undefined]]);
  });

  it('15, ours: calls from before the load leave in their order', async () => {
    const later = new AnalyticsBrowser();
    void later.page();
    void later.track('early');
    void later.identify('ada');
    void later.track('early2');
    later.load({ writeKey: 'KEY', cdnSettings }, { flushInterval: 0 });
    const [client] = await later;
    clients.push(client);
    expect((await sent(client)).map(({ type, event, userId }) => [event ?? type, userId])).toEqual([['page', null], ['early', null], ['identify', 'ada'], ['early2', 'ada']]);
  });

  it('16: names each call once', async () => {
    const client = load();
    for (let i = 0; i < 200; i++) void client.track('x');
    expect(new Set((await sent(client)).map(({ messageId }) => messageId)).size).toBe(200);
  });

  it('17, ours: a server that fails gets it again', async () => {
    answer = () => new Response('', { status: 503, headers: { 'Retry-After': '0' } });
    const client = load();
    void client.track('x');
    await client.flush();
    const failed = requests.length;
    answer = () => new Response('{"success":true}');
    await client.flush();
    expect(requests).toHaveLength(failed + 1);
    for (const { body } of requests) expect(body.batch).toEqual(requests[0]!.body.batch);
  });

  it('18, ours: an address plants nothing, unless the page asks for it', async () => {
    history.replaceState(null, '', '/?ajs_aid=planted&ajs_uid=mallory&ajs_event=bought&ajs_prop_price=7&ajs_trait_plan=pro');
    const client = load();
    expect([client.user().id(), client.user().anonymousId() === 'planted']).toEqual([null, false]);
    expect(await sent(client)).toEqual([]);

    const asked = load({ useQueryString: true });
    expect(await sent(asked)).toMatchObject([
      { type: 'identify', userId: 'mallory', anonymousId: 'planted', traits: { plan: 'pro' } },
      { type: 'track', event: 'bought', properties: { price: '7' } },
    ]);
    clearBrowser();
    const careful = load({ useQueryString: { aid: /^\d+$/, uid: /^mal/ } });
    expect([careful.user().id(), careful.user().anonymousId() === 'planted']).toEqual(['mallory', false]);
  });

  it('19: says where it was called', async () => {
    history.replaceState(null, '', '/cart?utm_source=news&utm_campaign=spring#pay');
    document.title = 'Cart';
    const client = load();
    void client.track('x');
    history.replaceState(null, '', '/elsewhere');
    const [message] = await sent(client);
    expect(message!['context']).toMatchObject({
      page: { path: '/cart', search: '?utm_source=news&utm_campaign=spring', title: 'Cart', url: 'http://127.0.0.1/cart?utm_source=news&utm_campaign=spring', referrer: '' },
      campaign: { source: 'news', name: 'spring' },
      userAgent: navigator.userAgent,
      locale: navigator.language,
      library: { name: 'hitherto' },
    });
  });

  it('20: page() puts the page under the caller\'s properties; a property of track says nothing about the page', async () => {
    history.replaceState(null, '', '/cart');
    const client = load();
    void client.page('Shop', 'Cart', { title: 'Mine', x: 1 });
    void client.track('x', { url: 'https://elsewhere.example/' });
    const [page, track] = await sent(client);
    expect(page).toMatchObject({ category: 'Shop', name: 'Cart', properties: { path: '/cart', title: 'Mine', x: 1, category: 'Shop', name: 'Cart' }, context: { page: { title: 'Mine', path: '/cart' } } });
    expect(track).toMatchObject({ context: { page: { url: 'http://127.0.0.1/cart' } } });
  });

  it('20: a number is no name of a page', async () => {
    const client = load() as DropInClient & Record<'page' | 'screen', (...values: unknown[]) => Promise<unknown>>;
    void client.page('Error', 404, { x: 1 });
    void client.screen(7);
    const [page, screen] = await sent(client);
    expect(page).toMatchObject({ name: 'Error', properties: { name: 'Error', x: 1 } });
    expect(page).not.toHaveProperty('category');
    expect(screen).not.toHaveProperty('name');
  });

  it('21: options override, merge into the context, and nest at their dots', async () => {
    const client = load();
    void client.track('x', {}, { integrations: { D: false }, timestamp: new Date(0), userId: 'once', context: { a: 1 }, 'device.kind': 'phone', other: 2 });
    void client.track('y', {}, { anonymousId: 'mine' });
    void client.track('z');
    const [x, y, z] = await sent(client);
    expect(x).toMatchObject({ integrations: { D: false }, timestamp: '1970-01-01T00:00:00.000Z', userId: 'once', context: { a: 1, device: { kind: 'phone' }, other: 2 } });
    expect([y!['userId'], y!['anonymousId'], z!['anonymousId']]).toEqual([null, 'mine', 'mine']);
  });

  it('21: beside the context, what says the same goes over it; ids are texts, and none where nothing is said', async () => {
    const client = load();
    void client.identify('ada');
    void client.track('x', {}, { ip: '9.9.9.9', context: { ip: '1.2.3.4', kind: 'phone' }, userId: '' });
    void client.track('y', {}, { userId: 7, anonymousId: 5 } as never);
    const [, x, y] = await sent(client);
    expect(x).toMatchObject({ userId: 'ada', context: { ip: '9.9.9.9', kind: 'phone' } });
    expect(y).toMatchObject({ userId: '7', anonymousId: '5' });
    expect(client.user().anonymousId()).toBe('5');
  });

  it('21: a number as the time is unix seconds, or milliseconds, as whoever receives it would read it', async () => {
    const client = load();
    for (const timestamp of [1_700_000_000, 1_700_000_000_000]) void client.track('x', {}, { timestamp });
    expect((await sent(client)).map(({ timestamp }) => timestamp)).toEqual(['2023-11-14T22:13:20.000Z', '2023-11-14T22:13:20.000Z']);
  });

  it('22: keeps what it is told to keep, where it is told to', async () => {
    await load({ disableClientPersistence: true }).identify('ada');
    expect([document.cookie, { ...localStorage }]).toEqual(['', {}]);
    await load({ user: { persist: false } }).identify('ada', { a: 1 });
    expect([document.cookie, { ...localStorage }]).toEqual(['', {}]);
    const nobody = load({ user: { disable: true } });
    await nobody.identify('ada', { a: 1 });
    expect([nobody.user().id(), nobody.user().traits()]).toEqual([null, {}]);
  });

  it('22: calls page() at once, and takes a global, where that is asked for', async () => {
    const client = load({ initialPageview: true, globalAnalyticsKey: 'myAnalytics' });
    expect((await sent(client)).map(({ type }) => type)).toEqual(['page']);
    expect((globalThis as { myAnalytics?: unknown }).myAnalytics).toBe(client);
  });

  it('22: tells of that page() who listens behind the load', async () => {
    const heard = vi.fn();
    const client = load({ initialPageview: true });
    client.on('page', heard);
    await client.ready();
    expect(heard).toHaveBeenCalledOnce();
  });

  it('23: takes plugins and middleware (the rest in plugins.test.ts)', async () => {
    const client = load({ plugins: [{ name: 'p', type: 'enrichment', screen: (context: unknown) => (context as { updateEvent(path: string, value: unknown): void }).updateEvent('properties.p', 1) }] });
    await client.addSourceMiddleware(({ payload, next }) => next(payload));
    void client.screen('Home');
    expect(await sent(client)).toMatchObject([{ type: 'screen', name: 'Home', properties: { p: 1 } }]);
  });

  it('24: tracks links and forms (the navigation in test/e2e/pages.spec.ts)', async () => {
    const client = load();
    document.body.innerHTML = '<a href="#x">x</a><form></form>';
    client.trackLink(document.querySelectorAll('a'), () => 'clicked', { a: 1 });
    client.trackSubmit([document.forms[0]], 'submitted', () => ({ b: 2 }));
    document.querySelector('a')!.click();
    document.forms[0]!.dispatchEvent(new Event('submit', { cancelable: true }));
    expect((await sent(client)).map(({ event, properties }) => [event, properties])).toEqual([['clicked', { a: 1 }], ['submitted', { b: 2 }]]);
  });

  it('13: user().id() of another person is another visitor too, and has none of the traits', async () => {
    const client = load();
    await client.identify('ada', { plan: 'pro' });
    const before = client.user().anonymousId();
    client.user().id('ada');
    expect([client.user().anonymousId(), client.user().traits()]).toEqual([before, { plan: 'pro' }]);
    client.user().id('bob');
    expect(client.user().anonymousId()).not.toBe(before);
    expect(client.user().traits()).toEqual({});
  });

  it('user() and group() take no id that is neither a text nor a number', () => {
    const client = load();
    client.user().id('ada');
    client.group('acme');
    const before = client.user().anonymousId();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const bad of [Object.create(null), proxy, {}, [], Symbol('x'), () => {}] as never[]) {
      expect([client.user().id(bad), client.group().id(bad), client.user().anonymousId(bad)]).toEqual(['ada', 'acme', before]);
    }
  });

  it('gives the group when it is asked for nothing else, and sets people and groups without a word', async () => {
    const client = load();
    client.user().id('ada');
    client.user().traits({ a: 1 });
    client.user().anonymousId('of-ada');
    client.group().id('acme');
    expect([client.user().id(), client.user().traits(), client.user().anonymousId(), client.group().id()]).toEqual(['ada', { a: 1 }, 'of-ada', 'acme']);
    expect(await sent(client)).toEqual([]);
    client.user().logout();
    expect([client.user().id(), client.group().id()]).toEqual([null, 'acme']);
  });
});

describe('every argument of every call wrong in every way', () => {
  const NASTY: [string, unknown][] = [
    ...[undefined, null, true, 0, Number.NaN, -1, '', ' ', 'x'.repeat(100_000), [], [[]], {}, new Date(Number.NaN), /x/, new Map([[1, 2]]), () => {}, Date].map((value): [string, unknown] => [String(value).slice(0, 20), value]),
    ['a symbol', Symbol('x')],
    ['a BigInt', 10n],
    ['an element', document.createElement('div')],
    ['the window', globalThis],
    ['a proxy that is no more', revoked()],
    ['a getter that throws', { get x() { throw new Error('of the page'); } }],
    ['a function that throws', () => { throw new Error('of the page'); }],
    ['no prototype', Object.create(null)],
    ['__proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
  ];
  const CALLS = 'track identify page screen group alias setAnonymousId addSourceMiddleware addDestinationMiddleware register deregister consent on once off ready timeout debug trackLink trackForm pageview use flush reset inspect activity explain message'.split(' ');

  it.each(CALLS)('%s(): no exception, no promise that rejects, and the next call is sent', async (method) => {
    const late = vi.fn();
    process.on('unhandledRejection', late);
    const uncaught: string[] = [];
    // What the page's own functions throw comes up later, as the page's own.
    vi.stubGlobal('setTimeout', ((setTimeout: typeof globalThis.setTimeout) => (work: () => void, ms?: number) => setTimeout(() => {
      try {
        work();
      } catch (error) {
        uncaught.push(String(error));
      }
    }, ms))(globalThis.setTimeout));
    const client = load();
    const call = (client as unknown as Record<string, (...values: unknown[]) => unknown>)[method]!;
    const answers: unknown[] = [];
    for (const [, nasty] of NASTY) {
      for (const values of [[nasty], ['name', nasty], ['name', {}, nasty], [nasty, nasty, nasty, nasty]]) answers.push(call(...values));
    }
    await Promise.all(answers.filter((value) => value instanceof Promise));
    await client.consent('granted');
    await client.deregister('x');
    if (!['register', 'addSourceMiddleware', 'use'].includes(method)) {
      await client.track('still there');
      expect((await sent(client)).map(({ event }) => event)).toContain('still there');
    }
    process.off('unhandledRejection', late);
    expect(late).not.toHaveBeenCalled();
    expect(uncaught.filter((error) => !error.includes('of the page') && !error.includes('Class constructor'))).toEqual([]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('every option wrong in every way', () => {
  const refuse = (): never => {
    throw new Error('of the page');
  };
  const NASTY: unknown[] = [
    null, true, -1, Number.NaN, '', 'text', [], /x/, () => {}, refuse, Symbol('x'), 10n, Object.create(null), globalThis, revoked(), [revoked()],
    new Proxy({}, { get: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse }),
    { get domain() { return refuse(); }, get disable() { return refuse(); }, get messages() { return refuse(); }, get integrations() { return refuse(); } },
    { cookie: revoked(), localStorage: revoked(), maxage: Symbol('x'), path: revoked(), messages: Symbol('x'), [INTEGRATION]: revoked() },
  ];
  const OPTIONS = ('cookie user group limit integrations writeKey endpoint consent persistence scrub plugins timeout firstPartyCookie debug inspector flushInterval batchSize ' +
    'onError events campaigns globalPrivacyControl cdnURL cdnSettings disableClientPersistence initialPageview useQueryString globalAnalyticsKey').split(' ');

  it.each(OPTIONS)('%s: no exception, no promise that rejects, and calls are made', async (option) => {
    const late = vi.fn();
    process.on('unhandledRejection', late);
    const { setTimeout } = globalThis;
    // What the page's own functions throw comes up later, as the page's own.
    vi.stubGlobal('setTimeout', (work: () => void, ms?: number) => (ms === undefined ? 0 : setTimeout(work, ms)));
    vi.spyOn(console, 'debug').mockImplementation(() => {});
    for (const nasty of NASTY) {
      const options = { writeKey: 'KEY', endpoint: 'https://collector.example', flushInterval: 0, timeout: 0, [option]: nasty };
      for (const start of [() => startClient(options as never), () => load(options as never), () => load({}, { cdnSettings, ...options })]) {
        const client = start();
        await client.consent('granted');
        expect((await client.track('a')).durable).not.toBe('dropped');
        await client.consent('denied');
      }
    }
    process.off('unhandledRejection', late);
    expect(late).not.toHaveBeenCalled();
  });

  it('or all of them', async () => {
    for (const options of [revoked(), new Proxy({}, { ownKeys: refuse, get: refuse }), { get timeout() { return refuse(); } }]) {
      for (const client of [startClient(options as never), startDropIn('KEY', options as never), startDropIn(options, { cdnSettings })]) expect((await client.track('a')).durable).not.toBe('dropped');
    }
  });

  it('does not take an answer that cannot be read for a yes', () => {
    expect(startClient({ get consent() { return refuse(); } }).consent()).toBe('pending');
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
