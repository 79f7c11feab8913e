import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { CHROMIUM_ARGUMENTS, findBrowser } from '../../../scripts/browsers.mjs';

/** A browser of its own for each trial that kills it: a profile that outlives it. */
export async function withProfile(work) {
  const folder = mkdtempSync(join(tmpdir(), 'hitherto-kill-'));
  const options = { executablePath: findBrowser('chromium'), args: CHROMIUM_ARGUMENTS, headless: true };
  let context;
  const profile = {
    async open() {
      context = await chromium.launchPersistentContext(folder, options);
      return context;
    },
    /** SIGKILL, to the whole browser. */
    async kill() {
      const pid = Number(readlinkSync(join(folder, 'SingletonLock')).split('-').pop());
      const closed = new Promise((resolve) => context.once('close', resolve));
      process.kill(pid, 'SIGKILL');
      await closed;
    },
  };
  try {
    return await work(profile);
  } finally {
    await context?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

export function launch() {
  return chromium.launch({ executablePath: findBrowser('chromium'), args: CHROMIUM_ARGUMENTS, headless: true });
}
