import { beforeEach, describe, expect, it, vi } from 'vitest';
import { startDropIn, type Context } from '../../../src/client/index.js';
import { openDatabase } from '../../../src/outbox/database.js';
import { formatKey } from '../../../src/outbox/key.js';
import type { JsonObject } from '../../../src/wire/index.js';
import { errors, sent, start, takeMessages } from './harness.js';

/** Everything that a browser would still have if the page were closed now. */
async function kept(): Promise<unknown> {
  return { cookie: document.cookie, localStorage: { ...localStorage }, databases: (await indexedDB.databases()).map(({ name }) => name) };
}

const NOTHING = { cookie: '', localStorage: {}, databases: [] };

/** What lies in the database. */
async function entries(): Promise<[key: string, value: string][]> {
  const database = await openDatabase(() => {});
  const found = await database.read('', '~');
  database.close();
  return found;
}

/** What the next page would find, in a database that may be there, and empty. */
async function found(): Promise<unknown> {
  return { cookie: document.cookie, localStorage: { ...localStorage }, entries: await entries() };
}

const NOBODY = { cookie: '', localStorage: {}, entries: [] };

/** A client whose request is on its way, until the test settles it. */
async function underWay() {
  let settle!: { resolve(response: Response): void; reject(error: Error): void };
  const asked = vi.fn(() => new Promise<Response>((resolve, reject) => (settle = { resolve, reject })));
  vi.stubGlobal('fetch', asked);
  const client = start();
  await client.track('x');
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  return { client, flushed: client.flush(), settle, asked };
}

describe('before the visitor has answered', () => {
  it('nothing is read, kept or sent; calls resolve all the same', async () => {
    const client = start({ consent: 'pending' });
    await client.ready();
    const first = await client.track('early');
    await client.identify('ada', { plan: 'pro' });
    await client.flush();
    expect(first.durable).toBe('memory');
    expect(client.consent()).toBe('pending');
    expect(client.user().id()).toBe('ada');
    expect(await kept()).toEqual(NOTHING);
    expect(sent).toEqual([]);
  });

  it('nobody is asked for settings either', async () => {
    const request = vi.spyOn(globalThis, 'fetch');
    const client = startDropIn({ writeKey: 'KEY', cdnURL: 'https://cdn.example' }, { consent: 'pending' });
    await client.ready();
    expect(request).not.toHaveBeenCalled();
    await client.consent('granted');
    expect(request.mock.calls[0]![0]).toBe('https://cdn.example/v1/projects/KEY/settings');
    await client.ready();
  });

  it('and agrees: an older client\'s visitor is known, what was held is theirs, and an id of the page\'s stands', async () => {
    document.cookie = '_cioanonid=of-the-classic; path=/';
    const client = start({ consent: 'pending' });
    void client.track('early');
    await client.consent('granted');
    await client.flush();
    expect(sent[0]!['anonymousId']).toBe('of-the-classic');
    await client.consent('denied');
    document.cookie = '_cioanonid=of-the-classic; path=/';
    const other = start({ consent: 'pending' });
    other.setAnonymousId('mine');
    await other.consent('granted');
    expect(other.user().anonymousId()).toBe('mine');
  });

  it('and agrees: what was held is stored and sent, in its order, with the visitor who was known before', async () => {
    document.cookie = 'ajs_anonymous_id=known; path=/';
    const client = start({ consent: 'pending' });
    const early = client.track('early', { a: 1 });
    void client.identify('ada');
    await client.consent('granted');
    void client.track('late');
    await client.flush();
    expect(sent.map(({ type, event, anonymousId, userId }) => [event ?? type, anonymousId, userId])).toEqual([
      ['early', 'known', null],
      ['identify', 'known', 'ada'],
      ['late', 'known', 'ada'],
    ]);
    expect(await (await early).delivered).toEqual({ status: 'delivered' });
    expect(document.cookie).toContain('ajs_user_id=ada');
  });

  it('and agrees, as somebody else than whom the browser remembers: they are another visitor', async () => {
    document.cookie = 'ajs_anonymous_id=of-bob; path=/';
    document.cookie = 'ajs_user_id=bob; path=/';
    localStorage.setItem('ajs_user_traits', '{"plan":"bob\'s"}');
    const client = start({ consent: 'pending' });
    void client.track('early');
    void client.identify('ada', { plan: 'pro' });
    await client.consent('granted');
    await client.flush();
    expect(new Set(sent.map(({ anonymousId }) => anonymousId))).toEqual(new Set([client.user().anonymousId()]));
    expect(client.user().anonymousId()).not.toBe('of-bob');
    expect(client.user().traits()).toEqual({ plan: 'pro' });
  });

  it('and declines: it is as if nothing had been called', async () => {
    const client = start({ consent: 'pending' });
    const early = await client.track('early');
    await client.consent('denied');
    expect(await early.delivered).toMatchObject({ status: 'refused', code: 'not_consented' });
    expect((await client.track('late')).durable).toBe('dropped');
    expect(await kept()).toEqual(NOTHING);
    await client.consent('granted');
    await client.flush();
    expect(sent).toEqual([]);
  });
});

describe('a visitor who never answers', () => {
  it('makes the oldest calls go, once a thousand wait; who they are stays', async () => {
    const client = start({ consent: 'pending' });
    void client.identify('ada');
    const first = await client.track('1');
    for (let i = 2; i <= 999; i++) void client.track(String(i));
    expect(errors).toEqual([]);
    void client.track('1000');
    expect(await first.delivered).toMatchObject({ status: 'refused', code: 'outbox_full' });
    expect(errors).toMatchObject([{ code: 'outbox_full' }]);
    await client.consent('granted');
    await client.flush();
    expect(sent).toHaveLength(1_000);
    expect(sent[0]).toMatchObject({ type: 'identify' });
    expect(sent[1]).toMatchObject({ event: '2' });
  });
});

describe('consent that is withdrawn', () => {
  it.each(['destination', 'after'] as const)('keeps what was called before from a plugin of type %s that was still loading', async (type) => {
    let loaded!: () => void;
    const track = vi.fn();
    const client = start({ plugins: [{ name: 'late', type, load: () => new Promise<void>((resolve) => (loaded = resolve)), track }] });
    await client.track('before');
    await client.consent('denied');
    loaded();
    await client.ready();
    expect(track).not.toHaveBeenCalled();
    await client.consent('granted');
    await client.track('after');
    expect(track).toHaveBeenCalledOnce();
  });

  it('keeps it from a destination whose middleware takes its time', async () => {
    let answer!: () => void;
    const track = vi.fn();
    const client = start({ plugins: [{ name: 'late', type: 'destination', track }] });
    const middleware = vi.fn(({ next }) => new Promise<void>((resolve) => (answer = () => resolve(next()))));
    await client.addDestinationMiddleware('late', middleware);
    await client.track('before');
    await vi.waitFor(() => expect(middleware).toHaveBeenCalled());
    await client.consent('denied');
    answer();
    await new Promise((resolve) => setTimeout(resolve));
    expect(track).not.toHaveBeenCalled();
  });

  it('deletes what is about the visitor under other names, too', async () => {
    localStorage.setItem('hitherto.session', '{"id":"s"}');
    localStorage.setItem('hitherto.attempts.key:OTHER', '3 9');
    localStorage.setItem('of-the-page', 'stays');
    await start().consent('denied');
    expect(Object.keys(localStorage).sort()).toEqual(['hitherto.attempts.key:OTHER', 'of-the-page']);
  });

  it('deletes what waits, and every id', async () => {
    vi.stubGlobal('fetch', async () => new Response('', { status: 503 }));
    const client = start();
    const waiting = await client.track('waiting');
    await client.identify('ada');
    const before = client.user().anonymousId();
    await client.consent('denied');
    expect(await waiting.delivered).toMatchObject({ status: 'refused', code: 'not_consented' });
    expect(await found()).toEqual(NOBODY);
    expect(client.user().id()).toBeNull();
    expect(client.user().anonymousId()).not.toBe(before);

    takeMessages();
    const next = start();
    await next.track('of the next page');
    await next.flush();
    expect(sent.map(({ event }) => event)).toEqual(['of the next page']);
    expect(sent[0]!['anonymousId']).not.toBe(before);
  });

  it('in the task of the start keeps nothing that was on its way', async () => {
    localStorage.setItem('ajs_anonymous_id', '"of-an-earlier-visit"');
    const client = start();
    void client.track('x');
    const opened = client.ready();
    await client.consent('denied');
    await opened;
    expect(await found()).toEqual(NOBODY);
    expect(client.user().anonymousId()).not.toBe('of-an-earlier-visit');
  });

  it('is not undone by a request that was under way: its failure is nothing to remember', async () => {
    const { client, flushed, settle } = await underWay();
    await client.consent('denied');
    settle.resolve(new Response('', { status: 503 }));
    await flushed;
    expect(await found()).toEqual(NOBODY);
    expect(errors).toEqual([]);
  });

  it('stops the second attempt of a request that was under way', async () => {
    const { client, flushed, settle, asked } = await underWay();
    await client.consent('denied');
    settle.reject(new TypeError('Failed to fetch'));
    await flushed;
    expect(asked).toHaveBeenCalledOnce();
  });

  it('is told of by inspect(), as what waits for an answer is', async () => {
    const client = start({ consent: 'pending' });
    client.track('held');
    expect(client.inspect()).toMatchObject({ consent: 'pending', endpoint: 'https://collector.example', waiting: 1, queue: [{ text: expect.stringContaining('"held"') as string, isSending: false }] });
    await client.consent('denied');
    expect(client.inspect()).toMatchObject({ consent: 'denied', waiting: 0, queue: [] });
  });

  it('leaves alone what waits for others', async () => {
    vi.stubGlobal('fetch', async () => new Response('', { status: 503 }));
    const other = start({ writeKey: 'OTHER' });
    await other.track('of the other');
    const client = start();
    await client.track('ours');
    await client.consent('denied');
    expect(other.inspect().waiting).toBe(1);
    expect(client.inspect().waiting).toBe(0);
    await other.consent('denied');
  });

  it('and given again begins anew', async () => {
    const client = start();
    await client.consent('denied');
    await client.track('lost');
    await client.consent('granted');
    await client.track('kept');
    await client.flush();
    expect(sent.map(({ event }) => event)).toEqual(['kept']);
    expect(document.cookie).toContain(client.user().anonymousId());
  });
});

describe('a page that begins as denied', () => {
  async function visit(): Promise<void> {
    document.cookie = 'ajs_anonymous_id=of-ada; path=/';
    document.cookie = 'ajs_user_id=ada; path=/';
    localStorage.setItem('ajs_user_traits', '{"email":"ada@example.com"}');
    localStorage.setItem('hitherto.attempts.key:KEY', '3 9');
    const database = await openDatabase(() => {});
    await database.put([['anonymousId', 'of-ada'], [formatKey({ time: 1, tab: 'gone', scope: 'key:KEY' }), '{"type":"track"}']]);
    database.close();
  }

  it.each([
    ['by its option', {}, { consent: 'denied' }],
    ['by its browser', { globalPrivacyControl: true }, { globalPrivacyControl: true }],
  ] as const)('%s deletes what earlier ones kept', async (_, asked, options) => {
    await visit();
    vi.stubGlobal('navigator', { ...navigator, ...asked });
    start(options);
    await vi.waitFor(async () => expect(await found()).toEqual(NOBODY));
  });

  it('and is granted in the same task deletes nothing: it knows what the visitor said', async () => {
    document.cookie = 'ajs_anonymous_id=known; path=/';
    const client = start({ consent: 'denied' });
    await client.consent('granted');
    await client.ready();
    expect(client.user().anonymousId()).toBe('known');
    expect(document.cookie).toContain('known');
  });
});

describe('a decision that is changed', () => {
  it('from denied to granted keeps what comes after, and nothing of before', async () => {
    vi.stubGlobal('fetch', async () => new Response('', { status: 503 }));
    const client = start();
    await client.track('before');
    void client.consent('denied');
    const granted = client.consent('granted');
    void client.track('after');
    await granted;
    await client.ready();
    const rows = JSON.stringify(await entries());
    expect(rows).toContain('after');
    expect(rows).not.toContain('before');
    expect(document.cookie).toContain(client.user().anonymousId());
    await client.consent('denied');
  });

  it('from denied to granted and back is denied', async () => {
    const client = start();
    await client.track('before');
    await Promise.all((['denied', 'granted', 'denied'] as const).map((decision) => client.consent(decision)));
    expect((await client.track('after')).durable).toBe('dropped');
    expect(await found()).toEqual(NOBODY);
  });

  it('from granted to pending keeps and sends nothing new until the visitor agrees again', async () => {
    const client = start();
    await client.track('before');
    await client.flush();
    await client.consent('pending');
    const before = await found();
    const waiting = await client.track('meanwhile');
    await client.identify('ada', { email: 'ada@example.com' });
    client.setAnonymousId('mine');
    await client.group('acme');
    await client.flush();
    expect(waiting.durable).toBe('memory');
    expect(await found()).toEqual(before);
    expect(sent.map(({ event }) => event)).toEqual(['before']);
    await client.consent('granted');
    await client.flush();
    expect(sent.map(({ event, type }) => event ?? type)).toEqual(['before', 'meanwhile', 'identify', 'group']);
    expect(document.cookie).toContain('ajs_user_id=ada');
    expect(document.cookie).toContain('ajs_anonymous_id=mine');
    await vi.waitFor(async () => expect(await entries()).toEqual([['anonymousId', 'mine']]));
  });
});

describe("the collector's own cookie", () => {
  /** What it is asked, in order, without the key. */
  let asked: string[];
  beforeEach(() => {
    asked = [];
    vi.stubGlobal('fetch', async (url: string, { method, body }: RequestInit) => {
      if (!url.endsWith('/v1/id')) return new Response('{"success":true}');
      const { writeKey: _, ...about } = JSON.parse((body as string | undefined) ?? '{}') as JsonObject;
      asked.push(`${method} ${JSON.stringify(about)}`);
      return new Response('{"anonymousId":"of-the-collector"}');
    });
  });

  it('hears nothing of the visitor after a denial but that it is to forget them', async () => {
    const client = start({ firstPartyCookie: true });
    await client.flush();
    expect(asked[0]).toMatch(/^POST/);
    expect(client.user().anonymousId()).toBe('of-the-collector');
    await client.consent('denied');
    await vi.waitFor(() => expect(asked.at(-1)).toBe('DELETE {}'));
    const count = asked.length;
    await client.reset();
    await client.identify('ada');
    await client.identify('bob');
    await client.flush();
    expect(asked).toHaveLength(count);
  });

  it('is not asked who the visitor was, once they have said no while it was brought', async () => {
    await start({ firstPartyCookie: true }).consent('denied');
    await vi.waitFor(() => expect(asked).toEqual(['DELETE {}']));
  });

  it('is forgotten by a page that begins as denied, if the browser knew the visitor; there is nobody to forget afterwards', async () => {
    document.cookie = 'ajs_anonymous_id=known; path=/';
    start({ firstPartyCookie: true, consent: 'denied' });
    await vi.waitFor(() => expect(asked).toEqual(['DELETE {}']));
    await start({ firstPartyCookie: true }).consent('denied');
    await vi.waitFor(() => expect(asked).toEqual(['DELETE {}', 'DELETE {}']));
    const next = start({ firstPartyCookie: true, consent: 'pending' });
    await next.consent('denied');
    expect(asked).toHaveLength(2);
  });

  it('does not bring back whom a denial has forgotten', async () => {
    const client = start({ firstPartyCookie: true });
    await client.flush();
    void client.consent('denied');
    await client.consent('granted');
    await client.flush();
    expect(client.user().anonymousId()).not.toBe('of-the-collector');
    expect(asked.at(-1)).toBe(`POST {"anonymousId":"${client.user().anonymousId()}","replace":true}`);
  });

  it('learns of a reset in the task of the start, and of one while nobody had answered', async () => {
    document.cookie = 'ajs_anonymous_id=of-ada; path=/';
    const client = start({ firstPartyCookie: true });
    void client.reset();
    await client.flush();
    expect(asked.at(-1)).toBe(`POST {"anonymousId":"${client.user().anonymousId()}","replace":true}`);
    const pending = start({ firstPartyCookie: true, consent: 'pending' });
    pending.setAnonymousId('mine');
    await pending.consent('granted');
    await pending.flush();
    expect(asked.at(-1)).toBe('POST {"anonymousId":"mine","replace":true}');
    expect(pending.user().anonymousId()).toBe('mine');
  });
});

describe('a denial in another tab', () => {
  const tells = (scope: string): unknown => window.dispatchEvent(Object.assign(new Event('storage'), { key: 'hitherto.purged', newValue: scope }));

  /** What that tab has done before it tells. */
  async function forgetEverything(): Promise<void> {
    document.cookie = 'ajs_anonymous_id=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT';
    localStorage.clear();
    const database = await openDatabase(() => {});
    await database.replace((await database.read('', '~')).map(([key]) => key), []);
    database.close();
  }

  it.each(['granted', 'pending'] as const)('is one here: %s before', async (consent) => {
    const client = start({ consent });
    const before = await client.track('before');
    await client.ready();
    tells('key:OTHER');
    expect(client.consent()).toBe(consent);
    await forgetEverything();
    tells('key:KEY');
    expect(client.consent()).toBe('denied');
    expect((await client.track('after')).durable).toBe('dropped');
    expect(await before.delivered).toBeDefined();
    await vi.waitFor(async () => expect(await found()).toEqual(NOBODY));
  });

  it('takes along what was kept here since, and is not told any further', async () => {
    vi.stubGlobal('fetch', () => new Promise(() => {}));
    const client = start();
    await client.ready();
    await forgetEverything();
    const waiting = await client.track('waiting');
    await client.identify('ada');
    const told = vi.spyOn(Storage.prototype, 'setItem');
    tells('key:KEY');
    expect(await waiting.delivered).toMatchObject({ status: 'refused', code: 'not_consented' });
    expect(await found()).toEqual(NOBODY);
    expect(told).not.toHaveBeenCalled();
  });

  it('that is heard of late does not take along what that tab keeps of a visitor who has agreed again', async () => {
    vi.stubGlobal('fetch', () => new Promise(() => {}));
    const client = start();
    await client.identify('ada');
    await forgetEverything();
    const agreed: [key: string, value: string][] = [[formatKey({ time: 1, tab: 'other', scope: 'key:KEY' }), '{"type":"track"}'], ['anonymousId', 'agreed']];
    const database = await openDatabase(() => {});
    await database.put(agreed);
    database.close();
    document.cookie = 'ajs_anonymous_id=agreed; path=/';
    document.cookie = 'ajs_user_id=grace; path=/';
    tells('key:KEY');
    expect(client.consent()).toBe('denied');
    expect(client.user().id()).toBeNull();
    expect(await entries()).toEqual(agreed);
    expect(document.cookie).toBe('ajs_anonymous_id=agreed; ajs_user_id=grace');
  });
});

describe('plugins', () => {
  const names = (calls: unknown[][]): unknown[] => calls.map(([context]) => (context as Context).event['event']);

  it.each(['destination', 'after'] as const)('of the type %s get what waited once the visitor agrees, as it was stored', async (type) => {
    document.cookie = 'ajs_anonymous_id=known; path=/';
    const track = vi.fn<(context: unknown) => void>();
    const client = start({ consent: 'pending', plugins: [{ name: 'Ads', type, track }] });
    const early = await client.track('early');
    void client.track('only there', {}, { integrations: { 'Customer.io Data Pipelines': false } });
    await client.ready();
    expect(track).not.toHaveBeenCalled();
    await client.consent({ advertising: true });
    await client.track('late');
    await client.flush();
    expect(names(track.mock.calls)).toEqual(['early', 'only there', 'late']);
    expect(sent.map(({ event }) => event)).toEqual(['early', 'late']);
    expect((track.mock.calls[0]![0] as Context).event).toEqual(sent[0]);
    expect(early.event).toEqual(sent[0]);
    expect(sent[0]).toMatchObject({ anonymousId: 'known', context: { consent: { categoryPreferences: { advertising: true } } } });
  });

  it('get nothing of a visitor who says no: neither what waited, nor what something else kept waiting', async () => {
    const track = vi.fn<(context: unknown) => void>();
    const seen = vi.fn<(context: unknown) => void>();
    const client = start({ consent: 'pending', plugins: [{ name: 'Ads', type: 'destination', track }, { name: 'mine', type: 'before', track: seen }] });
    await client.track('while pending');
    let finish!: () => void;
    void client.addSourceMiddleware(async ({ next }) => {
      await new Promise<void>((resolve) => (finish = resolve));
      next();
    });
    const slow = client.track('slow');
    await client.consent('denied');
    finish();
    expect((await slow).durable).toBe('dropped');
    expect((await client.track('while denied')).durable).toBe('dropped');
    await client.consent('granted');
    expect(track).not.toHaveBeenCalled();
    expect(names(seen.mock.calls)).toEqual(['while pending', 'slow']);
  });
});

describe('consent purpose by purpose', () => {
  it('goes into each message, those that waited for it too', async () => {
    const client = start({ consent: 'pending' });
    void client.track('early', {}, { context: { ip: '1.2.3.4' } });
    await client.consent({ analytics: true, advertising: false });
    void client.track('late');
    await client.flush();
    const consent = { categoryPreferences: { analytics: true, advertising: false } };
    expect(sent.map(({ event, context }) => [event, (context as JsonObject)['consent']])).toEqual([
      ['early', consent],
      ['late', consent],
    ]);
    expect(sent[0]!['context']).toMatchObject({ ip: '1.2.3.4' });
  });

  it('is no consent when nothing is agreed to', async () => {
    const client = start();
    await client.consent({ analytics: false });
    expect(client.consent()).toBe('denied');
  });
});

describe('a browser that says no for its visitor', () => {
  it.each([
    ['globalPrivacyControl', true],
    ['doNotTrack', '1'],
  ] as const)('is heeded where the page asks for it: %s', async (name, value) => {
    vi.stubGlobal('navigator', { ...navigator, [name]: value });
    expect(start().consent()).toBe('granted');
    const client = start({ [name]: true });
    expect(client.consent()).toBe('denied');
    expect((await client.track('x')).durable).toBe('dropped');
    await client.consent('granted');
    expect((await client.track('x')).durable).not.toBe('dropped');
  });
});

it.each([['perhaps'], [7], [null], [true]])('consent(%j) changes nothing, and says so', async (nonsense) => {
  const client = start();
  await client.consent(nonsense as never);
  expect(client.consent()).toBe('granted');
  expect(errors).toMatchObject([{ code: 'no_consent' }]);
});

it('an option that is no consent is none: calls wait, and it is said', async () => {
  const client = start({ consent: 'yes' as never });
  expect(client.consent()).toBe('pending');
  expect((await client.track('x')).durable).toBe('memory');
  expect(errors).toMatchObject([{ code: 'no_consent' }]);
});

describe('how much is kept', () => {
  it('may be nothing: events leave from memory', async () => {
    const client = start({ persistence: 'memory' });
    const { durable } = await client.track('x');
    await client.identify('ada');
    await client.flush();
    expect(durable).toBe('memory');
    expect(sent).toHaveLength(2);
    expect(await kept()).toEqual(NOTHING);
    expect(errors).toEqual([]);
  });

  it('may be everything but cookies', async () => {
    const client = start({ persistence: 'localStorage' });
    await client.identify('ada');
    expect(document.cookie).toBe('');
    expect(localStorage.getItem('ajs_user_id')).toBe('"ada"');
    expect(start({ persistence: 'localStorage' }).user().anonymousId()).toBe(client.user().anonymousId());
  });
});
