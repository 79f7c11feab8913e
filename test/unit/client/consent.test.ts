import { describe, expect, it, vi } from 'vitest';
import { startDropIn } from '../../../src/client/index.js';
import { openDatabase } from '../../../src/outbox/database.js';
import type { JsonObject } from '../../../src/wire/index.js';
import { errors, sent, start, takeMessages } from './harness.js';

/** Everything that a browser would still have if the page were closed now. */
async function kept(): Promise<unknown> {
  return { cookie: document.cookie, localStorage: { ...localStorage }, databases: (await indexedDB.databases()).map(({ name }) => name) };
}

/** What lies in the database. */
async function entries(): Promise<[key: string, value: string][]> {
  const database = await openDatabase(() => {});
  const found = await database.read('', '~');
  database.close();
  return found;
}

const NOTHING = { cookie: '', localStorage: {}, databases: [] };

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
    expect(await kept()).toMatchObject({ cookie: '', localStorage: {} });
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
    expect(await entries()).toEqual([]);
    expect(await kept()).toMatchObject({ cookie: '', localStorage: {} });
    expect(client.user().anonymousId()).not.toBe('of-an-earlier-visit');
  });

  it('is not undone by a request that was under way: its failure is nothing to remember', async () => {
    let answer!: (response: Response) => void;
    const asked = vi.fn(() => new Promise<Response>((resolve) => (answer = resolve)));
    vi.stubGlobal('fetch', asked);
    const client = start();
    await client.track('x');
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    const flushed = client.flush();
    await client.consent('denied');
    answer(new Response('', { status: 503 }));
    await flushed;
    expect(await kept()).toMatchObject({ cookie: '', localStorage: {} });
    expect(errors).toEqual([]);
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
