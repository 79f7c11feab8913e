// In a file of its own, so that it runs beside the others: it takes its time.
import { expect, open, remotePage, test } from './fixtures.js';

const BATCHES = '**/v1/b*';
const LOADS = 1_000;

test('an ad blocker for a thousand page loads: few requests each, and all of it is delivered when it is switched off', async ({ page, pages, collector, consoleLines }) => {
  // Ten minutes were too few beside other work; nothing here is about time.
  test.setTimeout(1_800_000);
  pages.put('/', remotePage(collector, "cioanalytics.track('visited');", 'hitherto.remote.min.js'));
  let blocked = 0;
  await page.route(BATCHES, (route) => {
    blocked++;
    return route.abort('blockedbyclient');
  });
  for (let load = 0; load < LOADS; load++) {
    await open(page, pages.url);
    await page.evaluate(() => window.cioanalytics.ready());
  }
  // One, once more without keepalive, and the same when the page leaves.
  expect(blocked).toBeLessThanOrEqual(4 * LOADS);
  expect(new Set(consoleLines).size).toBe(1);

  await page.unroute(BATCHES);
  await open(page, pages.url);
  const isDelivered = async (): Promise<boolean> => {
    const counted = await collector.activity();
    return counted.length === LOADS;
  };
  await expect.poll(isDelivered, { timeout: 60_000 }).toBe(true);
});
