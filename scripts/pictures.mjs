// The pictures of the README: a visit to the demo shop, as the built collector shows it. `npm run pictures`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import { CHROMIUM_ARGUMENTS, provideBrowser } from './browsers.mjs';

const data = mkdtempSync(join(tmpdir(), 'hitherto-pictures-'));
const collector = spawn(process.execPath, ['dist/cli.js', 'serve', '--port', '0', '--data', data], { stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await once(createInterface(collector.stdout), 'line');
const [, log, shop] = /log: (\S+) .*shop: (\S+)/.exec(line);

const browser = await chromium.launch({ executablePath: provideBrowser('chromium'), args: CHROMIUM_ARGUMENTS });
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5, colorScheme: 'light' });

// Somebody else, who has not logged in yet.
const other = await (await browser.newContext()).newPage();
await other.goto(shop);
await other.getByRole('link', { name: /Far Runner/i }).first().click();
await other.getByRole('button', { name: 'Add to cart' }).click();

const page = await context.newPage();
await page.goto(shop);
await page.getByRole('link', { name: 'Club' }).click();
await page.getByRole('link', { name: 'Shoes' }).first().click();
await page.getByRole('link', { name: /Cool Shoes/i }).first().click();
await page.getByRole('button', { name: 'Add to cart' }).click();
// As far as the shop goes.
await page.screenshot({ path: 'docs/demo-shop.png', clip: { x: 0, y: 0, width: 1280, height: 600 } });
await page.getByRole('link', { name: /^Cart/ }).first().click();
await page.getByRole('link', { name: 'Log in', exact: true }).click();
await page.getByRole('button', { name: 'Log in' }).click();
await page.getByRole('heading', { name: /Welcome/ }).waitFor();
await page.evaluate(() => window.cioanalytics.flush?.());

const activity = await context.newPage();
await activity.goto(log);
await activity.getByText('Anonymous Data Merged').first().waitFor();
await activity.locator('[data-counter=merges]').filter({ hasText: '1' }).waitFor();
await activity.screenshot({ path: 'docs/activity-log.png' });
await activity.emulateMedia({ colorScheme: 'dark' });
await activity.getByRole('button', { name: 'ada' }).first().click();
await activity.getByText('joined from').waitFor();
await activity.screenshot({ path: 'docs/activity-profile.png' });

await browser.close();
collector.kill();
rmSync(data, { recursive: true, force: true, maxRetries: 5 });
