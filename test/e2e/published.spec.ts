// A shop with Customer.io's snippet, once with the published package and once with ours: only the script differs.
import { readFileSync } from 'node:fs';
import { test, expect, type Page } from '@playwright/test';
import type { JsonObject } from '../../src/wire/index.js';
import { comparable, keptOf } from './captures/compare.js';
import { startRecorder, type Recorder } from './captures/recorder.js';

const SCRIPTS = {
  theirs: 'node_modules/@customerio/cdp-analytics-browser/dist/umd/standalone.js',
  ours: 'dist/hitherto.remote.min.js',
};

/** What the pasted snippet does, in our own words; then the page's own code. */
const SHOP = `<title>Shop</title>
<a id="shoes" href="#shoes">Cool shoes</a>
<form id="search"><input name="q"></form>
<script>
  const a = window.cioanalytics = [];
  a.methods = ['trackLink', 'trackForm', 'identify', 'reset', 'group', 'track', 'ready', 'alias', 'page', 'on', 'setAnonymousId'];
  for (const method of a.methods) a[method] = (...values) => (a.push([method, ...values]), a);
  a._cdn = location.origin;
  a._writeKey = 'WK_SHOP';
  a.page();
  a.ready(() => (window.isReady = true));
</script>
<script async data-global-customerio-analytics-key="cioanalytics" src="/v1/analytics-js/snippet/WK_SHOP/analytics.min.js"></script>`;

/** A visit: what a shop calls while somebody looks around, logs in, works, and logs out. */
async function visit(page: Page, recorder: Recorder, script: string): Promise<{ messages: JsonObject[]; kept: unknown }> {
  recorder.put('/shop', SHOP);
  recorder.answer('/v1/analytics-js/snippet/WK_SHOP/analytics.min.js', () => readFileSync(script, 'utf8'));
  recorder.answer('/v1/projects/WK_SHOP/settings', () =>
    JSON.stringify({ integrations: { 'Customer.io Data Pipelines': { apiKey: 'WK_SHOP', apiHost: `127.0.0.1:${recorder.port}/v1`, protocol: 'http' } } }),
  );
  await page.goto(`${recorder.url}/shop?utm_source=news&q=shoes`);
  await page.waitForFunction(() => (globalThis as { isReady?: boolean }).isReady);
  await page.evaluate(async () => {
    const a = window.cioanalytics as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>;
    await a['track']!('productViewed', { product: 'cool-shoes', price: 39.95, tags: ['new', null], at: new Date(0) });
    await a['page']!('Shop', 'Cart', { step: 2 });
    await a['identify']!('ada', { email: 'ada@example.com', plan: 'pro' });
    await a['identify']!({ plan: 'free' });
    await a['group']!('acme', { name: 'Acme' });
    await a['track']!('paid', { total: 1e3 }, { context: { ip: '1.2.3.4' }, integrations: { Slack: false }, 'app.name': 'shop' });
    await a['track']!({ event: 'asOneObject', properties: { x: 1 } });
    await a['alias']!('ada-2');
    await a['reset']!();
    await a['track']!('somebodyNew');
    await a['identify']!(7, null);
  });
  const flush = (): Promise<unknown> => page.evaluate(() => (window.cioanalytics.flush as unknown as undefined | (() => Promise<void>))?.());
  await flush();
  await expect.poll(() => recorder.messages().length).toBe(11);
  return { messages: recorder.messages(), kept: keptOf(await page.evaluate(() => ({ ...localStorage }))) };
}

test('a shop sends and keeps the same when only the address of the script changes', async ({ browser }) => {
  const [theirs, ours] = await Promise.all(
    Object.values(SCRIPTS).map(async (script) => {
      const recorder = await startRecorder();
      const page = await browser.newPage();
      const { messages, kept } = await visit(page, recorder, script);
      await page.close();
      await recorder.close();
      return { messages: comparable(messages, `127.0.0.1:${recorder.port}`), kept };
    }),
  );
  expect(ours!.messages).toEqual(theirs!.messages);
  expect(ours!.kept).toEqual(theirs!.kept);
});
