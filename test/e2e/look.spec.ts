import { accessibilityFaults } from './axe.js';
import { browse, expect, identify, open, remotePage, test } from './fixtures.js';

test.describe('the activity log at /', () => {
  test('shows a visitor, and then the person they turned out to be, while one watches', async ({ context, page, pages, collector }) => {
    pages.put('/', remotePage(collector));
    await open(page, pages.url);
    const log = await context.newPage();
    const violations: string[] = [];
    log.on('console', (message) => message.type() === 'error' && violations.push(message.text()));
    await log.goto(collector.logUrl);
    await expect(log).toHaveURL(`${collector.url}/`);

    await browse(page);
    await log.getByRole('tab', { name: /Anonymous/ }).click();
    await expect(log.getByText('addedToCart')).toBeVisible();

    await identify(page);
    await log.getByRole('tab', { name: /Identified/ }).click();
    await expect(log.getByText('Anonymous Data Merged', { exact: true })).toBeVisible();
    await expect(log.getByText('4 events', { exact: true })).toBeVisible();
    await expect(log.getByRole('img', { name: /anonymous until/ }).filter({ visible: true })).not.toHaveCount(0);
    expect(violations).toEqual([]);
  });

  test('asks for the token when it has none, and says when it is wrong', async ({ page, collector }) => {
    await page.goto(`${collector.url}/`);
    await page.getByRole('textbox').fill('not the token');
    await page.getByRole('textbox').press('Enter');
    await expect(page.getByText('The collector does not accept this token.')).toBeVisible();
    await expect(page.getByRole('textbox')).toHaveAccessibleDescription(/does not accept this token/);
  });

  test('shows hostile text as text', async ({ context, page, pages, collector }) => {
    pages.put('/', remotePage(collector));
    await open(page, pages.url);
    const payload = '<img src=x onerror="document.title=\'owned\'">';
    await page.evaluate((name) => window.cioanalytics.track(name).then(() => undefined), payload);
    const log = await context.newPage();
    await log.goto(collector.logUrl);
    await log.getByRole('tab', { name: /Anonymous/ }).click();
    await expect(log.getByText(payload)).toBeVisible();
    expect(await log.title()).not.toBe('owned');
  });
});

test('the demo shop: look around, fill the cart, log in, and it is all yours', async ({ page, collector }) => {
  await page.goto(`${collector.url}/demo/`);
  await page.getByRole('link', { name: 'Club' }).click();
  await page.getByRole('link', { name: 'Shoes' }).first().click();
  await page.getByRole('link', { name: /Cool Shoes/ }).first().click();
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await expect.poll(async () => (await collector.activity('tab=anonymous')).map(({ name }) => name)).toContain('addedToCart');
  expect(await collector.activity('tab=identified')).toEqual([]);

  await page.getByRole('link', { name: 'Log in', exact: true }).click();
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect.poll(async () => (await collector.activity('tab=anonymous')).length).toBe(0);
  const merge = (await collector.activity()).find(({ type }) => type === 'anon_merge');
  expect(merge).toMatchObject({ person: 'ada', count: 8 });
  expect((await collector.person('ada')).traits).toMatchObject({ email: 'ada@example.com', first_name: 'Ada' });

  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect.poll(async () => (await collector.activity('tab=anonymous')).length).toBe(1);
});

test('examples/script-tag: track, identify and the log, from a file server and nothing else', async ({ page, pages }) => {
  await page.goto(`${pages.url}/examples/script-tag/`);
  await page.getByRole('button', { name: /productViewed/ }).click();
  await page.getByRole('button', { name: /addedToCart/ }).click();
  await page.getByRole('button', { name: /identify/ }).click();
  await expect(page.getByText('Anonymous Data Merged', { exact: true })).toBeVisible();
  await expect(page.getByText('3 events', { exact: true })).toBeVisible();

  await page.reload();
  await expect(page.getByText('Anonymous Data Merged', { exact: true })).toBeVisible();
  expect(await accessibilityFaults(page)).toEqual([]);
});
