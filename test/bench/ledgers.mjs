import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import Libsql from 'libsql';
import postgres from 'postgres';
import { openPostgresLedger } from '../../dist/ledger/postgres.js';
import { sqliteLedger } from '../../dist/ledger/sqlite.js';
import { atLeast, atMost, figure, median, microsecondsOf, ROUNDS } from './measure.mjs';
import { identify, messageTexts } from './messages.mjs';
import { inFolder, withPostgres } from './places.mjs';

const NOW = 1.8e12;
/** How many batches of each size a round appends. */
const SIZES = [
  { size: 1, batches: 200 },
  { size: 100, batches: 20 },
  { size: 1_000, batches: 10 },
];

/**
 * Durable appends, one batch in flight, against the same messages through the bare driver: into a table of three columns and one key,
 * and into a table like the ledger's own, with all its indexes.
 */
async function againstRaw(name, ledger, insertRaw, insertAlike) {
  const found = [];
  for (const { size, batches } of SIZES) {
    const rounds = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const one = async (append) => {
        const messages = messageTexts(batches * size).map((text) => JSON.parse(text));
        return microsecondsOf(async () => {
          for (let i = 0; i < messages.length; i += size) await append(messages.slice(i, i + size));
        });
      };
      const raw = await one(insertRaw);
      const own = await one((messages) => ledger.append(messages, { receivedAt: NOW + round }));
      const alike = await one(insertAlike);
      // The first round opens files and prepares statements.
      if (round > 0) rounds.push({ raw, own, alike });
    }
    const [raw, own, alike] = ['raw', 'own', 'alike'].map((which) => median(rounds.map((times) => times[which])));
    const what = `${name}: durable appends of ${size}, against the bare driver`;
    found.push(size === 100 ? atLeast(0.7, raw / own, what) : figure(what, raw / own), figure(`${what} and a table like ours`, alike / own));
  }
  return found;
}

/** The columns of a message as the ledgers keep it. */
function rowOf(message) {
  const at = Date.parse(message.timestamp);
  return {
    // Evenly over the buckets, and the events of a visitor together.
    bucket: parseInt(message.anonymousId.slice(0, 4), 16) % 1_024,
    stream: `anonymous:${message.anonymousId}`,
    message_id: message.messageId,
    sequence: nextSequence++,
    received_at: NOW,
    occurred_at: at,
    type: message.type,
    anonymous_id: message.anonymousId,
    person: null,
    body: JSON.stringify(message),
  };
}

let nextSequence = 1;

export async function sqliteAgainstRaw() {
  return inFolder(async (folder) => {
    const raw = new Libsql(join(folder, 'raw.db'));
    raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE messages (id TEXT PRIMARY KEY, received_at INTEGER, body TEXT)');
    const insert = raw.prepare('INSERT INTO messages VALUES (?, ?, ?)');
    await sqliteLedger({ file: join(folder, 'alike.db') }).close();
    const alike = new Libsql(join(folder, 'alike.db'));
    alike.exec('PRAGMA synchronous = FULL');
    const insertAlike = alike.prepare('INSERT INTO messages (bucket, stream, message_id, sequence, received_at, occurred_at, type, anonymous_id, person, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    const ledger = sqliteLedger({ file: join(folder, 'ours.db') });
    const found = await againstRaw(
      'SQLite',
      ledger,
      (messages) => inTransaction(raw, () => messages.forEach((message) => insert.run(message.messageId, NOW, JSON.stringify(message)))),
      (messages) => inTransaction(alike, () => messages.forEach((message) => insertAlike.run(...Object.values(rowOf(message))))),
    );
    await ledger.close();
    raw.close();
    alike.close();
    return found;
  });
}

function inTransaction(database, work) {
  database.exec('BEGIN IMMEDIATE');
  work();
  database.exec('COMMIT');
}

function insertRows(sql, columns, rows) {
  return sql.unsafe(`INSERT INTO messages SELECT * FROM json_to_recordset($1::text::json) AS row (${columns})`, [JSON.stringify(rows)], { prepare: true });
}

/** The same over Postgres, each in a schema of its own. `DATABASE_URL` names a server that is there. */
export async function postgresAgainstRaw() {
  return withPostgres(async (url) => {
    const schemas = ['ours', 'alike', 'raw'].map((name) => `bench_${name}_${randomUUID().replaceAll('-', '')}`);
    const admin = postgres(url, { max: 1, onnotice: () => {} });
    for (const schema of schemas) await admin.unsafe(`CREATE SCHEMA ${schema}`);
    const [own, like, bare] = schemas.map((schema) => `${url}?search_path=${schema}`);
    await (await openPostgresLedger({ url: like })).close();
    const [alike, raw] = [like, bare].map((address) => postgres(address, { max: 1 }));
    await raw.unsafe('CREATE TABLE messages (id text PRIMARY KEY, received_at bigint, body text)');
    const columns = 'id text, received_at bigint, body text';
    const columnsAlike =
      'bucket smallint, stream text, message_id text, sequence bigint, received_at bigint, occurred_at bigint, type text, anonymous_id text, person text, body text';
    const ledger = await openPostgresLedger({ url: own });
    const found = await againstRaw(
      'Postgres',
      ledger,
      (messages) =>
        insertRows(
          raw,
          columns,
          messages.map((message) => ({ id: message.messageId, received_at: NOW, body: JSON.stringify(message) })),
        ),
      (messages) => insertRows(alike, columnsAlike, messages.map(rowOf)),
    );
    await ledger.close();
    for (const sql of [raw, alike]) await sql.end();
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
