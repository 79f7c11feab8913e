import { expect, localPage, open, remotePage, STUB, test, WRITE_KEY } from './fixtures.js';

const EARLY_CALLS = `
  cioanalytics.page('Landing');
  cioanalytics.track('early 1');
  cioanalytics.identify('ada', { plan: 'pro' });
  cioanalytics.track('early 2');
  cioanalytics.page('Account');`;

test('calls made before the script is there arrive in the order in which they were made', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector, EARLY_CALLS));
  await open(page, pages.url);
  await expect.poll(async () => (await collector.activity()).length).toBeGreaterThanOrEqual(5);

  const log = (await collector.activity()).filter(({ type }) => type !== 'anon_merge').reverse();
  expect(log.map(({ type, name }) => name ?? type)).toEqual(['Landing', 'early 1', 'identify', 'early 2', 'Account']);
  expect(log.map(({ previouslyAnonymous = false }) => previouslyAnonymous)).toEqual([true, true, false, false, false]);
});

test("load() in Customer.io's way takes key and address from the call", async ({ page, pages, collector }) => {
  const { host } = new URL(collector.url);
  pages.put('/', `<!doctype html><script>${STUB}
    cioanalytics._writeKey = '${WRITE_KEY}';
    cioanalytics._loadOptions = { integrations: { 'Customer.io Data Pipelines': { apiHost: '${host}/v1', protocol: 'http' } } };
    cioanalytics.track('early');
    </script><script async data-global-customerio-analytics-key="cioanalytics" src="/dist/hitherto.min.js"></script>`);
  await open(page, pages.url);
  await expect.poll(async () => (await collector.activity()).map(({ name }) => name)).toEqual(['early']);
});

test('a page that kept the stub still reaches the client', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector, 'window.kept = cioanalytics;'));
  await open(page, pages.url);
  await page.evaluate(() => (window as unknown as { kept: Window['cioanalytics'] }).kept.track('through the stub'));
  await expect.poll(async () => (await collector.activity()).map(({ name }) => name)).toEqual(['through the stub']);
});

test('the tag pasted twice tracks nothing twice', async ({ page, pages, collector }) => {
  const html = remotePage(collector, "cioanalytics.track('once');");
  pages.put('/', html + html.replace("cioanalytics.track('once');", ''));
  await open(page, pages.url);
  await page.evaluate(() => window.cioanalytics.track('after').then(() => undefined));
  await expect.poll(async () => (await collector.activity()).map(({ name }) => name)).toEqual(['after', 'once']);
});

test('a tag without anything keeps events in the page, and says so once', async ({ page, pages, consoleLines }) => {
  pages.put('/', localPage("cioanalytics.track('early');"));
  await open(page, pages.url);
  await expect.poll(async () => (await page.evaluate(() => window.cioanalytics.activity())).map(({ name }) => name)).toEqual(['early']);
  expect(consoleLines).toHaveLength(1);
  expect(consoleLines[0]).toContain('stay in this browser');
});
