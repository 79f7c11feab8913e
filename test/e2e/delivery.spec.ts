// What is left behind when a page, its browser or its collector fails, and what comes of it: the rows of both tables of
// The promise of docs/delivery.md, in Chromium. The table of outcomes itself is a pure function, with a unit test a row.
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page, type Route } from '@playwright/test';
import { CHROMIUM_ARGUMENTS, findBrowser } from '../../scripts/browsers.mjs';
import { startCollector, WRITE_KEY, type Collector } from './collector.js';
import { expect, localPage, open, remotePage, test } from './fixtures.js';

const BATCHES = '**/v1/b*';

async function names(collector: Collector): Promise<unknown[]> {
  return (await collector.activity()).map(({ name }) => name).reverse();
}

function track(page: Page, ...events: string[]): Promise<void> {
  return page.evaluate(async (names) => void (await Promise.all(names.map((name) => window.cioanalytics.track(name)))), events);
}

/** The rows in the browser. */
function stored(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('hitherto');
        opening.addEventListener('error', () => reject(opening.error!));
        opening.addEventListener('success', () => {
          const counting = opening.result.transaction('outbox').objectStore('outbox').count(IDBKeyRange.bound('0', ':'));
          counting.addEventListener('success', () => {
            opening.result.close();
            resolve(counting.result);
          });
        });
      }),
  );
}

async function crash(context: BrowserContext, page: Page): Promise<void> {
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  const session = await context.newCDPSession(page);
  void session.send('Page.crash').catch(() => {
    // It does not live to answer.
  });
  await crashed;
}

test('a page that dies before its database is open: the next one has what it tracked', async ({ context, pages, collector }) => {
  pages.put('/', remotePage(collector));
  const dying = await context.newPage();
  // It opens, and takes for ever.
  await dying.addInitScript('IDBFactory.prototype.open = () => new EventTarget()');
  await open(dying, pages.url);
  await dying.evaluate(() => {
    void window.cioanalytics.track('first words');
    void window.cioanalytics.track('last words');
  });
  await crash(context, dying);

  const page = await context.newPage();
  await open(page, pages.url);
  await expect.poll(() => names(collector)).toEqual(['first words', 'last words']);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('hitherto.row.')))).toEqual([]);
});

test('a renderer that crashes at any moment after the task', async ({ context, pages, collector }) => {
  pages.put('/', remotePage(collector));
  const expected: string[] = [];
  for (const delay of [0, 1, 3, 10, 30]) {
    const page = await context.newPage();
    await open(page, pages.url);
    expected.push(`alone ${delay}`, `with it ${delay}`);
    await page.evaluate((delay) => {
      void window.cioanalytics.track(`alone ${delay}`);
      void window.cioanalytics.track(`with it ${delay}`);
    }, delay);
    // The delay is the experiment.
    await new Promise((resolve) => setTimeout(resolve, delay));
    await crash(context, page);
  }
  await open(await context.newPage(), pages.url);
  await expect.poll(() => names(collector)).toHaveLength(expected.length);
  expect(new Set(await names(collector))).toEqual(new Set(expected));
});

test('a browser that is killed, while the collector is down', async ({ data, pages, collector }) => {
  pages.put('/', remotePage(collector));
  await collector.kill();
  const folder = join(data, 'profile');
  const launch = (): Promise<BrowserContext> =>
    chromium.launchPersistentContext(folder, { executablePath: findBrowser('chromium')!, args: CHROMIUM_ARGUMENTS });
  const first = await launch();
  const page = await first.newPage();
  await open(page, pages.url);
  await track(page, 'a', 'b', 'c');
  // Until 200 ms after its task, a browser may lose what it was given: that is the promise's limit.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const closed = new Promise((resolve) => first.once('close', resolve));
  process.kill(Number(readlinkSync(join(folder, 'SingletonLock')).split('-').pop()), 'SIGKILL');
  await closed;

  await collector.restart();
  const second = await launch();
  await open(await second.newPage(), pages.url);
  await expect.poll(() => names(collector)).toEqual(['a', 'b', 'c']);
  await second.close();
});

test('the collector stored it, and its answer was lost: sent again, stored once', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  let lost = 0;
  await page.route(BATCHES, async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    return route.abort('connectionreset');
  });
  await open(page, pages.url);
  await track(page, 'a', 'b');
  await expect.poll(() => stored(page)).toBe(0);
  expect(lost).toBeGreaterThan(1);
  expect(await names(collector)).toEqual(['a', 'b']);
});

test('a page that dies after the answer, and before it has deleted anything: sent again, stored once', async ({ context, pages, collector }) => {
  pages.put('/', remotePage(collector));
  const dying = await context.newPage();
  await dying.addInitScript('IDBObjectStore.prototype.delete = () => {}');
  await open(dying, pages.url);
  await track(dying, 'a');
  await expect.poll(() => names(collector)).toEqual(['a']);
  await dying.close();
  const page = await context.newPage();
  await open(page, pages.url);
  await expect.poll(() => stored(page)).toBe(0);
  expect(await names(collector)).toEqual(['a']);
});

test('the first call of all inside pagehide', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  pages.put('/elsewhere', '<!doctype html><title>Elsewhere</title>');
  await open(page, pages.url);
  await page.evaluate(() => window.cioanalytics.ready().then(() => addEventListener('pagehide', () => void window.cioanalytics.track('bye'))));
  await page.goto(`${pages.url}/elsewhere`);
  await open(page, pages.url);
  await expect.poll(() => names(collector)).toEqual(['bye']);
});

test('calls that a middleware keeps waiting when the page goes', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  pages.put('/elsewhere', '<!doctype html><title>Elsewhere</title>');
  await open(page, pages.url);
  await page.evaluate(async () => {
    const { cioanalytics } = window;
    await cioanalytics.ready();
    await cioanalytics.addSourceMiddleware(() => new Promise(() => {}));
    cioanalytics.timeout(2 ** 30);
    for (const event of ['one', 'two', 'three']) void cioanalytics.track(event);
    addEventListener('pagehide', () => void cioanalytics.track('bye'));
  });
  await page.goto(`${pages.url}/elsewhere`);
  await open(page, pages.url);
  await expect.poll(() => names(collector)).toEqual(['one', 'two', 'three', 'bye']);
});

const FAILING: Record<string, (route: Route) => Promise<void>> = {
  'a captive portal that answers 200 with HTML': (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<!doctype html><title>Sign in</title>' }),
  'a collector that says no': (route) => route.fulfill({ status: 200, contentType: 'application/json', body: '{"success":false}' }),
  'a collector that answers 503': (route) => route.fulfill({ status: 503 }),
  'a collector that answers 429': (route) => route.fulfill({ status: 429, headers: { 'Retry-After': '1', 'Access-Control-Expose-Headers': 'Retry-After', 'Access-Control-Allow-Origin': '*' } }),
  'a network that is gone': (route) => route.abort('internetdisconnected'),
};
for (const [what, answer] of Object.entries(FAILING)) {
  test(`${what}: nothing is deleted, and everything delivered when it is over`, async ({ page, pages, collector }) => {
    pages.put('/', remotePage(collector));
    let asked = 0;
    await page.route(BATCHES, (route) => (asked++ < 2 ? answer(route) : route.continue()));
    await open(page, pages.url);
    await track(page, 'a', 'b', 'c');
    await expect.poll(() => asked).toBeGreaterThan(0);
    expect(await stored(page)).toBeGreaterThan(0);
    await expect.poll(() => names(collector), { timeout: 20_000 }).toEqual(['a', 'b', 'c']);
    await expect.poll(() => stored(page)).toBe(0);
  });
}

test('a collector of another origin that is asked too often says when to come back, and pages heed it', async ({ page, pages, data }) => {
  const collector = await startCollector(data, ['--rate-limit', '1']);
  try {
    pages.put('/', remotePage(collector));
    const now = Date.now();
    await page.clock.setFixedTime(now);
    await fetch(`${collector.url}/v1/b`, { method: 'POST', body: JSON.stringify({ writeKey: WRITE_KEY, batch: [] }) });
    const answered = page.waitForResponse(BATCHES);
    await open(page, pages.url);
    await track(page, 'a');
    const refused = await answered;
    expect(refused.status()).toBe(429);
    const waitMs = Number((await refused.allHeaders())['retry-after']) * 1_000;
    expect(waitMs).toBeGreaterThan(0);
    await expect.poll(() => page.evaluate((key) => localStorage.getItem(`hitherto.attempts.key:${key}`), WRITE_KEY)).toBe(`1 ${now + waitMs}`);
  } finally {
    await collector.kill();
  }
});

test('a server that accepts and never answers holds up nobody but the page that asked', async ({ context, pages, collector }) => {
  pages.put('/', remotePage(collector));
  const first = await context.newPage();
  let asked = 0;
  await first.route(BATCHES, () => void asked++);
  await open(first, pages.url);
  await track(first, 'a');
  await expect.poll(() => asked).toBe(1);
  await track(first, 'b');
  await first.close();
  await open(await context.newPage(), pages.url);
  // What was not under way yet went with the page's last request, so that it may come first.
  await expect.poll(async () => (await names(collector)).toSorted()).toEqual(['a', 'b']);
});

test('a server that refuses every batch above 8 KB gets all of it in smaller ones', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  await page.route(BATCHES, (route) => ((route.request().postDataBuffer()?.length ?? 0) > 8_192 ? route.fulfill({ status: 413, headers: { 'Access-Control-Allow-Origin': '*' } }) : route.continue()));
  await open(page, pages.url);
  const events = Array.from({ length: 40 }, (_, i) => `event ${i}`);
  await page.evaluate((names) => Promise.all(names.map((name) => window.cioanalytics.track(name, { text: 'x'.repeat(1_000) }))).then(() => undefined), events);
  await expect.poll(() => names(collector), { timeout: 30_000 }).toEqual(events);
});

test('what came too late to merge goes out again under a fresh id that the person claims', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  const sent: Record<string, unknown>[] = [];
  await page.route(BATCHES, async (route) => {
    const { batch } = route.request().postDataJSON() as { batch: Record<string, unknown>[] };
    const isFirst = !sent.some(({ event }) => event === 'straggler');
    sent.push(...batch);
    const late = batch.flatMap(({ event, messageId }) => (isFirst && event === 'straggler' ? messageId : []));
    await route.fulfill({ json: { success: true, accepted: 1, refused: [], late }, headers: { 'Access-Control-Allow-Origin': '*' } });
  });
  await open(page, pages.url);
  await page.evaluate(async () => {
    await Promise.all([window.cioanalytics.identify('ada'), window.cioanalytics.track('straggler')]);
  });
  const stragglers = (): Record<string, unknown>[] => sent.filter(({ event }) => event === 'straggler');
  await expect.poll(() => stragglers().length).toBe(2);
  const [straggler, again] = stragglers();
  expect(again).toEqual({ ...straggler, anonymousId: again!['anonymousId'] });
  expect(again!['anonymousId']).not.toBe(straggler!['anonymousId']);
  expect(sent.at(-1)).toMatchObject({ type: 'identify', userId: 'ada', anonymousId: again!['anonymousId'] });
  await expect.poll(() => stored(page)).toBe(0);
  expect(sent).toHaveLength(4);
});

test('much at once is compressed for a collector that says it reads that, with no preflight', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  const requests: string[] = [];
  page.on('request', (request) => void (request.url().includes('/v1/b') && requests.push(`${request.method()} ${new URL(request.url()).search}`)));
  await open(page, pages.url);
  await track(page, 'first');
  await expect.poll(() => names(collector)).toEqual(['first']);
  const events = Array.from({ length: 200 }, (_, i) => `event ${i}`);
  await track(page, ...events);
  await expect.poll(() => names(collector).then(({ length }) => length)).toBe(201);
  // A second after the first request the burst's own first call leaves alone, and is not worth compressing.
  expect(requests.at(-1)).toBe('POST ?encoding=gzip');
  expect(requests.filter((request) => !request.startsWith('POST'))).toEqual([]);
});

test('a page in which everything is out of the ordinary is tracked, or left alone, and never broken', async ({ page, pages, collector, pageErrors }) => {
  pages.put('/', `<!doctype html><title>Shop</title><script>
    Array.prototype.toJSON = function () { return 'spoiled'; };
    Object.prototype.surprise = 'enumerable';
    Date.prototype.toJSON = () => 'spoiled';
  </script>${remotePage(collector)}`);
  await open(page, pages.url);
  await page.evaluate(() => {
    window.fetch = () => Promise.reject(new Error('replaced'));
    JSON.stringify = () => 'replaced';
    void window.cioanalytics.track('odd', { list: [1, 2] });
  });
  await expect.poll(() => names(collector)).toEqual(['odd']);
  expect(pageErrors).toEqual([]);
});

test('a page whose own names hide those of the browser is tracked', async ({ page, pages, collector, pageErrors }) => {
  pages.put('/', `<!doctype html><title>Shop</title><script>
    const URL = 'https://api.example', crypto = ['BTC'], performance = { q3: 12 };
    class Event {}
    let AbortController;
  </script>${remotePage(collector)}`);
  await open(page, pages.url);
  await page.evaluate(() => {
    window.cioanalytics.identify('ada');
    void window.cioanalytics.track('odd');
  });
  await expect.poll(() => names(collector)).toContain('odd');
  expect(pageErrors).toEqual([]);
});

test('a sandboxed frame has no storage, and is tracked from memory', async ({ page, pages, collector }) => {
  pages.put('/frame', remotePage(collector, "cioanalytics.track('in the sandbox');"));
  pages.put('/', '<!doctype html><title>Shop</title><iframe sandbox="allow-scripts" src="/frame"></iframe>');
  await page.goto(pages.url);
  await expect.poll(() => names(collector)).toEqual(['in the sandbox']);
});

test('a worker can load the script, which tracks there too', async ({ page, pages, collector, pageErrors }) => {
  pages.put('/', '<!doctype html><title>Shop</title>');
  await page.goto(pages.url);
  const told = await page.evaluate(
    ([script, endpoint]) =>
      new Promise((resolve) => {
        const code = `self.cioanalytics = [['track', 'from a worker']]; cioanalytics._writeKey = 'test-key'; cioanalytics._loadOptions = { endpoint: '${endpoint}' };
          try { importScripts('${script}'); postMessage('loaded'); } catch (error) { postMessage(String(error)); }`;
        const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
        worker.addEventListener('message', ({ data }) => resolve(data));
        worker.addEventListener('error', (event) => resolve(event.message));
      }),
    [`${pages.url}/dist/hitherto.min.js`, collector.url],
  );
  expect(told).toBe('loaded');
  await expect.poll(() => names(collector)).toEqual(['from a worker']);
  expect(pageErrors).toEqual([]);
});

test('with the engine in the page, what a page tracked before its database was open is in the log of the next one', async ({ context, pages }) => {
  pages.put('/', localPage());
  const dying = await context.newPage();
  await dying.addInitScript('IDBFactory.prototype.open = () => new EventTarget()');
  await open(dying, pages.url);
  await dying.evaluate(() => void window.cioanalytics.track('early'));
  await crash(context, dying);
  const page = await context.newPage();
  await open(page, pages.url);
  await expect.poll(() => page.evaluate(() => window.cioanalytics.activity().then((lines) => lines.map(({ name }) => name)))).toEqual(['early']);
});

test('out of the back/forward cache, a page goes on where it was', async ({ data, pages, collector }) => {
  pages.put('/', remotePage(collector));
  pages.put('/elsewhere', '<!doctype html><title>Elsewhere</title>');
  const context = await chromium.launchPersistentContext(join(data, 'profile'), {
    executablePath: findBrowser('chromium')!,
    args: CHROMIUM_ARGUMENTS,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  const page = await context.newPage();
  await open(page, pages.url);
  await page.evaluate(() => void addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted })));
  await track(page, 'before');
  await page.goto(`${pages.url}/elsewhere`);
  await page.goBack({ waitUntil: 'commit' });
  await expect.poll(() => page.evaluate(() => 'persisted' in window && window.persisted)).toBe(true);
  await track(page, 'after');
  await expect.poll(() => names(collector)).toEqual(['before', 'after']);
  await expect.poll(() => stored(page)).toBe(0);
  await context.close();
});
