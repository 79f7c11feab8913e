// How the client gets into a page: the snippet, the tag, a strict policy, an import; and the classic script's page.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Page } from '@playwright/test';
import type * as Package from '../../src/index.js';
import type { JsonObject } from '../../src/wire/index.js';
import type { Recorder } from './captures/recorder.js';
import { expect, test as base } from './fixtures.js';

/** Whatever a browser has to complain about. */
const test = base.extend<{ complaints: string[] }>({
  complaints: [
    async ({ page }, use) => {
      const lines: string[] = [];
      page.on('console', (message) => lines.push(message.text()));
      await use(lines);
    },
    { auto: true },
  ],
});

/** What the command prints: the snippet, and the tag. */
function printed(recorder: Recorder, ...options: string[]): { snippet: string; tag: string } {
  const text = execFileSync(process.execPath, ['dist/cli.js', 'snippet', '--endpoint', recorder.url, '--write-key', 'WK', '--src', `${recorder.url}/dist/hitherto.remote.min.js`, ...options], { encoding: 'utf8' });
  const [, snippet = '', , , tag = ''] = text.split('\n');
  return { snippet, tag };
}

async function sent(recorder: Recorder, count: number): Promise<JsonObject[]> {
  await expect.poll(() => recorder.messages().length).toBe(count);
  return recorder.messages();
}

async function isThere(page: Page): Promise<void> {
  await page.waitForFunction(() => window.cioanalytics?.initialized);
}

test('the snippet that the command prints: calls leave in their order, as of their time and page', async ({ page, recorder, complaints }) => {
  const { snippet } = printed(recorder);
  const calls = "cioanalytics.page(); cioanalytics.track('early', { a: 1 }); history.replaceState(null, '', '/moved'); document.title = 'Moved'; cioanalytics.identify('ada'); cioanalytics.track('late');";
  recorder.put('/shop', `${snippet}<script>window.calledAt = Date.now(); ${calls}</script>`);
  // The script takes its time.
  let arrive!: () => void;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  recorder.answer('/dist/hitherto.remote.min.js', async () => (await arrived, readFileSync('dist/hitherto.remote.min.js', 'utf8')));
  await page.goto(`${recorder.url}/shop`, { waitUntil: 'commit' });
  const calledAt = await page.waitForFunction(() => (globalThis as { calledAt?: number }).calledAt).then((handle) => handle.jsonValue());
  await page.waitForFunction((at) => Date.now() > at! + 300, calledAt);
  arrive();

  const messages = await sent(recorder, 4);
  expect(messages.map(({ type, event }) => event ?? type)).toEqual(['page', 'early', 'identify', 'late']);
  const paths = messages.map(({ context }) => ((context as JsonObject)['page'] as JsonObject)['path']);
  expect(paths).toEqual(['/shop', '/shop', '/moved', '/moved']);
  for (const { timestamp } of messages) expect(Math.abs(Date.parse(timestamp as string) - calledAt!)).toBeLessThan(200);
  expect(complaints).toEqual([]);
});

test('the snippet pasted twice is one client', async ({ page, recorder }) => {
  const { snippet } = printed(recorder);
  recorder.put('/shop', `${snippet}<script>cioanalytics.track('once')</script>${snippet}`);
  await page.goto(`${recorder.url}/shop`);
  await isThere(page);
  await page.evaluate(() => window.cioanalytics.track('after').then(() => undefined));
  expect((await sent(recorder, 2)).map(({ event }) => event)).toEqual(['once', 'after']);
  expect(await page.evaluate(() => document.querySelectorAll('script[src]').length)).toBe(1);
});

test('the snippet of a page that waits for consent keeps nothing until then', async ({ page, recorder, context }) => {
  const { snippet } = printed(recorder, '--consent', 'pending');
  recorder.put('/shop', `${snippet}<script>cioanalytics.track('early')</script>`);
  await page.goto(`${recorder.url}/shop`);
  await isThere(page);
  await page.evaluate(() => window.cioanalytics.track('second').then(() => undefined));
  const kept = (): Promise<unknown> =>
    page.evaluate(async () => ({ storage: { ...localStorage }, databases: (await indexedDB.databases()).length, locks: (await navigator.locks.query()).held!.length }));
  expect(await kept()).toEqual({ storage: {}, databases: 0, locks: 0 });
  expect(await context.cookies()).toEqual([]);
  expect(recorder.messages()).toEqual([]);

  await page.evaluate(() => window.cioanalytics.consent('granted'));
  expect((await sent(recorder, 2)).map(({ event }) => event)).toEqual(['early', 'second']);
  await page.evaluate(() => window.cioanalytics.consent('denied'));
  expect(await context.cookies()).toEqual([]);
  expect(await page.evaluate(() => ({ ...localStorage }))).toEqual({});
  const rows = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const opening = indexedDB.open('hitherto');
        opening.onsuccess = () => {
          const counting = opening.result.transaction('outbox').objectStore('outbox').count();
          counting.onsuccess = () => resolve(counting.result);
        };
      }),
  );
  expect(rows).toBe(0);
});

test('a visitor who says no in one tab has said so in all; who takes it back at once has not', async ({ page, recorder, context }) => {
  const other = await context.newPage();
  for (const tab of [page, other]) await visit(tab, recorder);
  const stateOf = (tab: typeof page): Promise<string> => tab.evaluate(() => window.cioanalytics.consent());
  await page.evaluate(() => {
    void window.cioanalytics.consent('denied');
    return window.cioanalytics.consent('granted');
  });
  await page.evaluate(() => window.cioanalytics.track('granted after all').then(() => undefined));
  await sent(recorder, 1);
  expect([await stateOf(page), await stateOf(other)]).toEqual(['granted', 'granted']);

  await page.evaluate(() => window.cioanalytics.consent('denied'));
  await expect.poll(() => stateOf(other)).toBe('denied');
  // The other tab says nothing in its turn: whoever agrees now is granted.
  await page.evaluate(() => window.cioanalytics.consent('granted'));
  expect(await other.evaluate(() => window.cioanalytics.track('after').then(({ durable }) => durable))).toBe('dropped');
  expect([await stateOf(page), await stateOf(other)]).toEqual(['granted', 'denied']);
});

test('a tab that hears late of a no does not undo the yes that came after it', async ({ page, recorder, context }) => {
  const other = await context.newPage();
  for (const tab of [page, other]) await visit(tab, recorder);
  const busy = other.evaluate(
    () =>
      new Promise<void>((resolve) =>
        setTimeout(() => {
          const since = Date.now();
          while (Date.now() - since < 2_000);
          resolve();
        }),
      ),
  );
  const agreed = await page.evaluate(async () => {
    const { cioanalytics } = window;
    await cioanalytics.consent('denied');
    await cioanalytics.consent('granted');
    return cioanalytics.user().anonymousId();
  });
  await busy;
  await expect.poll(() => other.evaluate(() => window.cioanalytics.consent())).toBe('denied');
  // Whatever the other tab answers is heard before what it is asked next.
  await other.evaluate(() => localStorage.setItem('answered', 'yes'));
  await page.waitForFunction(() => localStorage.getItem('answered'));
  expect(await page.evaluate(() => [window.cioanalytics.consent(), window.cioanalytics.user().anonymousId()])).toEqual(['granted', agreed]);
  expect((await context.cookies()).find(({ name }) => name === 'ajs_anonymous_id')?.value).toBe(agreed);
});

/** Goes to a page with the printed snippet, and waits for the client. */
async function visit(tab: Page, recorder: Recorder): Promise<void> {
  recorder.put('/shop', printed(recorder).snippet);
  await tab.goto(`${recorder.url}/shop`);
  await isThere(tab);
}

/** A page under a policy that allows one nonce, the collector, and no text that becomes code. */
async function serveStrict(html: string, policy: string): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').setHeader('Content-Security-Policy', policy).end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`, close: () => server.close() };
}

test('one tag with a hash, under a strict policy and Trusted Types: no complaint', async ({ page, recorder, complaints }) => {
  const { tag } = printed(recorder, '--nonce', 'n0nce', '--integrity');
  const hash = createHash('sha384').update(readFileSync('dist/hitherto.remote.min.js')).digest('base64');
  expect(tag).toContain(`integrity="sha384-${hash}"`);
  const policy = `default-src 'none'; script-src 'nonce-n0nce' 'strict-dynamic'; connect-src ${recorder.url}; require-trusted-types-for 'script'; trusted-types 'none'`;
  const site = await serveStrict(`<!doctype html><title>Strict</title><link rel="icon" href="data:,"><script nonce="n0nce">(window.cioanalytics ??= []).push(['track', 'early'])</script>${tag}`, policy.replace("default-src 'none'", "default-src 'none'; img-src data:"));
  await page.goto(site.url);
  await isThere(page);
  await page.evaluate(() => window.cioanalytics.identify('ada').then(() => undefined));
  expect((await sent(recorder, 2)).map(({ type }) => type)).toEqual(['track', 'identify']);
  expect(complaints).toEqual([]);
  site.close();
});

test('the snippet with a nonce, under a strict policy: no complaint', async ({ page, recorder, complaints }) => {
  const { snippet } = printed(recorder, '--nonce', 'n0nce', '--integrity');
  const policy = `default-src 'none'; img-src data:; script-src 'nonce-n0nce'; connect-src ${recorder.url}`;
  const site = await serveStrict(`<!doctype html><title>Strict</title><link rel="icon" href="data:,">${snippet}<script nonce="n0nce">cioanalytics.track('early')</script>`, policy);
  await page.goto(site.url);
  expect((await sent(recorder, 1)).map(({ event }) => event)).toEqual(['early']);
  expect(complaints).toEqual([]);
  site.close();
});

test('an import adds nothing to the page, and asks the browser for nothing', async ({ page, recorder }) => {
  await page.goto(`${recorder.url}/html/index.html`);
  const before = await page.content();
  await page.evaluate(async () => {
    const name = 'hitherto';
    await import(name);
  });
  expect(await page.content()).toBe(before);
  expect(await page.evaluate(async () => [document.cookie, localStorage.length, (await indexedDB.databases()).length])).toEqual(['', 0, 0]);
});

test('an imported client brings automatic page views when it is asked to', async ({ page, recorder }) => {
  await page.goto(`${recorder.url}/html/index.html`);
  await page.evaluate(async (endpoint) => {
    const name = 'hitherto';
    const { createClient } = (await import(name)) as typeof Package;
    createClient({ writeKey: 'WK', endpoint, autoPage: true });
  }, recorder.url);
  expect((await sent(recorder, 1)).map(({ type }) => type)).toEqual(['page']);
  await page.evaluate(() => history.pushState(null, '', '/next'));
  expect((await sent(recorder, 2)).map(({ properties }) => (properties as JsonObject)['path'])).toEqual(['/html/index.html', '/next']);
});

test('on a developer\'s machine, an event that is not as its schema says is told, and sent', async ({ page, recorder, complaints }) => {
  await page.goto(`${recorder.url}/html/index.html`);
  await page.evaluate(async (endpoint) => {
    const name = 'hitherto';
    const { createClient } = (await import(name)) as typeof Package;
    const schema = { '~standard': { version: 1, vendor: 'hand', validate: () => ({ issues: [{ message: 'is missing', path: ['product'] }] }) } } as const;
    void createClient({ writeKey: 'WK', endpoint, events: { added: schema } }).track('added');
  }, recorder.url);
  await expect.poll(() => complaints).toEqual([expect.stringContaining('track("added"): product: is missing')]);
  expect((await sent(recorder, 1)).map(({ event }) => event)).toEqual(['added']);
});

test('two clients with two keys on one page: each has its own rows, both the same visitor', async ({ page, recorder }) => {
  await page.goto(`${recorder.url}/html/index.html`);
  await page.evaluate(async (endpoint) => {
    const name = 'hitherto';
    const { createClient } = (await import(name)) as typeof Package;
    const [one, two] = ['ONE', 'TWO'].map((writeKey) => createClient({ writeKey, endpoint }));
    await Promise.all([one!.track('of one'), two!.track('of two'), one!.track('of one again')]);
    await Promise.all([one!.flush(), two!.flush()]);
  }, recorder.url);
  const messages = await sent(recorder, 3);
  expect(messages.map(({ event }) => event).sort()).toEqual(['of one', 'of one again', 'of two']);
  expect(new Set(messages.map(({ anonymousId }) => anonymousId)).size).toBe(1);
});

test('a workspace that fails, hangs or is a captive portal holds no call up', async ({ page, recorder }) => {
  await page.goto(`${recorder.url}/html/index.html`);
  const answers = { '/v1/projects/HTML/settings': () => '<html>Log in to the Wi-Fi</html>', '/v1/projects/HANGS/settings': () => new Promise<string>(() => {}) };
  for (const [path, body] of Object.entries(answers)) recorder.answer(path, body);
  const durable = await page.evaluate(async (cdnURL) => {
    const name = 'hitherto';
    const { AnalyticsBrowser } = (await import(name)) as typeof Package;
    const calls = ['HTML', 'HANGS', 'FAILS'].map((writeKey) => AnalyticsBrowser.load({ writeKey, cdnURL }).track(`with ${writeKey}`));
    return (await Promise.all(calls)).map((context) => context.durable);
  }, recorder.url);
  expect(durable).toEqual(['stored', 'stored', 'stored']);
  expect((await sent(recorder, 3)).map(({ event }) => event).sort()).toEqual(['with FAILS', 'with HANGS', 'with HTML']);
});

test('the classic script: its array, its tag, its calls', async ({ page, recorder }) => {
  const early = "var _cio = []; for (const m of ['load', 'identify', 'sidentify', 'track', 'page', 'on', 'off', 'reset']) _cio[m] = (...v) => _cio.push([m, ...v]);";
  const calls = "_cio.on('track', (name) => (window.heard = [...(window.heard ?? []), name])); _cio.identify({ id: 'ada', email: 'ada@example.com', created_at: 1700000000 }); _cio.track('bought', { price: 7 });";
  recorder.put('/shop', `<script>document.cookie = '_cioid=bob; path=/'; document.cookie = '_cioanonid=of-bob; path=/'; ${early}${calls}</script>
    <script async id="cio-tracker" data-site-id="SITE" data-auto-track-page="true" data-endpoint="${recorder.url}" src="/dist/hitherto.classic.min.js"></script>`);
  await page.goto(`${recorder.url}/shop?q=1`);
  await page.waitForFunction(() => !Array.isArray((globalThis as { _cio?: unknown })._cio));
  await page.evaluate(() => {
    const { _cio } = globalThis as unknown as { _cio: Record<string, (...values: unknown[]) => unknown> };
    _cio['sidentify']!({ id: 'ada-2' });
    _cio['track']!('as another');
    _cio['page']!('Named', { x: 1 });
    _cio['push']!(['track', 'through push']);
    _cio['reset']!();
    _cio['track']!('somebody new');
  });
  const messages = await sent(recorder, 7);
  expect(messages.map(({ type, event, name, userId }) => [event ?? name ?? type, userId])).toEqual([
    [`${recorder.url}/shop?q=1`, 'bob'],
    ['identify', 'ada'],
    ['bought', 'ada'],
    ['as another', 'ada-2'],
    ['Named', 'ada-2'],
    ['through push', 'ada-2'],
    ['somebody new', null],
  ]);
  expect(messages[0]!['anonymousId']).toBe('of-bob');
  expect(messages[1]!['traits']).toEqual({ email: 'ada@example.com', created_at: 1_700_000_000 });
  expect(await page.evaluate(() => (globalThis as { heard?: string[] }).heard)).toEqual(['bought', 'as another', 'through push', 'somebody new']);
});

test.describe('on the subdomains of a site', () => {
  const start = (page: Page, endpoint: string): Promise<string> =>
    page.evaluate(async (endpoint) => {
      const name = 'hitherto';
      const { createClient } = (await import(name)) as typeof Package;
      const client = createClient({ writeKey: 'WK', endpoint });
      await client.ready();
      return client.user().anonymousId();
    }, endpoint);

  test('of two cookies with one name, the one that all of them share stays', async ({ page, recorder, context }) => {
    await page.goto(`http://app.example.test:${recorder.port}/`);
    await page.evaluate(() => {
      document.cookie = 'ajs_anonymous_id=of-this-host; path=/';
      document.cookie = 'ajs_anonymous_id=of-all; path=/; domain=example.test';
    });
    expect(await start(page, recorder.url)).toBe('of-all');
    const left = (await context.cookies()).filter(({ name }) => name === 'ajs_anonymous_id');
    expect(left.map(({ value, domain }) => [value, domain])).toEqual([['of-all', '.example.test']]);
    await page.goto(`http://www.example.test:${recorder.port}/`);
    expect(await start(page, recorder.url)).toBe('of-all');
  });

  test('the widest domain is looked for once', async ({ page, recorder }) => {
    await page.goto(`http://a.b.example.test:${recorder.port}/`);
    const first = await start(page, recorder.url);
    await page.goto(`http://a.b.example.test:${recorder.port}/again`);
    await page.evaluate(() => {
      const { set, get } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie') as Required<PropertyDescriptor>;
      const counted = window as { probes?: number };
      counted.probes = 0;
      const count = (text: string): void => {
        if (text.startsWith('hitherto_probe')) counted.probes!++;
        set.call(document, text);
      };
      Object.defineProperty(document, 'cookie', { get, set: count });
    });
    expect(await start(page, recorder.url)).toBe(first);
    expect(await page.evaluate(() => (window as { probes?: number }).probes)).toBe(0);
  });

  test('a cookie jar that is full loses no call, and no visitor', async ({ page, recorder }) => {
    await page.goto(`http://app.example.test:${recorder.port}/`);
    await page.evaluate(() => {
      // More than a browser keeps for one site.
      for (let i = 0; i < 400; i++) document.cookie = `filler_${i}=x; path=/; domain=example.test`;
    });
    const first = await start(page, recorder.url);
    await page.goto(`http://app.example.test:${recorder.port}/again`);
    expect(await start(page, recorder.url)).toBe(first);
  });
});
