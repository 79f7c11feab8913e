// The published browser clients, unchanged, in front of the real collector: only the address they are given differs.
import { execFileSync } from 'node:child_process';
import type { Page } from '@playwright/test';
import type { Collector } from './collector.js';
import { expect, test, WRITE_KEY, type Pages } from './fixtures.js';

interface Published {
  script: string;
  integration: string;
  /** What stands behind the collector's address in the one that the client asks for settings. */
  path: string;
}

const CLIENTS: Record<string, Published> = {
  '@customerio/cdp-analytics-browser': { script: '/node_modules/@customerio/cdp-analytics-browser/dist/umd/index.js', integration: 'Customer.io Data Pipelines', path: '' },
  '@segment/analytics-next': { script: '/node_modules/@segment/analytics-next/dist/umd/index.js', integration: 'Segment.io', path: '/v1/segment' },
};

/** What the packages have in common, as far as these pages call it. */
interface PublishedClient {
  track(event: string, properties?: object, options?: object): Promise<unknown>;
  page(category: string, name: string): Promise<unknown>;
  screen(name: string): Promise<unknown>;
  identify(userId: string, traits?: object): Promise<unknown>;
  group(groupId: string, traits?: object): Promise<unknown>;
  alias(to: string): Promise<unknown>;
  reset(): Promise<unknown>;
}

declare global {
  interface Window {
    AnalyticsNext: { AnalyticsBrowser: { load(settings: object, options?: object): PublishedClient } };
    client: PublishedClient;
  }
}

/** Every address a page asks beside its own site, as `GET https://host/path`; nobody outside this machine is reached. */
async function watch(page: Page, pages: Pages): Promise<string[]> {
  const asked: string[] = [];
  await page.route('**/*', async (route) => {
    const request = route.request();
    const { origin, pathname, hostname } = new URL(request.url());
    if (origin !== pages.url) asked.push(`${request.method()} ${origin}${pathname}`);
    await (hostname === '127.0.0.1' ? route.continue() : route.abort());
  });
  return asked;
}

/** @param deliveryStrategy how the client sends, in its own words */
async function load(page: Page, pages: Pages, collector: Collector, { script, integration, path }: Published, deliveryStrategy?: object): Promise<void> {
  pages.put('/', `<!doctype html><title>Shop</title><link rel="icon" href="data:,"><script src="${script}"></script>`);
  await page.goto(pages.url);
  const settings = { writeKey: WRITE_KEY, cdnURL: collector.url + path };
  const options = deliveryStrategy ? { integrations: { [integration]: { deliveryStrategy } } } : {};
  await page.evaluate(([settings, options]) => void (window.client = window.AnalyticsNext.AnalyticsBrowser.load(settings!, options)), [settings, options]);
}

const names = async (collector: Collector): Promise<string[]> => (await collector.activity()).map(({ type, name }) => name ?? type).reverse();

for (const [name, published] of Object.entries(CLIENTS)) {
  test.describe(name, () => {
    test('asks the collector where to send, sends there alone, and what its visitor did joins them', async ({ page, pages, collector }) => {
      const asked = await watch(page, pages);
      await load(page, pages, collector, published);
      await page.evaluate(async () => {
        const { client } = window;
        await client.page('Shop', 'Shoes');
        await client.track('added_to_cart', { product: 'shoes' });
        await client.identify('ada', { email: 'ada@example.com' });
        await client.track('paid', { total: 39.95 });
        await client.screen('Receipt');
        await client.group('acme', { name: 'Acme' });
        await client.reset();
        await client.track('somebody_new');
      });
      await expect.poll(() => names(collector)).toEqual(['Shoes', 'added_to_cart', 'identify', 'anon_merge', 'paid', 'Receipt', 'acme', 'somebody_new']);

      const { traits, events } = await collector.person('ada');
      expect(traits).toEqual({ email: 'ada@example.com', anonymous_id: expect.any(String) });
      expect(events.map(({ name, previouslyAnonymous }) => [name, previouslyAnonymous])).toEqual([
        ['Shoes', true],
        ['added_to_cart', true],
        ['paid', false],
        ['Receipt', false],
      ]);
      expect((await collector.activity('tab=anonymous')).map(({ name }) => name)).toEqual(['somebody_new']);

      const [first, ...others] = asked;
      expect(first).toBe(`GET ${collector.url}${published.path}/v1/projects/${WRITE_KEY}/settings`);
      expect(others.map((address) => address.replace(collector.url, ''))).toEqual(['p', 't', 'i', 't', 's', 'g', 't'].map((path) => `POST /v1/${path}`));
    });

    test('sends batches where it is told to, and each of their messages is there once', async ({ page, pages, collector }) => {
      const asked = await watch(page, pages);
      await load(page, pages, collector, published, { strategy: 'batching', config: { size: 3, timeout: 200 } });
      await page.evaluate(async () => {
        for (let i = 0; i < 7; i++) await window.client.track(`event ${i}`);
      });
      await expect.poll(async () => (await names(collector)).sort()).toEqual([...Array(7).keys()].map((i) => `event ${i}`));
      expect(asked.filter((address) => address.startsWith('POST')).every((address) => address === `POST ${collector.url}/v1/b`)).toBe(true);
    });

    test('an alias from a page joins nobody', async ({ page, pages, collector }) => {
      await load(page, pages, collector, published);
      await page.evaluate(async () => {
        await window.client.identify('ada');
        await window.client.alias('bob');
        await window.client.track('afterwards');
      });
      await expect.poll(() => names(collector)).toContain('afterwards');
      expect((await collector.person('ada')).events.map(({ name }) => name)).toEqual(['afterwards']);
    });
  });
}

test("the original's snippet with only its host changed brings our client, which sends here", async ({ page, pages, collector }) => {
  const asked = await watch(page, pages);
  // What the snippet does, in our own words: the stub, load(), a first page view.
  pages.put('/', `<!doctype html><title>Shop</title><link rel="icon" href="data:,"><script>
    const a = window.cioanalytics = [];
    for (const method of ['identify', 'track', 'page', 'reset', 'ready']) a[method] = (...values) => (a.push([method, ...values]), a);
    a.load = (key, options) => {
      const script = document.createElement('script');
      script.async = true;
      script.setAttribute('data-global-customerio-analytics-key', 'cioanalytics');
      script.src = '${collector.url}/v1/analytics-js/snippet/' + key + '/analytics.min.js';
      document.head.append(script);
      a._writeKey = key;
      a._loadOptions = options;
    };
    a.load('${WRITE_KEY}');
    a.page('Landing');
    a.track('added_to_cart');
    a.identify('ada');
  </script>`);
  await page.goto(pages.url);
  await expect.poll(() => names(collector)).toEqual(['Landing', 'added_to_cart', 'identify', 'anon_merge']);
  for (const address of asked) expect(address.split(' ')[1]).toContain(`${collector.url}/`);
  expect(asked[0]).toBe(`GET ${collector.url}/v1/analytics-js/snippet/${WRITE_KEY}/analytics.min.js`);
});

test('the tag that the command prints with a hash brings the script from an address that never changes', async ({ page, pages, collector }) => {
  const asked = await watch(page, pages);
  const printed = execFileSync(process.execPath, ['dist/cli.js', 'snippet', '--endpoint', collector.url, '--write-key', WRITE_KEY, '--integrity'], { encoding: 'utf8' });
  const tag = printed.trim().split('\n').at(-1)!;
  pages.put('/', `<!doctype html><link rel="icon" href="data:,"><script>(window.cioanalytics ??= []).push(['track', 'early'])</script>${tag}`);
  await page.goto(pages.url);
  await expect.poll(() => names(collector)).toEqual(['early']);
  expect(asked[0]).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/v\d+\.\d+\.\d+\/hitherto\.remote\.min\.js$/);

  // A page that was not touched since an older version goes on, unless it insists on the very bytes.
  const older = tag.replace(/\/v\d+\.\d+\.\d+\//, '/v0.0.1/');
  pages.put('/older', `<!doctype html><link rel="icon" href="data:,"><script>(window.cioanalytics ??= []).push(['track', 'later'])</script>${older.replace(/ integrity="[^"]+"/, '')}`);
  await page.goto(`${pages.url}/older`);
  await expect.poll(() => names(collector)).toEqual(['early', 'later']);
  const complaint = page.waitForEvent('console', (message) => message.text().includes('integrity'));
  pages.put('/insisting', `<!doctype html><link rel="icon" href="data:,">${older.replace(/integrity="sha384-[^"]+"/, `integrity="sha384-${'A'.repeat(64)}"`)}`);
  await page.goto(`${pages.url}/insisting`);
  await complaint;
  expect(await page.evaluate(() => window.cioanalytics)).toBeUndefined();
});
