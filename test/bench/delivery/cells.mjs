// The ways in which a page ends, or its collector fails. Each is a trial: it tracks, comes to grief, and comes back.
import { withProfile } from './browser.mjs';

/** How long a page waits before it is killed, when that is not what is measured; milliseconds. */
const MOMENT_MS = 200;

/** In a context that has the browser to itself only for as long as the trial. */
const inContext = (act) => (trial) => trial.inContext((context) => act(trial, context));

/** Kills the whole browser some time after the task, while the collector is down. */
const killedAfter = (delayMs) => (trial) =>
  withProfile(async (profile) => {
    trial.collector.mode = 'down';
    const page = await trial.open(await profile.open());
    await trial.track(page);
    await pause(delayMs);
    await profile.kill();
    trial.collector.mode = 'ok';
    await trial.comeBack(await profile.open());
  });

export const CELLS = {
  close: inContext(async (trial, context) => {
    const page = await trial.open(context);
    await trial.track(page);
    await page.close();
    await trial.comeBack(context);
  }),

  'navigation in the same task': inContext(async (trial, context) => {
    const page = await trial.open(context);
    await trial.track(page, `location.href = '/elsewhere';`);
    await page.waitForURL('**/elsewhere');
    await page.close();
    await trial.comeBack(context);
  }),

  'first call in pagehide': inContext(async (trial, context) => {
    const page = await trial.open(context);
    await page.evaluate((calls) => addEventListener('pagehide', () => globalThis.trackAll(calls)), trial.calls());
    await page.goto(`${trial.pages}/elsewhere`);
    await page.close();
    await trial.comeBack(context);
  }),

  'crash, collector hangs': inContext(async (trial, context) => {
    trial.collector.mode = 'hang';
    const page = await trial.open(context);
    await trial.track(page);
    await pause(trial.isOurs ? Math.random() * MOMENT_MS : MOMENT_MS);
    await crash(context, page);
    trial.collector.mode = 'ok';
    await trial.comeBack(context);
  }),

  'SIGKILL at 0.5 s, collector down': killedAfter(500),

  'offline, closed, reopened': inContext(async (trial, context) => {
    const page = await trial.open(context);
    await context.setOffline(true);
    await trial.track(page);
    await pause(MOMENT_MS);
    await page.close();
    await context.setOffline(false);
    await trial.comeBack(context);
  }),

  '503 for 10 s': inContext(async (trial, context) => {
    trial.collector.mode = 503;
    const page = await trial.open(context);
    await trial.track(page);
    await pause(10_000);
    trial.collector.mode = 'ok';
    await trial.settle();
    await page.close();
    await trial.comeBack(context);
  }),

  '429, Retry-After 2 s': inContext(async (trial, context) => {
    trial.collector.mode = { status: 429, headers: { 'Retry-After': '2', 'Access-Control-Expose-Headers': 'Retry-After' } };
    const page = await trial.open(context);
    await trial.track(page);
    await pause(2_000);
    trial.collector.mode = 'ok';
    await trial.settle();
    await page.close();
    await trial.comeBack(context);
  }),

  'two tabs': inContext(async (trial, context) => {
    const tabs = await Promise.all([trial.open(context), trial.open(context)]);
    await Promise.all(tabs.map((page) => trial.track(page)));
    await tabs[0].close();
    await trial.settle();
    await tabs[1].close();
    await trial.comeBack(context);
  }),
};

/** What is said of a browser kill below 200 ms, for ours alone. */
export const CURVE = Object.fromEntries([0, 10, 25, 50, 100, 200].map((delayMs) => [`SIGKILL after ${delayMs} ms`, killedAfter(delayMs)]));

async function crash(context, page) {
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  const session = await context.newCDPSession(page);
  session.send('Page.crash').catch(() => {
    // It does not live to answer.
  });
  await crashed;
  await page.close();
}

/** The delays that are the experiment; everything else waits for a condition. */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
