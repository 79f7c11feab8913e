// Frames of the activity log while 100,000 lines scroll by, and while one more comes in on top of them. `node test/bench/log.mjs [script]`, after a build.
import { readFileSync } from 'node:fs';
import { chromium } from '@playwright/test';
import { CHROMIUM_ARGUMENTS, findBrowser } from '../../scripts/browsers.mjs';

const LINES = 100_000;
const SECONDS = 5;
const LIVE_LINES = 20;
const script = readFileSync(process.argv[2] ?? 'dist/hitherto-activity.min.js', 'utf8');
const browser = await chromium.launch({ executablePath: findBrowser('chromium'), args: CHROMIUM_ARGUMENTS });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
await page.setContent('<!doctype html><hitherto-activity></hitherto-activity>');
await page.addScriptTag({ content: script });

const result = await page.evaluate(
  async ({ count, seconds, live }) => {
    // One visitor in twenty logs in: the rails are drawn too.
    const lines = Array.from({ length: count }, (_, n) => {
      const visitor = Math.floor(n / 20);
      const base = { at: 1.7e12 - n * 1000, anonymousId: `visitor-${visitor}`, person: `person-${visitor}` };
      return n % 20 === 0 ? { type: 'anon_merge', count: 18, oldest: 1.7e9, ...base } : { type: 'event', name: `event ${n}`, messageId: `m${n}`, previouslyAnonymous: true, ...base };
    });
    const log = document.querySelector('hitherto-activity');
    let tell;
    log.client = { activity: ({ tab }) => (tab === 'identified' ? lines : []), on: (_, changed) => (tell = changed), off() {} };
    // oxlint-disable-next-line unicorn/consistent-function-scoping -- it runs in the page, where the outer scope is not
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const scroller = () => log.shadowRoot.querySelector('.scroller');
    while (!log.shadowRoot.querySelector('.row')) await frame();
    // First to the end, so that all of it is loaded.
    const loadedAt = performance.now();
    for (;;) {
      const { scrollHeight } = scroller();
      scroller().scrollTop = scrollHeight;
      await frame();
      await frame();
      if (/^100,000$/.test(log.shadowRoot.querySelector('#identified .count').textContent)) break;
    }
    const loadMs = performance.now() - loadedAt;
    scroller().scrollTop = 0;
    await frame();
    const times = [];
    const beginAt = performance.now();
    const height = scroller().scrollHeight;
    for (let before = beginAt; before - beginAt < seconds * 1000; ) {
      // Slowly first, as a wheel does, then as fast as a dragged bar.
      const share = (before - beginAt) / (seconds * 1000);
      scroller().scrollTop = share < 0.5 ? share * 60_000 : (share - 0.5) * 2 * height;
      await frame();
      const now = performance.now();
      times.push(now - before);
      before = now;
    }
    scroller().scrollTop = 0;
    await frame();
    const longest = [];
    for (let n = 1; n <= live; n++) {
      lines.unshift({ type: 'event', name: `live ${n}`, messageId: `live-${n}`, at: 1.7e12 + n * 1000, person: 'ada' });
      tell();
      let worst = 0;
      for (let before = performance.now(); !log.shadowRoot.querySelector('.row').textContent.includes(`live ${n}`); ) {
        await frame();
        const now = performance.now();
        worst = Math.max(worst, now - before);
        before = now;
      }
      longest.push(worst);
    }
    times.sort((a, b) => a - b);
    longest.sort((a, b) => a - b);
    return { loadMs, frames: times.length, median: times[times.length >> 1], p95: times[Math.floor(times.length * 0.95)], worst: times.at(-1), longest: longest[longest.length >> 1], inDocument: log.shadowRoot.querySelectorAll('.row').length };
  },
  { count: LINES, seconds: SECONDS, live: LIVE_LINES },
);
console.log(`${LINES.toLocaleString('en')} lines, all loaded in ${Math.round(result.loadMs)} ms; ${result.inDocument} of them in the document`);
console.log(`${(result.frames / SECONDS).toFixed(0)} frames a second; a frame took ${result.median.toFixed(1)} ms (median), ${result.p95.toFixed(1)} (95 of 100), ${result.worst.toFixed(1)} (worst)`);
console.log(`the frame of a line that comes in took ${result.longest.toFixed(1)} ms (median of ${LIVE_LINES})`);
await browser.close();
