import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import { startRecorder, type Recorder } from './captures/recorder.js';
import { startCollector, type Collector, WRITE_KEY } from './collector.js';
import { servePages, STUB, type Pages } from './pages.js';
import type { Client } from '../../src/client/index.js';

declare global {
  interface Window {
    cioanalytics: Client;
  }
}

export const test = base.extend<{ data: string; collector: Collector; recorder: Recorder; pages: Pages; consoleLines: string[]; pageErrors: string[] }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture needs from here
  data: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'hitherto-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  collector: async ({ data }, use) => {
    const collector = await startCollector(data);
    await use(collector);
    await collector.kill();
  },
  // oxlint-disable-next-line no-empty-pattern
  recorder: async ({}, use) => {
    const recorder = await startRecorder();
    await use(recorder);
    await recorder.close();
  },
  // oxlint-disable-next-line no-empty-pattern
  pages: async ({}, use) => {
    const pages = await servePages();
    await use(pages);
    await pages.close();
  },
  consoleLines: async ({ page }, use) => {
    const lines: string[] = [];
    page.on('console', (message) => {
      if (message.text().startsWith('hitherto:')) lines.push(message.text());
    });
    await use(lines);
  },
  pageErrors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await use(errors);
      // The promise that holds for every test: the page never sees an exception of ours.
      expect(errors).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect, STUB, WRITE_KEY };
export type { Pages };

/** A page with the pasted snippet, sending to a collector. */
export function remotePage({ url }: Pick<Collector, 'url'>, calls = '', script = 'hitherto.min.js'): string {
  return `<!doctype html><title>Shop</title><script>${STUB}${calls}</script>
    <script async src="/dist/${script}" data-write-key="${WRITE_KEY}" data-endpoint="${url}"></script>`;
}

/** A page with the pasted snippet and no collector. */
export function localPage(calls = ''): string {
  return `<!doctype html><title>Shop</title><script>${STUB}${calls}</script><script async src="/dist/hitherto.min.js"></script>`;
}

/** Opens a page and waits until the client has taken the place of the stub. */
export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => window.cioanalytics.initialized);
}

/** Three tracks and a page view, durable when this returns. */
export async function browse(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { cioanalytics } = window;
    await Promise.all([
      cioanalytics.track('pricingViewed', { plan: 'pro' }),
      cioanalytics.track('productViewed', { product: 'cool-shoes' }),
      cioanalytics.track('addedToCart', { product: 'cool-shoes' }),
      cioanalytics.page('Cart'),
    ]);
  });
}

/** Logs in. */
export async function identify(page: Page): Promise<void> {
  await page.evaluate(() => window.cioanalytics.identify('ada', { email: 'ada@example.com' }).then(() => undefined));
}

export const DAY_MS = 86_400_000;
