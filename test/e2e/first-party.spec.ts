import type { Page } from '@playwright/test';
import { SignJWT } from 'jose';
import { startCollector } from './collector.js';
import { expect, open, remotePage, test } from './fixtures.js';
import { startTlsProxy } from './tls-proxy.js';

const SECRET = 'a secret of more than thirty-two bytes';

test('a visitor whose storage the browser has wiped is still the same one', async ({ page, pages, data, context }) => {
  const collector = await startCollector(data, ['--allow-origin', pages.url]);
  try {
    pages.put('/', remotePage(collector).replace('data-write-key', 'data-first-party-cookie data-write-key'));
    await open(page, pages.url);
    await page.evaluate(() => window.cioanalytics.track('before').then(() => undefined));
    await expect.poll(async () => (await collector.activity()).map(({ name }) => name)).toEqual(['before']);
    const [kept] = await context.cookies(`${collector.url}/`);
    expect((await context.cookies()).find(({ name }) => name === 'hitherto_id')).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    expect(kept).toBeDefined();

    await forgetScripts(page, pages.url);

    await open(page, pages.url);
    await page.evaluate(() => window.cioanalytics.track('after').then(() => undefined));
    await expect.poll(async () => (await collector.activity()).map(({ name }) => name)).toEqual(['after', 'before']);
    const [after, before] = await collector.activity();
    expect(after!.anonymousId).toBe(before!.anonymousId);
    expect(await page.evaluate(() => window.cioanalytics.user().anonymousId())).toBe(before!.anonymousId);

    // A logout makes somebody new, there too.
    await page.evaluate(() => window.cioanalytics.reset());
    const somebodyNew = await page.evaluate(() => window.cioanalytics.user().anonymousId());
    await expect.poll(async () => (await context.cookies()).find(({ name }) => name === 'hitherto_id')?.value).toBe(somebodyNew);
  } finally {
    await collector.kill();
  }
});

test.describe('over TLS', () => {
  test.use({ ignoreHTTPSErrors: true });

  test('the cookie is one that no neighbour can plant and no script reads; it comes back, and the visitor with it', async ({ page, pages, data, context }) => {
    const shop = await startTlsProxy(pages.url);
    const collector = await startCollector(data, ['--trust-proxy', '--allow-origin', shop.url]);
    const events = await startTlsProxy(collector.url);
    const namesIn = async () => (await collector.activity()).map(({ name }) => name);
    try {
      pages.put('/', remotePage(events).replace('data-write-key', 'data-first-party-cookie data-write-key'));
      await open(page, shop.url);
      await page.evaluate(() => window.cioanalytics.track('before').then(() => undefined));
      await expect.poll(namesIn).toEqual(['before']);
      const kept = (await context.cookies()).find(({ name }) => name === '__Host-hitherto_id');
      expect(kept).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', value: (await collector.activity())[0]!.anonymousId });
      expect(await page.evaluate(() => document.cookie)).not.toContain('hitherto_id');
      expect(events.cookies('/v1/id')[0]).not.toContain('__Host-hitherto_id');

      await forgetScripts(page, shop.url);

      await open(page, shop.url);
      await page.evaluate(() => window.cioanalytics.track('after').then(() => undefined));
      await expect.poll(namesIn).toEqual(['after', 'before']);
      expect(events.cookies('/v1/id').at(-1)).toContain(`__Host-hitherto_id=${kept!.value}`);
      expect((await collector.activity())[0]!.anonymousId).toBe(kept!.value);
      expect(await page.evaluate(() => window.cioanalytics.user().anonymousId())).toBe(kept!.value);
    } finally {
      await Promise.all([collector.kill(), shop.close(), events.close()]);
    }
  });
});

test('a collector that does not know the page holds nothing up, and the console says what to do', async ({ page, pages, collector, consoleLines }) => {
  pages.put('/', remotePage(collector).replace('data-write-key', 'data-first-party-cookie data-write-key'));
  await open(page, pages.url);
  await page.evaluate(() => window.cioanalytics.track('anyway').then(() => undefined));
  await expect.poll(async () => (await collector.activity()).map(({ name }) => name)).toEqual(['anyway']);
  expect(consoleLines.join('\n')).toContain('--allow-origin');
});

test('a page identifies with the token of its server, and nobody does without', async ({ page, pages, data }) => {
  const collector = await startCollector(data, ['--identity', 'all', '--identity-secret', SECRET]);
  try {
    pages.put('/', remotePage(collector));
    await open(page, pages.url);
    await page.evaluate(() => window.cioanalytics.track('addedToCart').then(() => undefined));
    const refused = await page.evaluate(() => window.cioanalytics.identify('mallory').then(({ delivered }) => delivered));
    expect(refused).toMatchObject({ code: 'unsigned_identify' });

    await page.evaluate(() => window.cioanalytics.reset());
    await page.evaluate(() => window.cioanalytics.track('cameBack').then(() => undefined));
    const anonymousId = await page.evaluate(() => window.cioanalytics.user().anonymousId());
    const token = await new SignJWT({ sub: 'ada', anonymous_id: anonymousId }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('10m').sign(new TextEncoder().encode(SECRET));
    await page.evaluate((signed) => window.cioanalytics.identify({ token: signed }).then(({ delivered }) => delivered), token);
    expect((await collector.person('ada')).events).toMatchObject([{ name: 'cameBack', previouslyAnonymous: true }]);
    expect((await collector.person('ada')).traits).toEqual({ anonymous_id: anonymousId });
  } finally {
    await collector.kill();
  }
});

/** What Safari does after seven days: whatever scripts wrote is gone. */
async function forgetScripts(page: Page, origin: string): Promise<void> {
  const context = page.context();
  const session = await context.newCDPSession(page);
  await page.goto('about:blank');
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'local_storage,indexeddb' });
  for (const { name, httpOnly } of await context.cookies()) if (!httpOnly) await context.clearCookies({ name });
}
