// The calls behind the recordings of Customer.io's client, made again with ours, and compared (captures/compare.ts says
// what differs on purpose).
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { AnalyticsBrowser, Context, DropInClient, LoadedClient } from '../../src/index.js';
import type { JsonObject } from '../../src/wire/index.js';
import { capture, comparable, jarOf, keptOf } from './captures/compare.js';
import type { Recorder } from './captures/recorder.js';
import { expect, test } from './fixtures.js';

declare global {
  interface Window {
    a: LoadedClient;
    lib: { AnalyticsBrowser: typeof AnalyticsBrowser };
  }
}

const PAGE = '/html/index.html';
const INTEGRATION = 'Customer.io Data Pipelines';

/** Opens a page and loads our client as the recorded page loaded the original. */
async function load(page: Page, recorder: Recorder, { url = `${recorder.url}${PAGE}`, options = {} as object, integration = {} as object } = {}): Promise<void> {
  await page.goto(url);
  await page.evaluate(
    async ({ cdnSettings, options }) => {
      const name = 'hitherto';
      window.lib = (await import(name)) as Window['lib'];
      window.a = window.lib.AnalyticsBrowser.load({ writeKey: 'WK_TEST', cdnSettings }, options);
    },
    { cdnSettings: settingsOf(recorder, integration), options },
  );
}

function settingsOf({ port }: Recorder, more = {}): JsonObject {
  return { integrations: { [INTEGRATION]: { apiKey: 'WK_TEST', apiHost: `127.0.0.1:${port}/v1`, protocol: 'http', ...more } } };
}

async function arrived(page: Page, recorder: Recorder, count: number): Promise<JsonObject[]> {
  await page.evaluate(async () => void (await window.a.flush()));
  await expect.poll(() => recorder.messages().length).toBeGreaterThanOrEqual(count);
  return recorder.messages();
}

async function kept(page: Page): Promise<Record<string, unknown>> {
  return keptOf(await page.evaluate(() => ({ ...localStorage })));
}

test('01: all methods', async ({ page, recorder }) => {
  const query = 'utm_source=news&utm_medium=email&utm_campaign=spring&utm_term=t%20x&utm_content=c+d&foo=bar';
  await load(page, recorder, { url: `${recorder.url}/html/pricing/index.html?${query}#frag` });
  const results = await page.evaluate(async () => {
    const { a } = window;
    const done: Context[] = [
      await a.page(),
      await a.page('Cat', 'Name', { x: 1 }, { ip: '1.2.3.4' }),
      await a.page('Home'),
      await a.page({ url: 'http://o.example/x', title: 'T' }),
      await a.track(
        'addedToCart',
        { product: 'cool-shoes', price: 39.95, when: new Date(0), nested: { a: [1, 2] }, u: undefined, n: null },
        { context: { foo: 'bar' }, timestamp: new Date(86_400_000), integrations: { All: true }, custom: 'x' },
      ),
      await a.identify('userId', { first_name: 'cool', last_name: 'person', shipping_address: { city: 'San Francisco', state: 'CA', country: 'USA' } }),
      await a.identify({ plan: 'pro' }),
      await a.identify('userId'),
      await a.group('grp1', { name: 'Acme' }),
      await a.alias('newId'),
      await a.alias('newId2', 'oldId'),
      await a.screen('Scr', { y: 2 }),
      await a.track('afterIdentify'),
    ];
    return done.map(({ id, attempts, event }) => ({ attempts, type: event['type'], isSame: id === event['messageId'] }));
  });

  const original = capture('01-all-methods');
  const messages = await arrived(page, recorder, original.messages.length);
  expect(comparable(messages, `127.0.0.1:${recorder.port}`)).toEqual(comparable(original.messages, 'HOST'));
  expect(results).toEqual(original.messages.map(({ type }) => ({ attempts: 1, type, isSame: true })));
  expect(await kept(page)).toEqual(keptOf(original.storage.localStorage));
  expect(jarOf((await page.context().cookies()) as unknown as JsonObject[])).toEqual(jarOf(original.cookies));
  expect(recorder.requests.filter((request) => !request.endsWith('/v1/b'))).toEqual([]);
});

test('03: batching, asked for or not', async ({ page, recorder }) => {
  await load(page, recorder, { integration: { deliveryStrategy: { strategy: 'batching', config: { size: 3, timeout: 500 } } } });
  await page.evaluate(async () => {
    for (let i = 0; i < 7; i++) await window.a.track(`e${i}`, { i });
  });
  const original = capture('03-batching');
  const messages = await arrived(page, recorder, 7);
  expect(comparable(messages, `127.0.0.1:${recorder.port}`)).toEqual(comparable(original.messages, 'HOST'));
});

test('05: the life of an identity', async ({ page, recorder }) => {
  await load(page, recorder);
  const steps = await page.evaluate(async () => {
    const instance = (await window.a)[0];
    const steps: { l: string; id: string | null; anon: string; traits: object; cookie: string; ls: Record<string, string> }[] = [];
    const s = (l: string): unknown =>
      steps.push({ l, id: instance.user().id(), anon: instance.user().anonymousId(), traits: instance.user().traits(), cookie: document.cookie, ls: { ...localStorage } });
    const { a } = window;
    s('loaded');
    await a.track('anon');
    s('after track');
    await a.identify('A', { p: 1 });
    s('identify A {p:1}');
    await a.identify('A', { q: 2 });
    s('identify A {q:2}');
    await a.identify({ r: 3 });
    s('identify {r:3}');
    await a.identify('B', { z: 9 });
    s('identify B {z:9}');
    await a.identify(null, {});
    s('identify null {n:1}');
    await a.identify(7, { num: 1 });
    s('identify 7');
    await a.group('G', { gn: 1 });
    s('group G');
    instance.setAnonymousId('custom-anon');
    s('setAnonymousId');
    await a.track('opt', {}, { anonymousId: 'opt-anon' });
    s('options.anonymousId');
    await a.track('opt2', {}, { userId: 'opt-user' });
    s('options.userId');
    instance.user().logout();
    s('user.logout');
    await a.identify('C', { c: 1 });
    s('identify C');
    await a.reset();
    s('reset');
    await a.track('post');
    s('track after reset');
    return steps;
  });

  const original = capture('05-identity-lifecycle');
  const messages = await arrived(page, recorder, original.messages.length);
  // The original takes for options what stands behind an id of null (the next test has ours).
  delete (original.messages[5]!['context'] as JsonObject)['n'];
  expect(comparable(messages, `127.0.0.1:${recorder.port}`)).toEqual(comparable(original.messages, 'HOST'));
  const seen = (all: typeof steps): unknown[] => {
    const ids = [...new Set(all.map(({ anon }) => anon))];
    const jar = (cookie: string, anon: string): string[] => cookie.split('; ').filter((pair) => !pair.startsWith('hitherto')).map((pair) => pair.replace(anon, 'an id')).sort();
    return all.map(({ l, id, anon, traits, cookie, ls }) => ({ l, id, anon: ids.indexOf(anon), traits, cookie: jar(cookie, anon), ls: keptOf(ls) }));
  };
  expect(seen(steps)).toEqual(seen((original.result as typeof steps).filter(({ l }) => l !== 'before-anon-call')));
});

test('05, otherwise: traits without an id are not lost', async ({ page, recorder }) => {
  await load(page, recorder);
  await page.evaluate(async () => {
    await window.a.identify('B', { z: 9 });
    await window.a.identify(null, { n: 1 });
  });
  expect((await arrived(page, recorder, 2)).map(({ traits }) => traits)).toEqual([{ z: 9 }, { z: 9, n: 1 }]);
});

test('13: one visitor on all subdomains', async ({ page, recorder }) => {
  await load(page, recorder, { url: `http://app.shop.example.test:${recorder.port}${PAGE}` });
  await page.evaluate(async () => {
    await window.a.track('x');
    await window.a.identify('u', { a: 1 });
    await window.a.group('g', { b: 2 });
  });
  const original = capture('13-cookie-options-subdomain');
  const messages = await arrived(page, recorder, 3);
  expect(comparable(messages, `example.test:${recorder.port}`)).toEqual(comparable(original.messages, 'example.test:PORT'));
  expect(jarOf((await page.context().cookies()) as unknown as JsonObject[])).toEqual(jarOf(original.cookies));

  const visitor = messages[0]!['anonymousId'];
  await load(page, recorder, { url: `http://www.example.test:${recorder.port}/html/i.html` });
  const known = await page.evaluate(async () => {
    const [client] = await window.a;
    return { id: client.user().id(), anon: client.user().anonymousId(), traits: client.user().traits() };
  });
  expect(known).toEqual({ id: 'u', anon: visitor, traits: {} });
});

test('14: cookies and localStorage as the page wants them', async ({ page, recorder }) => {
  await load(page, recorder, {
    url: `http://app.example.test:${recorder.port}${PAGE}`,
    options: {
      cookie: { domain: 'app.example.test', maxage: 7, path: '/html', sameSite: 'Strict', secure: false },
      user: { cookie: { key: 'my_uid' }, localStorage: { key: 'my_traits' } },
      group: { cookie: { key: 'my_gid' }, localStorage: { key: 'my_gtraits' } },
    },
  });
  await page.evaluate(async () => {
    await window.a.identify('u', { a: 1 });
    await window.a.group('g', { b: 2 });
  });
  const original = capture('14-cookie-custom');
  await arrived(page, recorder, 2);
  expect(await kept(page)).toEqual(keptOf(original.storage.localStorage));
  expect(jarOf((await page.context().cookies()) as unknown as JsonObject[])).toEqual(jarOf(original.cookies));
});

test('15, otherwise: where cookie and localStorage disagree, the cookie is believed', async ({ page, recorder }) => {
  await page.goto(`${recorder.url}${PAGE}`);
  await page.evaluate(() => {
    localStorage.setItem('ajs_anonymous_id', '"ls-anon"');
    document.cookie = 'ajs_anonymous_id=ck-anon; path=/';
  });
  await load(page, recorder);
  const ids = await page.evaluate(async () => {
    const [client] = await window.a;
    return [client.user().anonymousId(), localStorage.getItem('ajs_anonymous_id')];
  });
  expect(ids).toEqual(['ck-anon', '"ck-anon"']);
});

test('17: middleware and plugins', async ({ page, recorder }) => {
  await load(page, recorder);
  const result = await page.evaluate(async (integration) => {
    const seen: unknown[] = [];
    const { a } = window;
    const plugin = { name: 'p1', type: 'enrichment', version: '1', isLoaded: () => true, load: () => Promise.resolve() } as const;
    await a.register({ ...plugin, track: (context) => void context.updateEvent('properties.enriched', true) });
    for (const n of ['track', 'identify', 'page', 'group', 'alias', 'reset', 'screen']) a.on(n, (...values) => seen.push([n, values.length]));
    await a.addSourceMiddleware(({ payload, next }) => {
      payload.obj['properties'] = { ...(payload.obj['properties'] as object), mw: 1 };
      if (payload.obj['event'] === 'drop') return;
      next(payload);
    });
    await a.track('keep');
    const dropped = await a.track('drop');
    let called: unknown;
    await a.track('cb', {}, {}, (context: Context) => (called = context.event['event']));
    await a.ready(() => seen.push(['readycb']));
    await a.register({ name: 'p2', type: 'destination', version: '1', isLoaded: () => true, load: () => Promise.resolve(), track: (context) => (seen.push(['p2', context.event['event']]), context) });
    await a.track('withp2');
    await a.track('nop2', {}, { integrations: { p2: false } });
    await a.track('noCIO', {}, { integrations: { [integration]: false } });
    await a.track('allFalse', {}, { integrations: { All: false } });
    await a.deregister('p2');
    await a.page('X');
    await a.identify('u');
    await a.group('g');
    await a.alias('z');
    await a.screen('s');
    await a.reset();
    return { seen, called, dropped: dropped.failedDelivery(), durable: dropped.durable };
  }, INTEGRATION);

  const original = capture('17-middleware-plugins');
  const messages = await arrived(page, recorder, original.messages.length);
  // The original passes no screen() through middleware.
  Object.assign(original.messages.at(-1)!, { properties: { mw: 1 } });
  expect(comparable(messages, `127.0.0.1:${recorder.port}`)).toEqual(comparable(original.messages, 'HOST'));
  const { ev, cb, dropped } = original.result as { ev: unknown[][]; cb: string; dropped: { failed: object } };
  // The original tells of a call when it is done; ours when it is made.
  const sorted = (events: unknown[]): string[] => events.map((event) => JSON.stringify(event)).sort();
  expect(sorted(result.seen)).toEqual(sorted(ev.filter(([name]) => name !== 'initialize' && name !== 'dispatch_start')));
  expect(result.called).toBe(cb);
  expect(result.dropped).toEqual(dropped.failed);
  expect(result.durable).toBe('dropped');
});

test('18: bad arguments: sent as the original does where it sends, and never an exception', async ({ page, recorder }) => {
  await load(page, recorder);
  const groupId = await page.evaluate(async () => {
    const [client] = await window.a;
    const a = client as DropInClient & Record<'track' | 'identify' | 'page' | 'alias', (...values: unknown[]) => Promise<Context>>;
    await a.track();
    await a.track(null);
    await a.track('');
    await a.track({});
    await a.track({ event: 'e', properties: { a: 1 } });
    await a.track('x', 'notobj');
    await a.track('x', [1]);
    await a.identify();
    await a.identify(null);
    await a.identify({});
    await a.identify('');
    await a.identify(0);
    const group = client.group();
    await a.alias();
    await a.page(null);
    await a.page(() => {});
    await a.page('a', null, { x: 1 });
    const circle: Record<string, unknown> = {};
    circle['c'] = circle;
    await a.track('circ', circle);
    return group.id();
  });
  expect(groupId).toBeNull();

  const original = capture('18-errors');
  // Ours drops an alias that says nothing, and sends what is circular with a mark in its place.
  const sent = original.messages.filter(({ type }) => type !== 'alias');
  const messages = await arrived(page, recorder, sent.length + 1);
  const [circular] = messages.splice(-1);
  expect(comparable(messages, `127.0.0.1:${recorder.port}`)).toEqual(comparable(sent, 'HOST'));
  expect(circular).toMatchObject({ event: 'circ' });
});

/** What Customer.io's snippet does, in our own words: an array that takes calls, and a script made on load(). */
const SNIPPET = (host: string): string => `<script>
  const a = window.cioanalytics = [];
  for (const method of ['page', 'track', 'identify']) a[method] = (...values) => (a.push([method, ...values]), a);
  a.load = (key, options) => {
    const script = document.createElement('script');
    script.async = true;
    script.dataset.globalCustomerioAnalyticsKey = 'cioanalytics';
    script.src = '${host}/v1/analytics-js/snippet/' + key + '/analytics.min.js';
    document.head.append(script);
    Object.assign(a, { _writeKey: key, _loadOptions: options });
  };
  a._cdn = '${host}';
  a.SNIPPET_VERSION = '4.15.3';
  a.load('WK_SNIPPET');
  a.page(); a.track('early', { a: 1 }); a.identify('early-user', { t: 1 }); a.track('early2');
</script>`;

test('19: the snippet, with the script from another address; in the order of the calls', async ({ page, recorder }) => {
  recorder.put(PAGE, `<title>Snippet</title>${SNIPPET(recorder.url)}`);
  recorder.answer('/v1/analytics-js/snippet/WK_SNIPPET/analytics.min.js', () => readFileSync('dist/hitherto.remote.min.js', 'utf8'));
  recorder.answer('/v1/projects/WK_SNIPPET/settings', () => JSON.stringify(settingsOf(recorder)));
  await page.goto(`${recorder.url}${PAGE}`);
  await expect.poll(() => recorder.messages().length).toBe(4);

  expect(recorder.requests.slice(0, 2)).toEqual(['GET /v1/analytics-js/snippet/WK_SNIPPET/analytics.min.js', 'GET /v1/projects/WK_SNIPPET/settings']);
  const messages = recorder.messages();
  // The original makes the calls method by method, as of the person that comes later.
  expect(messages.map(({ type, event, userId }) => [type, event, userId])).toEqual([
    ['page', undefined, null],
    ['track', 'early', null],
    ['identify', undefined, 'early-user'],
    ['track', 'early2', 'early-user'],
  ]);
  const withoutUser = (all: JsonObject[]): string[] =>
    comparable(all, `127.0.0.1:${recorder.port}`).map((message) => JSON.stringify(Object.entries({ ...message, userId: '', context: '', properties: { ...(message['properties'] as object), title: '' } }).sort())).sort();
  expect(withoutUser(messages)).toEqual(withoutUser(capture('19-snippet-standalone').messages));
  const global = await page.evaluate(() => {
    const { initialized, track, user } = window.cioanalytics;
    return { initialized, type: typeof track, id: user().id() };
  });
  expect(global).toEqual({ initialized: true, type: 'function', id: 'early-user' });
});

test('20: offline, calls resolve at once and leave when the network is back', async ({ page, recorder, context }) => {
  await load(page, recorder);
  await page.evaluate(async () => void (await window.a));
  await context.setOffline(true);
  const durable = await page.evaluate(async () => {
    const first = await window.a.track('off1');
    void window.a.track('off2');
    return first.durable;
  });
  expect(durable).toBe('stored');
  expect(recorder.messages()).toEqual([]);
  await context.setOffline(false);
  await expect.poll(() => recorder.messages().map(({ event }) => event)).toEqual(['off1', 'off2']);
});
