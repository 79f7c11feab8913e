import { browse, expect, identify, open, remotePage, STUB, test, WRITE_KEY } from './fixtures.js';

test('an endpoint without a write key: one line, and delivered once the key is there', async ({ page, pages, collector, consoleLines }) => {
  pages.put('/', `<!doctype html><script>${STUB}</script><script async src="/dist/hitherto.min.js" data-endpoint="${collector.url}"></script>`);
  await open(page, pages.url);
  await browse(page);
  expect(consoleLines).toHaveLength(1);
  expect(consoleLines[0]).toMatch(/writeKey is missing/);

  pages.put('/', remotePage(collector));
  await open(page, pages.url);
  await expect.poll(async () => (await collector.activity()).length).toBe(4);
});

test('a wrong write key: one line, nothing deleted, delivered once the key is right', async ({ page, pages, collector, consoleLines }) => {
  pages.put('/', remotePage(collector).replace(WRITE_KEY, 'wrong'));
  await open(page, pages.url);
  await browse(page);
  await expect.poll(() => consoleLines.length).toBe(1);
  expect(consoleLines[0]).toMatch(/write ?key/i);
  expect(await collector.activity()).toEqual([]);
  // The rows are kept for the key under which they were written.
  expect(await page.evaluate(() => window.cioanalytics.track('still works').then(({ durable }) => durable))).toBe('stored');
});

test('an event without a name: one line, and the next one is stored', async ({ page, pages, collector, consoleLines }) => {
  pages.put('/', remotePage(collector));
  await open(page, pages.url);
  const durable = await page.evaluate(() => window.cioanalytics.track('' as string).then((context) => context.durable));
  expect(durable).toBe('dropped');
  expect(consoleLines).toHaveLength(1);
  expect(consoleLines[0]).toMatch(/needs the name of the event/);
  await browse(page);
  await expect.poll(async () => (await collector.activity()).length).toBe(4);
});

test('an endpoint that does not answer: one line, and delivered when it does', async ({ page, pages, collector, consoleLines }) => {
  pages.put('/', remotePage(collector));
  await collector.kill();
  await open(page, pages.url);
  await browse(page);
  await expect.poll(() => consoleLines.length).toBe(1);
  expect(consoleLines[0]).toMatch(/kept in this browser/);

  await collector.restart();
  await expect.poll(async () => (await collector.activity()).length, { timeout: 30_000 }).toBe(4);
});

test('cookies blocked: the visitor is one and the same over page loads', async ({ context, page, pages, collector }) => {
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setDocumentCookieDisabled', { disabled: true });
  pages.put('/', remotePage(collector));
  await open(page, pages.url);
  await browse(page);
  const before = await page.evaluate(() => window.cioanalytics.user().anonymousId());
  await open(page, pages.url);
  expect(await page.evaluate(() => window.cioanalytics.user().anonymousId())).toBe(before);
  await identify(page);
  await expect.poll(async () => (await collector.activity('tab=identified')).filter(({ previouslyAnonymous }) => previouslyAnonymous).length).toBe(4);
});

test('cookies and localStorage wiped: IndexedDB remembers the visitor', async ({ context, page, pages, collector }) => {
  pages.put('/', remotePage(collector));
  await open(page, pages.url);
  await browse(page);
  const before = await page.evaluate(() => window.cioanalytics.user().anonymousId());
  await context.clearCookies();
  await page.evaluate(() => localStorage.clear());

  await open(page, pages.url);
  await page.evaluate(() => window.cioanalytics.track('back again').then(() => undefined));
  await expect.poll(async () => (await collector.activity()).length).toBe(5);
  expect(new Set((await collector.activity()).map(({ anonymousId }) => anonymousId))).toEqual(new Set([before]));
});

for (const [how, script] of Object.entries({
  missing: "Object.defineProperty(window, 'indexedDB', { value: undefined })",
  throwing: "Object.defineProperty(window, 'indexedDB', { get() { throw new Error('no') } })",
  failing: "IDBFactory.prototype.open = () => { throw new DOMException('no', 'UnknownError') }",
})) {
  test(`IndexedDB ${how}: one line, and events are delivered from memory`, async ({ page, pages, collector, consoleLines }) => {
    await page.addInitScript(script);
    pages.put('/', remotePage(collector));
    await open(page, pages.url);
    const durable = await page.evaluate(() => window.cioanalytics.track('from memory').then((context) => context.durable));
    expect(durable).toBe('memory');
    await expect.poll(async () => (await collector.activity()).map(({ name }) => name)).toEqual(['from memory']);
    expect(consoleLines).toHaveLength(1);
    expect(consoleLines[0]).toMatch(/kept in memory/);
  });
}
