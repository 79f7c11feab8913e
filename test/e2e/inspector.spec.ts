import { accessibilityFaults } from './axe.js';
import { expect, localPage, open, remotePage, test } from './fixtures.js';

const activityScript = /hitherto-activity\.min\.js/;

test('the inspector opens over a page with what waits for its collector; until then nothing of it is loaded', async ({ page, pages, collector, consoleLines }) => {
  const asked: string[] = [];
  page.on('request', (request) => activityScript.test(request.url()) && asked.push(request.url()));
  pages.put('/', remotePage(collector).replace('<title>', '<html lang="en"><main><h1>Shop</h1></main><title>'));
  await open(page, pages.url);
  await page.evaluate(() => window.cioanalytics.flush());
  await collector.kill();
  await page.evaluate(() => window.cioanalytics.track('addedToCart').then(() => undefined));
  expect(asked).toEqual([]);

  await page.evaluate(() => window.cioanalytics.inspector());
  expect(asked).toHaveLength(1);
  // Whose is whose the collector knows, and only the collector.
  await expect(page.getByRole('tab')).toHaveCount(1);
  await expect(page.locator('.queued')).toHaveText('addedToCart');
  await expect(page.getByText('failed', { exact: true })).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('The last attempt failed:')).toBeVisible();
  expect(await accessibilityFaults(page)).toEqual([]);

  await collector.restart();
  await expect(page.getByRole('heading', { name: 'Nothing waits' })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText('and so is the activity log')).toBeVisible();
  expect(consoleLines.join()).not.toContain('activity()');
  await page.keyboard.press('Escape');
  await expect(page.locator('hitherto-activity')).toHaveCount(0);
});

test('the inspector of a page without a collector shows its merges, and says why', async ({ page, pages }) => {
  pages.put('/', localPage());
  await open(page, pages.url);
  await page.evaluate(async () => {
    await window.cioanalytics.track('addedToCart', { product: 'cool-shoes' });
    await window.cioanalytics.identify('ada', { plan: 'club' });
    await window.cioanalytics.inspector();
  });
  await expect(page.getByText('Anonymous Data Merged', { exact: true })).toBeVisible();
  await page.getByRole('article', { name: 'addedToCart' }).click();
  await expect(page.getByText('Was anonymous, joined at the identify')).toBeVisible();
  await expect(page.getByText('cool-shoes', { exact: true })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'ada' }).first().click();
  await expect(page.getByText('club')).toBeVisible();
});

test('the inspector gives the focus back to what had it, unless somebody has gone on in the page', async ({ page, pages }) => {
  pages.put('/', `${localPage()}<button onclick="cioanalytics.inspector()">Inspect</button><input id="own">`);
  await open(page, pages.url);
  await page.getByRole('button', { name: 'Inspect' }).click();
  await expect(page.getByRole('button', { name: 'Close the inspector' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Inspect' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Close the inspector' })).toBeFocused();
  await page.locator('#own').focus();
  await page.keyboard.press('Escape');
  await expect(page.locator('hitherto-activity')).toHaveCount(0);
  await expect(page.locator('#own')).toBeFocused();
});

test('the inspector opens again after a navigation has replaced the body under it', async ({ page, pages }) => {
  pages.put('/', localPage());
  await open(page, pages.url);
  await page.evaluate(() => window.cioanalytics.inspector());
  await page.evaluate(() => document.body.replaceWith(document.createElement('body')));
  await page.evaluate(() => window.cioanalytics.inspector());
  await expect(page.locator('hitherto-activity')).toHaveCount(1);
});

test('the inspector does not open where the page does not allow it, and says what would', async ({ page, pages, consoleLines }) => {
  pages.put('/', localPage('cioanalytics._loadOptions = { inspector: false };'));
  await open(page, pages.url);
  await page.evaluate(() => window.cioanalytics.inspector());
  await expect.poll(() => consoleLines.join()).toContain('inspector: true');
  await expect(page.locator('hitherto-activity')).toHaveCount(0);
});
