// npm run bench:delivery: what arrives when pages, browsers and collectors come to grief, for us and for the others.
//   --trials N    for us, in each cell (20)      --peer-trials N  for each of the others (3)
//   --events N    tracked in a trial (10)        --only NAME,…    of these clients
//   --cell TEXT   those whose name holds it      --json           for programs
import { parseArgs } from 'node:util';
import { launch } from './delivery/browser.mjs';
import { CELLS, CURVE } from './delivery/cells.mjs';
import { startCollector, startPages } from './servers.mjs';
import { OURS, providePeers } from './peers.mjs';

/** Side by side, for the machine's two cores. */
const AT_ONCE = 4;
/** Whoever sends nothing for so long has nothing more to send. */
const QUIET_MS = 4_000;
const LONGEST_MS = 45_000;

const { values: options } = parseArgs({
  options: {
    trials: { type: 'string', default: '20' },
    'peer-trials': { type: 'string', default: '3' },
    events: { type: 'string', default: '10' },
    only: { type: 'string' },
    cell: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const events = Number(options.events);
const only = options.only?.split(',');
const clients = [...(!only || only.includes(OURS.name) ? [{ ...OURS, script: OURS.script() }] : []), ...providePeers(only)];
const scripts = new Map(clients.map(({ name, script }) => [name, script]));
const pages = await startPages(pageAt);
const browser = await launch();
let trials = 0;

const results = [];
for (const client of clients) {
  const isOurs = client.name === OURS.name;
  const cells = Object.entries({ ...CELLS, ...(isOurs && CURVE) }).filter(([name]) => name.includes(options.cell));
  for (const [cell, act] of cells) {
    const result = { client: client.name, cell, trials: 0, tracked: 0, lost: 0, doubled: 0, repeated: 0, failed: 0 };
    const work = Array.from({ length: Number(isOurs ? options.trials : options['peer-trials']) }, () => () => run(client, isOurs, act, result));
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let next = work.pop(); next; next = work.pop()) await next();
    }));
    results.push(result);
    if (!options.json) console.error(`${client.name}, ${cell}: ${summary(result)}`);
  }
}
const version = browser.version();
await browser.close();
await pages.stop();
print();

/** One trial, and what became of its events. */
async function run({ name }, isOurs, act, result) {
  const number = ++trials;
  const collector = await startCollector();
  const url = `${pages.url}/?client=${encodeURIComponent(name)}&endpoint=${encodeURIComponent(collector.url)}`;
  let tracked = 0;
  const trial = {
    collector,
    isOurs,
    pages: pages.url,
    calls: () => Array.from({ length: events }, () => `ev_${number}_${tracked++}_`),
    async inContext(work) {
      const context = await browser.newContext();
      try {
        await work(context);
      } finally {
        await context.close();
      }
    },
    async open(context) {
      const page = await context.newPage();
      await page.goto(url);
      await page.waitForFunction(() => globalThis.isReady);
      return page;
    },
    /** All in one task, which may go on to do something else. */
    track: (page, rest = '') => page.evaluate(`trackAll(${JSON.stringify(trial.calls())}); ${rest}`),
    /** The visitor opens the site again, and stays until nothing more comes. */
    async comeBack(context) {
      const page = await trial.open(context);
      await trial.settle();
      await page.close();
    },
    settle: () => settled(() => collector.received.size, tracked),
  };
  try {
    await act(trial);
    const received = [...collector.received.values()];
    result.trials++;
    result.tracked += tracked;
    result.lost += tracked - received.length;
    // Under one id a collector sees that it has it already; under two it is stored twice.
    result.doubled += received.filter((messageIds) => new Set(messageIds).size > 1).length;
    result.repeated += received.filter((messageIds) => messageIds.length > 1).length;
  } catch (error) {
    result.failed++;
    console.error(`${name}: a trial could not be run: ${error.message.split('\n')[0]}`);
  } finally {
    await collector.stop();
  }
}

/** Until everything is there, or nothing has come for a while. */
async function settled(count, wanted) {
  const begun = performance.now();
  let last = { count: count(), at: begun };
  while (count() < wanted && performance.now() - last.at < (last.count === 0 ? LONGEST_MS / 3 : QUIET_MS) && performance.now() - begun < LONGEST_MS) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (count() !== last.count) last = { count: count(), at: performance.now() };
  }
}

function pageAt({ pathname, searchParams }) {
  const client = searchParams.get('client');
  if (pathname === '/script.js') return { type: 'text/javascript', body: scripts.get(client) };
  if (pathname !== '/') return { body: '<!doctype html><title>Elsewhere</title>' };
  const endpoint = searchParams.get('endpoint');
  return {
    body: `<!doctype html><title>Shop</title>
      <script src="/script.js?client=${encodeURIComponent(client)}" data-write-key="KEY" data-endpoint="${endpoint}"></script>
      <script>
        globalThis.trackAll = (ids) => { for (const id of ids) track('addedToCart', { id }); };
        start(${JSON.stringify(endpoint)}).then(() => { globalThis.isReady = true; });
      </script>`,
  };
}

function summary({ tracked, lost, doubled, repeated, failed }) {
  const parts = [`${tracked - lost} of ${tracked}`];
  if (doubled > 0) parts.push(`${doubled} doubled`);
  if (repeated > doubled) parts.push(`${repeated - doubled} sent again`);
  if (failed > 0) parts.push(`${failed} trials failed`);
  return parts.join(', ');
}

function print() {
  if (options.json) return console.log(JSON.stringify({ date: new Date().toISOString(), chromium: version, versions: Object.fromEntries(clients.map(({ name, version }) => [name, version])), results }));
  const names = clients.map(({ name }) => name);
  const cells = [...new Set(results.map(({ cell }) => cell))];
  console.log(`\nDelivered of what was tracked, once the visitor has come back. Chromium ${version}, ${new Date().toISOString().slice(0, 10)}; ${events} events a trial, ${options.trials} trials for us, ${options['peer-trials']} for each of the others.\n`);
  console.log('"Doubled" came under two message ids and is stored twice; "sent again" came under the same one, and is stored once.\n');
  console.log(`| | ${clients.map(({ name, version }) => `${name} ${version}`).join(' | ')} |`);
  console.log(`|---|${names.map(() => '---').join('|')}|`);
  for (const cell of cells) {
    const row = names.map((name) => {
      const found = results.find((result) => result.client === name && result.cell === cell);
      return found ? summary(found) : '';
    });
    console.log(`| ${cell} | ${row.join(' | ')} |`);
  }
  return undefined;
}
