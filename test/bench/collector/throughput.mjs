import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import postgres from 'postgres';
import { atLeast, atMost, figure, median } from '../measure.mjs';
import { inFolder, withPostgres } from '../places.mjs';
import { createRequests, sendAtRate, sendFlatOut } from './load.mjs';
import { start, startCollector } from './process.mjs';

const CEILING = 'test/bench/collector/ceiling.mjs';
const ROUNDS = 5;
const SECONDS = 2;
/** As many as keep a collector busy whose commits take a few milliseconds. */
const CONNECTIONS = 16;
/** Events a second, and half of it: what latency is measured at. */
const LOAD = 10_000;
const CALM_SECONDS = 10;

/** One collector on SQLite: what it takes in, what that costs, and how long an answer takes. */
export async function onSqlite() {
  return inFolder(async (folder) => {
    const collector = await startCollector(join(folder, 'data'));
    const server = await start([CEILING, 'http']);
    const raw = await start([CEILING, 'sqlite', join(folder, 'raw.db')]);
    const found = [];
    for (const size of [1, 100]) {
      const rounds = await interleaved(size, {
        own: () => load([collector], [collector.home], size),
        raw: ({ own }) => askFor(raw, size, own),
        server: () => load([server], [server.line], size),
      });
      found.push(...costs('SQLite', size, rounds));
    }
    found.push(atMost(200, collector.peakMegabytes(), 'SQLite: memory at full load, at most so far', ' MB'));
    for (const size of [1, 100]) found.push(...(await latencies('SQLite', collector, size)));
    for (const one of [collector, server, raw]) await one.stop();
    return found;
  });
}

/** Any number of collectors on one Postgres. */
export async function onPostgres() {
  return inFolder((folder) =>
    withPostgres(async (url) => {
      const [own, bare] = await newSchemas(url, 2);
      const collectors = [];
      for (let index = 0; index < 4; index++) collectors.push(await startCollector(join(folder, `${index}`), ['--database', own]));
      const raw = await start([CEILING, 'postgres', bare]);
      const found = [];
      for (const size of [1, 100]) {
        const several = (count) => () => load(collectors.slice(0, count), collectors.slice(0, count).map(({ home }) => home), size);
        const rounds = await interleaved(size, { own: several(1), raw: ({ own }) => askFor(raw, size, own), two: several(2), four: several(4) });
        found.push(...costs('Postgres', size, rounds));
        const rate = (which) => median(rounds.map((round) => round[which].events / round[which].seconds));
        for (const [which, count] of [['two', 2], ['four', 4]]) {
          found.push(figure(`Postgres, batches of ${size}: durable events a second of ${count} collectors, against one`, rate(which) / rate('own')));
        }
      }
      found.push(figure('Postgres: memory at full load, at most so far', collectors[0].peakMegabytes(), ' MB'));
      found.push(...(await latencies('Postgres', collectors[0], 100)));
      for (const one of [...collectors, raw]) await one.stop();
      return found;
    }),
  );
}

async function interleaved(size, works) {
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const figures = {};
    for (const [name, work] of Object.entries(works)) figures[name] = await work(figures);
    // The first round opens files and prepares statements.
    if (round > 0) rounds.push(figures);
  }
  return rounds;
}

/** The bare driver puts away as many events as the collector has just taken in: what a database holds is part of what one more costs. */
function askFor(raw, size, { events }) {
  return raw.ask(JSON.stringify({ size, batches: Math.ceil(events / size) }));
}

async function load(processes, homes, size) {
  const requests = createRequests(size);
  const before = processes.map(({ cpuSeconds }) => cpuSeconds());
  const { acknowledged, seconds } = await sendFlatOut(homes, requests, { connections: CONNECTIONS, seconds: SECONDS });
  const cpuSeconds = processes.reduce((sum, one, index) => sum + one.cpuSeconds() - before[index], 0);
  return { events: acknowledged, seconds, cpuSeconds };
}

function costs(name, size, rounds) {
  const perCpuSecond = (which) => median(rounds.map((round) => round[which].events / round[which].cpuSeconds));
  const what = `${name}, batches of ${size}: durable events`;
  const against = `${what} a CPU second of the collector, against the bare driver and JSON.parse`;
  const ratio = median(rounds.map(({ own, raw }) => (own.events / own.cpuSeconds) / (raw.events / raw.cpuSeconds)));
  const rate = median(rounds.map(({ own }) => own.events / own.seconds));
  return [
    figure(`${what} a CPU second of the collector`, perCpuSecond('own'), ''),
    name === 'SQLite' && size === 100 ? atLeast(0.7, ratio, against) : figure(against, ratio),
    ...(rounds[0].server ? [figure(`${what} a CPU second, against what node:http and JSON.parse only read`, perCpuSecond('own') / perCpuSecond('server'))] : []),
    name === 'SQLite' && size === 100 ? atLeast(LOAD, rate, `${what} a second, sender beside it`, '') : figure(`${what} a second, sender beside it`, rate, ''),
  ];
}

async function latencies(name, collector, size) {
  const eventsPerSecond = size === 1 ? LOAD / 20 : LOAD / 2;
  const sorted = await sendAtRate([collector.home], createRequests(size), { connections: 4 * CONNECTIONS, seconds: CALM_SECONDS, eventsPerSecond });
  const what = `${name}, batches of ${size}, ${eventsPerSecond} events a second: an answer,`;
  const p99 = sorted[Math.floor(sorted.length * 0.99)];
  return [
    figure(`${what} p50`, sorted[sorted.length >> 1], ' ms'),
    name === 'SQLite' && size === 100 ? atMost(50, p99, `${what} p99`, ' ms') : figure(`${what} p99`, p99, ' ms'),
  ];
}

async function newSchemas(url, count) {
  const admin = postgres(url, { max: 1, onnotice: () => {} });
  const names = Array.from({ length: count }, () => `bench_${randomUUID().replaceAll('-', '')}`);
  for (const name of names) await admin.unsafe(`CREATE SCHEMA ${name}`);
  await admin.end();
  return names.map((name) => `${url}?search_path=${name}`);
}
