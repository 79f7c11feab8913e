// The promise in three browsers: what was tracked is delivered once, whatever kills the page or the browser.
//
// Every browser is started from its command line and ended by SIGKILL, because that is what all three have in common:
// WebKit's automation keeps nothing between sessions. The pages drive themselves, and servers watch. What cannot be done
// so, and is tested in Chromium alone (delivery.spec.ts): closing a tab and leaving the browser open (no command line
// says it), quota, cookies blocked, and the back/forward cache (automation in WebKit and Firefox loses the page on the way).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { CHROMIUM_ARGUMENTS, findBrowser } from '../../scripts/browsers.mjs';
import { startCollector, startPages } from '../bench/servers.mjs';

/** From here on a killed browser has kept what it was given (docs/delivery.md). */
const KEPT_MS = 200;
const EVENTS = 10;

/** How each browser opens an address, with a profile that outlives it; and the name of the process that a page lives in. */
const BROWSERS = {
  chromium: {
    renderer: '--type=renderer',
    command: (path, profile, url) => [path, ...CHROMIUM_ARGUMENTS, '--headless', `--user-data-dir=${profile}`, url],
  },
  firefox: {
    renderer: '-isForBrowser',
    command: (path, profile, url) => [path, '--headless', '--no-remote', '--profile', profile, url],
    // No first-run pages, and no page restored that nobody asked for.
    prepare: (profile) =>
      writeFileSync(
        join(profile, 'user.js'),
        `user_pref('browser.sessionstore.resume_from_crash', false);
         user_pref('toolkit.startup.max_resumed_crashes', -1);
         user_pref('browser.aboutwelcome.enabled', false);
         user_pref('datareporting.policy.dataSubmissionEnabled', false);
         user_pref('dom.ipc.processPrelaunch.enabled', false);`,
      ),
  },
  webkit: {
    renderer: 'WebKitWebProcess',
    command: (path, profile, url) => ['xvfb-run', '-a', path, `--cookies-file=${join(profile, 'cookies')}`, url],
    environment: (profile) => ({ HOME: profile, XDG_DATA_HOME: join(profile, 'data'), XDG_CACHE_HOME: join(profile, 'cache'), WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' }),
  },
};

for (const [name, browser] of Object.entries(BROWSERS)) {
  const path = findBrowser(name);

  test.describe(name, () => {
    test.skip(!path, `there is no ${name} here`);
    test.setTimeout(180_000);
    let collector;
    let pages;
    let profile;
    let running;
    /** What the pages have reported. */
    let reports;

    test.beforeEach(async () => {
      collector = await startCollector();
      reports = [];
      pages = await startPages((url) => pageAt(url, collector.url, reports));
      profile = mkdtempSync(join(tmpdir(), `hitherto-${name}-`));
      mkdirSync(join(profile, 'data'));
      browser.prepare?.(profile);
    });

    test.afterEach(async () => {
      await kill();
      await Promise.all([collector.stop(), pages.stop()]);
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    });

    /** Opens an address in a new process of the browser. */
    function launch(address) {
      const [command, ...parameters] = browser.command(path, profile, pages.url + address);
      running = spawn(command, parameters, { detached: true, stdio: 'ignore', env: { ...process.env, ...browser.environment?.(profile) } });
    }

    /** SIGKILL, to all of its processes. */
    async function kill() {
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const exited = once(running, 'exit');
      for (const pid of descendants(running.pid)) tryKill(pid);
      await exited;
    }

    const reported = (what) => expect.poll(() => reports, { timeout: 60_000 }).toContain(what);

    /** Everything that was tracked is there, and nothing under two ids. */
    async function delivered(count = EVENTS) {
      await expect.poll(() => collector.received.size, { timeout: 60_000 }).toBe(count);
      for (const messageIds of collector.received.values()) expect(new Set(messageIds).size).toBe(1);
    }

    test(`a browser that is killed ${KEPT_MS} ms after the task, while the collector is down`, async () => {
      collector.mode = 'down';
      launch('/?act=track');
      await reported('tracked');
      await pause(KEPT_MS);
      await kill();
      expect(collector.received.size).toBe(0);
      collector.mode = 'ok';
      launch('/');
      await delivered();
    });

    test('a page whose process is killed as soon as its task has ended', async () => {
      collector.mode = 'down';
      launch('/?act=track');
      await reported('tracked');
      const renderers = descendants(running.pid).filter((pid) => commandOf(pid).includes(browser.renderer));
      expect(renderers).not.toEqual([]);
      for (const pid of renderers) tryKill(pid);
      await pause(1_000);
      await kill();
      collector.mode = 'ok';
      launch('/');
      await delivered();
    });

    test('a navigation in the task of the calls', async () => {
      launch('/?act=navigate');
      await delivered();
    });

    test('the first calls of all inside pagehide', async () => {
      launch('/?act=pagehide');
      await delivered();
    });

    test('an answer that was lost: sent again under the same id', async () => {
      collector.mode = 'lost';
      launch('/?act=track');
      await expect.poll(() => collector.received.size, { timeout: 60_000 }).toBeGreaterThan(0);
      collector.mode = 'ok';
      await reported('empty');
      await delivered();
    });

    for (const [what, mode] of Object.entries({
      'a collector that is down': 'down',
      'a collector that answers 503': 503,
      'a captive portal': { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' },
    })) {
      test(`${what}, and comes back`, async () => {
        collector.mode = mode;
        launch('/?act=track');
        await reported('tracked');
        await expect.poll(() => collector.refused, { timeout: 60_000 }).toBeGreaterThan(0);
        expect(reports).not.toContain('empty');
        collector.mode = 'ok';
        await delivered();
        await reported('empty');
      });
    }

    test('two pages at once', async () => {
      launch('/?act=two');
      await delivered(2 * EVENTS);
    });
  });
}

/** The delays that are the experiment. */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Pages that do what they are for, and report. */
function pageAt({ pathname, searchParams }, endpoint, reports) {
  if (pathname === '/report') return { body: String(reports.push(searchParams.get('what'))) };
  if (pathname === '/script.js') return { type: 'text/javascript', body: readFileSync('dist/hitherto.remote.min.js') };
  const act = searchParams.get('act');
  const tab = searchParams.get('tab') ?? '0';
  const track = `for (let i = 0; i < ${EVENTS}; i++) cioanalytics.track('addedToCart', { id: 'ev_${tab}_' + i + '_' });`;
  const acts = {
    track: `${track} setTimeout(() => { report('tracked'); untilEmpty(); });`,
    navigate: `${track} location.href = '/';`,
    pagehide: `addEventListener('pagehide', () => { ${track} }); setTimeout(() => { location.href = '/'; }, 100);`,
    two: `document.body.append(Object.assign(document.createElement('iframe'), { src: '/?act=track&tab=1' })); ${track}`,
  };
  return {
    body: `<!doctype html><title>Shop</title><body>
      <script src="/script.js" data-write-key="KEY" data-endpoint="${endpoint}"></script>
      <script>
        const report = (what) => fetch('/report?what=' + what);
        const untilEmpty = () => {
          const opening = indexedDB.open('hitherto');
          opening.onsuccess = () => {
            const counting = opening.result.transaction('outbox').objectStore('outbox').count(IDBKeyRange.bound('0', ':'));
            counting.onsuccess = () => {
              opening.result.close();
              if (counting.result === 0) report('empty'); else setTimeout(untilEmpty, 50);
            };
          };
        };
        cioanalytics.ready(() => { ${acts[act] ?? ''} });
      </script>`,
  };
}

/** A process and all that came of it, as Linux tells. */
function descendants(root) {
  const parents = new Map();
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? parentOf(entry) : undefined;
    if (parent !== undefined) parents.set(Number(entry), parent);
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

function parentOf(pid) {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function tryKill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
