import type { Activity } from '../../src/wire/index.js';
import { browse, DAY_MS, expect, identify, localPage, open, remotePage, test } from './fixtures.js';

/** What every way of running it has to show after `browse` and `identify`. */
function expectJoined(log: Activity[]): void {
  const joined = log.filter(({ previouslyAnonymous }) => previouslyAnonymous);
  expect(joined.map(({ type, name, person }) => [type, name, person]).sort()).toEqual([
    ['event', 'addedToCart', 'ada'],
    ['event', 'pricingViewed', 'ada'],
    ['event', 'productViewed', 'ada'],
    ['page', 'Cart', 'ada'],
  ]);
  const merges = log.filter(({ type }) => type === 'anon_merge');
  expect(merges).toHaveLength(1);
  expect(merges[0]).toMatchObject({ person: 'ada', count: 4, anonymousId: joined[0]!.anonymousId });
  expect(merges[0]!.oldest).toBe(Math.floor(Math.min(...joined.map(({ occurredAt }) => occurredAt!)) / 1000));
}

for (const script of ['hitherto.min.js', 'hitherto.remote.min.js']) {
  test(`${script}: what a visitor did before login joins the person at the collector`, async ({ page, pages, collector }) => {
    pages.put('/', remotePage(collector, '', script));
    await open(page, pages.url);
    await browse(page);
    await expect.poll(async () => (await collector.activity('tab=anonymous')).length).toBe(4);

    await identify(page);
    await expect.poll(async () => (await collector.activity('tab=anonymous')).length).toBe(0);
    expectJoined(await collector.activity('tab=identified'));
    expect((await collector.person('ada')).events).toHaveLength(4);
  });
}

test('an event 31 days old stays anonymous', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  await open(page, pages.url);
  await page.evaluate((timestamp) => window.cioanalytics.track('longAgo', {}, { timestamp }).then(() => undefined), Date.now() - 31 * DAY_MS);
  await browse(page);
  await identify(page);

  await expect.poll(async () => (await collector.activity('tab=identified')).length).toBeGreaterThan(4);
  expectJoined(await collector.activity('tab=identified'));
  expect((await collector.activity('tab=anonymous')).map(({ name }) => name)).toEqual(['longAgo']);
});

test('the collector is killed between the tracks and the identify, and started again', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  await open(page, pages.url);
  await browse(page);
  await expect.poll(async () => (await collector.activity('tab=anonymous')).length).toBe(4);

  await collector.kill();
  await identify(page);
  await collector.restart();
  await expect.poll(async () => (await collector.activity('tab=anonymous')).length, { timeout: 30_000 }).toBe(0);
  expectJoined(await collector.activity('tab=identified'));
});

test('the collector is down from the start: nothing is lost, and nothing doubled', async ({ page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  await collector.kill();
  await open(page, pages.url);
  await browse(page);
  await identify(page);
  await collector.restart();

  // A later page of the same visitor delivers what an earlier one could not.
  await open(page, pages.url);
  await expect.poll(async () => (await collector.activity('tab=identified')).length, { timeout: 30_000 }).toBe(6);
  expectJoined(await collector.activity('tab=identified'));
});

test('with the engine in the page, the same, after two reloads', async ({ page, pages }) => {
  pages.put('/', localPage());
  await open(page, pages.url);
  await browse(page);
  await page.evaluate((timestamp) => window.cioanalytics.track('longAgo', {}, { timestamp }).then(() => undefined), Date.now() - 31 * DAY_MS);
  await open(page, pages.url);
  await identify(page);
  await open(page, pages.url);

  expectJoined(await page.evaluate(() => window.cioanalytics.activity({ tab: 'identified' })));
  const anonymous = await page.evaluate(() => window.cioanalytics.activity({ tab: 'anonymous' }));
  expect(anonymous.map(({ name }) => name)).toEqual(['longAgo']);
});

test('with the engine in the page, another tab sees what this one does', async ({ context, page, pages }) => {
  pages.put('/', localPage());
  await open(page, pages.url);
  const other = await context.newPage();
  await open(other, pages.url);
  await other.evaluate(() => window.cioanalytics.activity());

  await browse(page);
  await identify(page);
  const log = (): Promise<Activity[]> => other.evaluate(() => window.cioanalytics.activity({ tab: 'identified' }));
  await expect.poll(async () => (await log()).length).toBe(6);
  expectJoined(await log());
});
