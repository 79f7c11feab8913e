// npm run bench:page: what tracking costs the page, for us, for the others, and for a page with no client at all.
// CPU is that of the main thread of a page that no developer tools look into. Read the ratios: every client is measured in each round,
// in turn, and medians are compared.
//   --rounds N       (9)                      --peer-rounds N  for each of the others (3)
//   --only NAME,…    of the others            --throttle N     slows the processor down, as on a phone (1)
//   --start          start-up and the first event alone
//   --against FILE   another build of dist/hitherto.remote.min.js, measured beside this one
//   --json           for programs
import { parseArgs } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { launch } from './delivery/browser.mjs';
import { median } from './measure.mjs';
import { BARE_FETCH, BARE_PUT } from './page/baselines.mjs';
import { unseenPages } from './page/unseen.mjs';
import { OURS, providePeers } from './peers.mjs';
import { startCollector, startPages } from './servers.mjs';

const EVENTS = 1_000;
/** Between two tasks of a visitor who is very busy, milliseconds. */
const SPACE_MS = 5;
const LONGEST_MS = 60_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    'peer-rounds': { type: 'string', default: '3' },
    only: { type: 'string' },
    throttle: { type: 'string', default: '1' },
    start: { type: 'boolean', default: false },
    against: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const peers = providePeers(options.only?.split(','));
const others = options.against ? [{ name: 'the other build', script: OURS.script(options.against) }] : [];
const subjects = [BARE_PUT, BARE_FETCH, { ...OURS, script: OURS.script() }, ...others, ...peers];
const scripts = new Map(subjects.map(({ name, script }) => [name, script]));
const pages = await startPages(pageAt);
const browser = await launch();
const open = await unseenPages(browser);
const samples = new Map(subjects.map(({ name }) => [name, []]));

for (let round = 0; round < Number(options.rounds); round++) {
  for (const subject of subjects) {
    if (peers.includes(subject) && round >= Number(options['peer-rounds'])) continue;
    samples.get(subject.name).push(await sample(subject));
  }
  console.error(`round ${round + 1} of ${options.rounds}`);
}
const version = browser.version();
await browser.close();
await pages.stop();
report();

/** Everything that is measured of one client, once, each on a page of its own. */
async function sample(subject) {
  const firstEventOf = subject === BARE_PUT ? {} : await onPage(subject, firstEvent);
  if (subject === BARE_FETCH) return firstEventOf;
  const starting = { ...firstEventOf, ...(await onPage(subject, startUp)) };
  if (options.start) return starting;
  const tens = await onPage(subject, spread(10));
  const ones = await onPage(subject, spread(1));
  const burst = await onPage(subject, spread(EVENTS));
  return { ...starting, tens: tens.cpu, ones: ones.cpu, burst: burst.cpu, blocking: burst.blocking, requests: tens.requests, bytes: tens.bytes };
}

async function onPage(subject, work) {
  const collector = await startCollector();
  const page = await open();
  try {
    if (options.throttle !== '1') await page.send('Emulation.setCPUThrottlingRate', { rate: Number(options.throttle) });
    await page.send('Performance.enable', { timeDomain: 'threadTicks' });
    const url = `${pages.url}/?client=${encodeURIComponent(subject.name)}&endpoint=${encodeURIComponent(collector.url)}`;
    return await work({ page, url, collector, subject });
  } catch (error) {
    console.error(`${subject.name} could not be measured: ${error.message.split('\n')[0]}`);
    return {};
  } finally {
    await page.close();
    await collector.stop();
  }
}

/** From the beginning of the navigation until an event tracked as early as can be is at the collector; milliseconds. */
async function firstEvent({ page, url, collector }) {
  const begun = performance.now();
  await page.goto(`${url}&first`);
  await until(() => collector.firstAt !== undefined, 'the first event');
  return { firstEvent: collector.firstAt - begun };
}

/** Main-thread CPU until the page has come to rest, milliseconds; and its heap, megabytes. */
async function startUp({ page, url }) {
  await begin(page, url);
  const startUp = (await cpu(page)) * 1_000;
  await page.send('HeapProfiler.collectGarbage');
  const { usedSize } = await page.send('Runtime.getHeapUsage');
  return { startUp, heap: usedSize / 1e6 };
}

/** A thousand events, so many a task; CPU microseconds for each, until all of them are where they belong. */
function spread(callsPerTask) {
  return async ({ page, url, collector, subject }) => {
    await begin(page, url);
    const before = await cpu(page);
    const blocking = await page.evaluate(`trackMany(${EVENTS / callsPerTask}, ${callsPerTask}, ${SPACE_MS})`);
    const isDone = subject === BARE_PUT ? async () => (await page.evaluate('storedSoFar()')) >= EVENTS : () => collector.received.size >= EVENTS;
    await until(isDone, `${EVENTS} events`);
    await atRest(page);
    return { cpu: (((await cpu(page)) - before) * 1e6) / EVENTS, blocking, requests: collector.requests, bytes: collector.bytes };
  };
}

/** Until the client is ready, and the page at rest. */
async function begin(page, url) {
  await page.goto(url);
  // Asked seldom: the page answers on the thread that is measured.
  await until(() => page.evaluate('globalThis.isReady'), 'the client', 100);
  await atRest(page);
}

/** Seconds of CPU that the main thread has had. */
async function cpu(page) {
  const { metrics } = await page.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value;
}

/** Until the main thread has done next to nothing for a while. */
async function atRest(page) {
  for (let last = -1, now = 0; now - last > 0.002; ) {
    last = await cpu(page);
    await new Promise((resolve) => setTimeout(resolve, 400));
    now = await cpu(page);
  }
}

async function until(isDone, what, everyMs = 5) {
  for (const begun = performance.now(); !(await isDone()); ) {
    if (performance.now() - begun > LONGEST_MS) throw new Error(`${what} did not come within ${LONGEST_MS / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function pageAt({ pathname, searchParams }) {
  const client = searchParams.get('client');
  if (pathname === '/script.js') return { type: 'text/javascript', body: scripts.get(client) };
  const endpoint = searchParams.get('endpoint');
  const begin = searchParams.has('first') ? `start(address); track('addedToCart', { id: 'ev_0_0_' });` : `start(address).then(() => { globalThis.isReady = true; });`;
  return {
    body: `<!doctype html><title>Shop</title>
      <script src="/script.js?client=${encodeURIComponent(client)}" data-write-key="KEY" data-endpoint="${endpoint}"></script>
      <script>
        const address = ${JSON.stringify(endpoint)};
        let count = 0;
        globalThis.trackMany = async (tasks, calls, space) => {
          let blocking = 0;
          for (let task = 0; task < tasks; task++) {
            const begun = performance.now();
            for (let call = 0; call < calls; call++) track('addedToCart', { id: 'ev_1_' + count++ + '_' });
            blocking = Math.max(blocking, performance.now() - begun);
            await new Promise((resolve) => setTimeout(resolve, space));
          }
          return blocking;
        };
        ${begin}
      </script>`,
  };
}

function report() {
  const rows = subjects.map(medians);
  const [put, bareFetch, ours] = rows;
  const budgets = [
    ['CPU an event, 10 calls a task', ours.tens / put.tens, 0.8, 'bare puts'],
    ['CPU an event, one call a task', ours.ones / put.ones, 1.5, 'bare puts'],
    ['CPU, 1,000 calls in one task', ours.burst / put.burst, 0.5, 'bare-put loops'],
    ['the same, blocking the page', ours.blocking, 20, 'ms'],
    ['start-up CPU, beyond the bare-put page', ours.startUp - put.startUp, 6, 'ms'],
    ['first event, behind a bare fetch', ours.firstEvent - bareFetch.firstEvent, 20, 'ms'],
  ]
    .filter(([, value]) => !Number.isNaN(value))
    .map(([what, value, limit, unit]) => ({ what, value, limit, unit, isMet: value <= limit }));
  if (options.json) return console.log(JSON.stringify({ date: new Date().toISOString(), chromium: version, options, rows, budgets }));
  console.log(`\nChromium ${version}, ${new Date().toISOString().slice(0, 10)}; processor slowed down ${options.throttle}×; medians of ${options.rounds} rounds, ${options['peer-rounds']} for each of the others.\n`);
  console.log('| | µs an event, 10 calls a task | one call a task | 1,000 calls in one task | that, blocking | start-up CPU | first event | requests, bytes for 1,000 | heap | script, brotli |');
  console.log('|---|---|---|---|---|---|---|---|---|---|');
  for (const row of rows) {
    const { version } = subjects.find(({ name }) => name === row.name);
    const cells = [
      `${row.name} ${version ?? ''}`.trim(), times(row.tens, put.tens), times(row.ones, put.ones), times(row.burst, put.burst),
      unit(row.blocking, ' ms'), unit(row.startUp, ' ms'), unit(row.firstEvent, ' ms'), row.requests ? `${row.requests}, ${(row.bytes / 1000).toFixed(0)} kB` : '', unit(row.heap, ' MB'), unit(row.script, ' kB'),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  console.log('');
  // Those that were not asked for have none.
  for (const { what, value, limit, unit: of, isMet } of budgets.filter(({ value }) => value !== undefined)) console.log(`${isMet ? '✓' : '✗'} ${what}: ${value.toFixed(2)} ${of} (at most ${limit})`);
  return undefined;
}

function medians({ name, script }) {
  const taken = samples.get(name);
  const keys = new Set(taken.flatMap(Object.keys));
  return { name, script: brotliCompressSync(script).length / 1_000, ...Object.fromEntries([...keys].map((key) => [key, median(taken.flatMap((each) => each[key] ?? []))])) };
}

function times(value, base) {
  if (options.start) return '';
  return value === undefined ? 'not all arrived' : `${value.toFixed(0)} (${(value / base).toFixed(2)}×)`;
}

function unit(value, of) {
  return value === undefined ? '' : `${value.toFixed(1)}${of}`;
}
