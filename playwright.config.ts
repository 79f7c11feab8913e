import { defineConfig } from '@playwright/test';
import { CHROMIUM_ARGUMENTS, findBrowser } from './scripts/browsers.mjs';

export default defineConfig({
  testDir: 'test/e2e',
  // A failing test is a fault to find, not a die to throw again.
  retries: 0,
  workers: 2,
  timeout: 60_000,
  forbidOnly: process.env['CI'] === 'true',
  reporter: [['list']],
  use: {
    launchOptions: { executablePath: findBrowser('chromium')!, args: CHROMIUM_ARGUMENTS },
    screenshot: 'off',
  },
});
