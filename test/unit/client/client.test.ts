import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { AnalyticsBrowser, startClient, type Client, type ClientError, type ClientOptions, type Context } from '../../../src/client/index.js';
import type { JsonObject } from '../../../src/wire/index.js';

const COLLECTOR = { writeKey: 'KEY', endpoint: 'https://collector.example' };

let consoleError: MockInstance<typeof console.error>;
let requests: { url: string; body: { batch: JsonObject[] } & JsonObject }[];
let errors: ClientError[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  localStorage.clear();
  for (const pair of document.cookie.split('; ')) document.cookie = `${pair.split('=')[0]}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT`;
  consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
  requests = [];
  errors = [];
  vi.stubGlobal('fetch', async (url: string, { body }: { body: string }) => {
    requests.push({ url, body: JSON.parse(body) as { batch: JsonObject[] } & JsonObject });
    return new Response('{"success":true}');
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function start(options: ClientOptions = {}): Client {
  return startClient({ ...COLLECTOR, flushInterval: 0, onError: (error) => errors.push(error), ...options });
}

/** What arrives at the collector. */
async function arrived(client: Client): Promise<JsonObject[]> {
  await client.flush();
  return requests.flatMap(({ body }) => body.batch);
}

/** The one message that a call becomes. */
async function sentBy(call: (client: Client) => unknown): Promise<JsonObject> {
  const client = start();
  call(client);
  const messages = await arrived(client);
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

function refuse(): never {
  throw new Error('of the page');
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('a message', () => {
  it('says what, who, when and where', async () => {
    const client = start();
    client.track('addedToCart', { product: 'cool-shoes' });
    expect(await arrived(client)).toEqual([
      {
        type: 'track',
        messageId: expect.stringMatching(/^[\w-]{21}$/) as string,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        anonymousId: client.user().anonymousId(),
        userId: null,
        integrations: {},
        event: 'addedToCart',
        properties: { product: 'cool-shoes' },
        context: expect.objectContaining({ page: expect.anything() as object, library: expect.anything() as object }) as object,
      },
    ]);
  });

  it('leaves in a batch that names the key, the time of its leaving, and asks for honest answers', async () => {
    await sentBy((client) => client.track('a'));
    expect(requests).toMatchObject([{ url: 'https://collector.example/v1/b', body: { writeKey: 'KEY', strict: true } }]);
    expect(Math.abs(Date.parse(requests[0]!.body['sentAt'] as string) - Date.now())).toBeLessThan(10_000);
  });

  it('leaves in the order of the calls, each named differently', async () => {
    const client = start();
    const names = Array.from({ length: 50 }, (_, i) => `event ${i}`);
    for (const name of names) client.track(name);
    const messages = await arrived(client);
    expect(messages.map(({ event }) => event)).toEqual(names);
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(50);
  });

  it('keeps what it said when it was made, though the page changes the object afterwards', async () => {
    const properties = { product: 'cool-shoes' };
    const message = await sentBy((client) => {
      client.track('a', properties);
      properties.product = 'changed';
    });
    expect(message['properties']).toEqual({ product: 'cool-shoes' });
  });

  it('keeps to itself what is done to it', async () => {
    history.replaceState(null, '', '/?utm_source=letter');
    const client = start({ integrations: { Mail: true } });
    const context = await client.track('a');
    for (const path of ['context.secret', 'context.campaign.name', 'context.library.name', 'context.page.title', 'integrations.Ads']) context.updateEvent(path, 'of a');
    client.track('b');
    expect((await arrived(client)).at(-1)).toMatchObject({ event: 'b', integrations: { Mail: true }, context: { campaign: { source: 'letter' }, library: { name: 'hitherto' } } });
    expect(JSON.stringify(requests)).not.toContain('of a');
  });

  it('obeys its options: time, integrations, who for this once, context', async () => {
    const client = start();
    client.track('a', null, { timestamp: new Date(86_400_000), integrations: { All: true }, userId: 'bob', context: { ip: '1.2.3.4', locale: 'de' }, custom: 'x', 'device.id': 7 });
    client.track('b');
    expect(await arrived(client)).toMatchObject([
      { timestamp: '1970-01-02T00:00:00.000Z', integrations: { All: true }, userId: 'bob', context: { ip: '1.2.3.4', locale: 'de', custom: 'x', device: { id: 7 }, page: { path: '/' } } },
      { userId: null, integrations: {} },
    ]);
  });

  it('makes an anonymousId in its options the visitor\'s', async () => {
    const client = start();
    client.track('a', {}, { anonymousId: 'mine' });
    client.track('b');
    expect((await arrived(client)).map(({ anonymousId }) => anonymousId)).toEqual(['mine', 'mine']);
  });

  it.each([['no time', 'tomorrow'], ['a BigInt', 1n], ['a symbol', Symbol('s')], ['hostile', { valueOf: refuse }]])('is of now when its time is %s', async (_, timestamp) => {
    const message = await sentBy((client) => client.track('a', {}, { timestamp: timestamp as string }));
    expect(Math.abs(Date.parse(message['timestamp'] as string) - Date.now())).toBeLessThan(10_000);
  });
});

describe('track', () => {
  it('takes one object', async () => {
    expect(await sentBy((client) => client.track({ event: 'a', properties: { b: 1 } }))).toMatchObject({ event: 'a', properties: { b: 1 } });
  });

  it.each([['x', 'text'], ['x', [1]], [{ event: 'x', properties: 'text' }]])('has no properties where %j gives none that are', async (...values) => {
    const { event, properties } = await sentBy((client) => client.track(...(values as unknown as [string])));
    expect({ event, properties }).toEqual({ event: 'x', properties: {} });
  });

  it.each([[], [null], [''], ['  '], [{}], [{ event: 7 }], [undefined, { a: 1 }]])('drops a call without a name, and says so: %j', async (...values) => {
    const client = start();
    const context = await client.track(...(values as unknown as [string]));
    expect(context.durable).toBe('dropped');
    await expect(context.delivered).resolves.toEqual({ status: 'dropped' });
    expect(errors).toMatchObject([{ code: 'no_event' }]);
    expect(consoleError).toHaveBeenCalledOnce();
    expect(await arrived(client)).toEqual([]);
  });
});

describe('page and screen', () => {
  it.each<[unknown[], JsonObject]>([
    [['Category', 'Name', { x: 1 }], { category: 'Category', name: 'Name', properties: { category: 'Category', name: 'Name', x: 1, path: '/' } }],
    [['Name'], { name: 'Name', properties: { name: 'Name', path: '/' } }],
    [['Name', null, { x: 1 }], { name: 'Name', properties: { name: 'Name' }, context: { x: 1 } }],
    [[null, 'Name'], { name: 'Name', properties: { name: 'Name' } }],
    [[{ url: 'http://o.example/x' }], { properties: { url: 'http://o.example/x', path: '/' } }],
    [[], { properties: { path: '/' } }],
    [[() => {}], { properties: { path: '/' } }],
  ])('page(%j)', async (values, expected) => {
    const message = await sentBy((client) => client.page(...(values as [])));
    expect(message).toMatchObject({ type: 'page', ...expected });
    expect(message['category']).toBe(expected['category']);
    expect(message['name']).toBe(expected['name']);
  });

  it('leave out what is scrubbed of the addresses that they are given too', async () => {
    const client = start({ scrub: ['token'] });
    const address = 'https://shop.example/cart?token=secret&step=2';
    void client.page(address, { url: address, referrer: address, plan: 'pro' });
    void client.track('x', {}, { context: { page: { url: address } } });
    const sent = await arrived(client);
    const scrubbed = 'https://shop.example/cart?step=2';
    expect(sent[0]).toMatchObject({ name: scrubbed, properties: { name: scrubbed, url: scrubbed, referrer: scrubbed, plan: 'pro' }, context: { page: { url: scrubbed, referrer: scrubbed } } });
    expect(sent[1]).toMatchObject({ context: { page: { url: scrubbed } } });
  });

  it('a screen has the properties that it is given, and not those of the page', async () => {
    const message = await sentBy((client) => client.screen('Home', { y: 2 }));
    expect(message).toMatchObject({ type: 'screen', name: 'Home' });
    expect(message['properties']).toEqual({ y: 2 });
  });
});

describe('identify', () => {
  it('carries both ids and all traits; every later message carries both ids too', async () => {
    const client = start();
    const anonymousId = client.user().anonymousId();
    client.identify('ada', { plan: 'free' });
    client.identify({ city: 'London' });
    client.track('after');
    expect(await arrived(client)).toMatchObject([
      { type: 'identify', userId: 'ada', anonymousId, traits: { plan: 'free' } },
      { type: 'identify', userId: 'ada', anonymousId, traits: { plan: 'free', city: 'London' } },
      { type: 'track', userId: 'ada', anonymousId },
    ]);
  });

  it('of another person leaves under an anonymous id of their own', async () => {
    const client = start();
    client.identify('ada', { plan: 'pro' });
    client.track('of ada');
    client.identify('bob');
    const [ada, ofAda, bob] = await arrived(client);
    expect(ofAda!['anonymousId']).toBe(ada!['anonymousId']);
    expect(bob!['anonymousId']).not.toBe(ada!['anonymousId']);
    expect(bob!['userId']).toBe('bob');
    expect(bob!['traits']).toEqual({});
  });

  it.each<[unknown, string]>([[7, '7'], [0, '0']])('takes the number %j as text', async (id, text) => {
    expect(await sentBy((client) => client.identify(id as number))).toMatchObject({ userId: text });
  });

  it.each([[], [null], [''], [{}]])('of nobody, %j, names nobody', async (...values) => {
    const { userId, traits } = await sentBy((client) => client.identify(...(values as [null])));
    expect({ userId, traits }).toEqual({ userId: null, traits: {} });
  });

  it.each([[], [undefined], [''], [NaN], [null, null, { context: {} }]])('of nobody, with nothing to say, %j, is told of', async (...values) => {
    const client = start();
    client.identify(...(values as unknown as [null]));
    client.track('after');
    expect(await arrived(client)).toMatchObject([{ type: 'identify', userId: null }, { userId: null }]);
    expect(errors).toMatchObject([{ code: 'no_user_id', message: expect.stringContaining('identify("user-1")') as string }]);
  });

  it('of nobody is as it should be where there are traits, or where the person is known', async () => {
    const client = start();
    client.identify({ plan: 'free' });
    client.identify(null, { plan: 'pro' });
    client.identify('ada');
    client.identify();
    expect(await arrived(client)).toHaveLength(4);
    expect(errors).toEqual([]);
  });

  it('with an id that no collector takes changes nothing: what comes behind it would be refused too', async () => {
    const client = start();
    client.identify('ada');
    const dropped = await client.identify(`eyJ${'y'.repeat(148)}`, { plan: 'pro' });
    expect(dropped.failedDelivery()).toMatchObject({ reason: { type: 'bad_user_id' } });
    client.identify('é'.repeat(75));
    client.track('after');
    expect(await arrived(client)).toMatchObject([{ userId: 'ada' }, { userId: 'é'.repeat(75) }, { userId: 'é'.repeat(75) }]);
    expect(errors).toMatchObject([{ code: 'bad_user_id', message: expect.stringContaining('150 bytes') as string }]);
  });

  it('and then reset(): the next message is of somebody new', async () => {
    const client = start();
    client.identify('ada', { plan: 'pro' });
    await client.reset();
    client.track('after');
    const [ada, after] = await arrived(client);
    expect(after).toMatchObject({ userId: null });
    expect(after!['anonymousId']).not.toBe(ada!['anonymousId']);
    expect(client.user().traits()).toEqual({});
  });
});

describe('group and alias', () => {
  it('what was known of a group before its name was, is of the group', async () => {
    expect(await sentBy((client) => (client.group().traits({ size: 3 }), client.group('acme', { name: 'Acme' })))).toMatchObject({ traits: { size: 3, name: 'Acme' } });
  });

  it('group names the group', async () => {
    expect(await sentBy((client) => client.group('acme', { name: 'Acme' }))).toMatchObject({ type: 'group', groupId: 'acme', traits: { name: 'Acme' } });
  });

  it('alias names the new id and the present one', async () => {
    const client = start();
    client.alias('new-1');
    client.identify('ada');
    client.alias('new-2');
    client.alias('new-3', 'old');
    const anonymousId = client.user().anonymousId();
    expect((await arrived(client)).filter(({ type }) => type === 'alias')).toMatchObject([
      { userId: 'new-1', previousId: anonymousId },
      { userId: 'new-2', previousId: 'ada' },
      { userId: 'new-3', previousId: 'old' },
    ]);
  });

  it.each([undefined, null])('alias finds its options behind %s', async (from) => {
    expect(await sentBy((client) => client.alias('new', from as never, { timestamp: 0 }))).toMatchObject({ userId: 'new', timestamp: '1970-01-01T00:00:00.000Z' });
  });

  it('are dropped without an id, and say so', async () => {
    const client = start();
    expect((await client.group('')).durable).toBe('dropped');
    expect((await client.alias('')).durable).toBe('dropped');
    client.setAnonymousId('');
    expect(errors.map(({ code }) => code)).toEqual(['no_group_id', 'no_user_id', 'no_anonymous_id']);
  });
});

describe('what a call resolves with', () => {
  it('says where the message is safe, and then that it is delivered', async () => {
    const client = start();
    const context = await client.track('a');
    expect(context).toMatchObject({ durable: 'stored', event: { type: 'track', event: 'a', messageId: context.id } });
    await expect(context.delivered).resolves.toEqual({ status: 'delivered' });
  });

  it('says that the collector will never take it, and why', async () => {
    vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
      const [, second] = (JSON.parse(body) as { batch: JsonObject[] }).batch;
      return Response.json({ success: true, accepted: 1, refused: [{ messageId: second!['messageId'], index: 1, code: 'bad_user_id', message: 'userId is text' }] });
    });
    const client = start();
    const [good, bad] = await Promise.all([client.track('good'), client.track('bad')]);
    await expect(good.delivered).resolves.toEqual({ status: 'delivered' });
    await expect(bad.delivered).resolves.toEqual({ status: 'refused', code: 'bad_user_id', message: 'userId is text' });
    expect(errors).toMatchObject([{ code: 'message_refused' }]);
  });

  it('goes to a callback as well', async () => {
    const client = start();
    const context = await new Promise<Context>((resolve) => void client.track('a', null, null, resolve));
    expect(context.event).toMatchObject({ event: 'a' });
  });
});

describe('a page that gives what cannot be read', () => {
  const HOSTILE: [string, unknown][] = [
    ['a getter that throws', { good: 1, get bad() { return refuse(); } }],
    ['a revoked Proxy', revoked()],
    ['a Proxy that refuses', new Proxy({}, { get: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse })],
    ['a toJSON that throws', { toJSON: refuse }],
    ['a toJSON that gives nothing', { toJSON() {} }],
    ['a circle', (() => { const circle: JsonObject = {}; circle['self'] = circle; return circle; })()],
    ['a BigInt', { big: 1n }],
    ['a symbol', Symbol('s')],
    ['the window', window],
  ];
  const METHODS = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;

  it.each(HOSTILE)('gets no exception and no rejection for %s, in whichever slot', async (_, hostile) => {
    const client = start() as unknown as Record<string, (...values: unknown[]) => Promise<Context>>;
    const contexts = METHODS.flatMap((method) => [
      client[method]!(hostile),
      client[method]!('name', hostile),
      client[method]!('name', hostile, hostile),
      client[method]!('name', {}, hostile),
      client[method]!('name', {}, { context: hostile, integrations: hostile, timestamp: hostile, userId: hostile }),
    ]);
    for (const context of await Promise.all(contexts)) expect(['stored', 'dropped']).toContain(context.durable);
    client['track']!('after');
    expect((await arrived(client as unknown as Client)).at(-1)).toMatchObject({ event: 'after' });
  });

  it.each(['track', 'page', 'screen', 'group', 'identify'] as const)('loses nothing but the one property of %s that throws', async (method) => {
    const hostile = { good: 1, get bad() { return refuse(); } };
    const message = await sentBy((client) => (client[method] as Client['identify'])('name', hostile));
    const where = method === 'group' || method === 'identify' ? 'traits' : 'properties';
    expect(message[where]).toMatchObject({ good: 1, bad: '[unreadable]' });
  });

  it('is not stopped by its own listeners, callbacks and onError that throw', async () => {
    const { setTimeout } = globalThis;
    const thrown: (() => void)[] = [];
    // Without a wait: an error of the page's on its way up.
    vi.stubGlobal('setTimeout', (work: () => void, ms?: number) => (ms === undefined ? thrown.push(work) : setTimeout(work, ms)));
    const client = start({ onError: refuse });
    client.on('track', refuse);
    client.track('');
    client.track('a', null, null, refuse);
    expect(await arrived(client)).toMatchObject([{ event: 'a' }]);
    expect(thrown).toHaveLength(3);
    for (const rethrow of thrown) expect(rethrow).toThrow('of the page');
  });
});

describe('a persistence that there is not', () => {
  it.each(['none', 'sessionStorage', 5])('%j keeps nothing beyond the page, and says so', async (persistence) => {
    const client = start({ persistence: persistence as 'memory' });
    const { durable } = await client.track('a');
    expect(durable).toBe('memory');
    expect(client.inspect().persistence).toBe('memory');
    expect([document.cookie, localStorage.length]).toEqual(['', 0]);
    expect(errors).toMatchObject([{ code: 'misconfigured', message: expect.stringContaining(`not ${persistence}`) as string }]);
  });
});

describe('a client that is told half of where to send', () => {
  it.each([{ endpoint: 'https://collector.example' }, { writeKey: 'KEY' }, { writeKey: 'KEY', endpoint: 'localhost:4321' }])('says it once, and keeps what is tracked: %j', async (options) => {
    const client = startClient({ ...options, onError: (error) => errors.push(error) });
    expect((await client.track('a')).durable).toBe('stored');
    client.track('b');
    await client.flush();
    expect(errors).toMatchObject([{ code: 'misconfigured' }]);
    expect(consoleError).toHaveBeenCalledOnce();
    expect(requests).toEqual([]);
  });
});

describe('AnalyticsBrowser.load', () => {
  it('can be awaited for a context too', async () => {
    const [, context] = await AnalyticsBrowser.load(COLLECTOR, { endpoint: COLLECTOR.endpoint });
    context.log('info', 'loaded');
    expect(context.logs()).toMatchObject([{ message: 'loaded' }]);
  });

  it('is a client at once, and can be awaited for one', async () => {
    const loaded = AnalyticsBrowser.load({ writeKey: 'KEY' }, { endpoint: 'https://collector.example' });
    loaded.track('early');
    const [client] = await loaded;
    client.track('late');
    expect((await arrived(client)).map(({ event }) => event)).toEqual(['early', 'late']);
  });

  it.each([undefined, null, {}])('given %j throws nothing, says what is missing, and keeps what is tracked', async (settings) => {
    const loaded = AnalyticsBrowser.load(settings as never);
    expect((await loaded.track('a')).durable).toBe('stored');
    expect(consoleError).toHaveBeenCalledOnce();
  });
});

describe('a configuration that was not found', () => {
  it('starts a client all the same, which says what is missing', async () => {
    const client = startClient(null);
    expect(await client.track('early').then(({ durable }) => durable)).toBe('stored');
    expect(consoleError).toHaveBeenCalledWith(expect.stringContaining('data-write-key'));
  });
});

describe('a limit that is no number', () => {
  it.each([{ messages: undefined }, { messages: NaN }, { messages: 0, characters: -1 }, null])('%o is the usual one', async (limit) => {
    const client = start({ limit } as unknown as ClientOptions);
    client.track('a');
    expect(await arrived(client)).toMatchObject([{ event: 'a' }]);
    expect(errors).toEqual([]);
  });
});

describe('a client that has opened', () => {
  it('says initialize, with its settings and options, and then ready', async () => {
    const heard: unknown[][] = [];
    const client = start();
    client.on('ready', (...values) => heard.push(['ready', ...values]));
    client.on('initialize', (...values) => heard.push(['initialize', ...values]));
    await client.ready();
    expect(heard).toEqual([['initialize', { writeKey: 'KEY' }, expect.objectContaining(COLLECTOR)], ['ready']]);
  });
});
