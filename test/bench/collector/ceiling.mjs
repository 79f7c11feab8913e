// Run by collector.mjs, in a process of its own: the least that a collector can cost. Told a line of JSON on stdin, the bare drivers
// put so many batches away and say what it took; the bare server answers until it is stopped.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Libsql from 'libsql';
import postgres from 'postgres';
import { createRequests } from './load.mjs';

const [kind, place] = process.argv.slice(2);
if (kind === 'http') await serve();
else await answer(kind === 'sqlite' ? openSqlite(place) : await openPostgres(place));

/** node:http and JSON.parse, and nothing kept. */
async function serve() {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { batch } = JSON.parse(Buffer.concat(chunks).toString());
      const text = JSON.stringify({ success: true, accepted: batch.length });
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(`http://127.0.0.1:${server.address().port}`);
  process.on('SIGTERM', () => process.exit(0));
}

async function answer(insert) {
  console.log('ready');
  process.on('SIGTERM', () => process.exit(0));
  for await (const line of createInterface(process.stdin)) {
    const { size, batches } = JSON.parse(line);
    const requests = createRequests(size);
    const texts = Array.from({ length: batches }, () => requests.nextBody().toString());
    const before = process.cpuUsage();
    const begun = performance.now();
    for (const text of texts) await insert(JSON.parse(text).batch);
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ events: size * batches, cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - begun) / 1_000 }));
  }
}

/** A table of three columns and one key, a durable commit a batch. */
function openSqlite(file) {
  const database = new Libsql(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE messages (id TEXT PRIMARY KEY, received_at INTEGER, body TEXT)');
  const insert = database.prepare('INSERT INTO messages VALUES (?, ?, ?)');
  return (batch) => {
    database.exec('BEGIN IMMEDIATE');
    for (const message of batch) insert.run(message.messageId, Date.now(), JSON.stringify(message));
    database.exec('COMMIT');
  };
}

async function openPostgres(url) {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql.unsafe('CREATE TABLE messages (id text PRIMARY KEY, received_at bigint, body text)');
  const columns = 'id text, received_at bigint, body text';
  return (batch) => {
    const rows = batch.map((message) => ({ id: message.messageId, received_at: Date.now(), body: JSON.stringify(message) }));
    return sql.unsafe(`INSERT INTO messages SELECT * FROM json_to_recordset($1::text::json) AS row (${columns})`, [JSON.stringify(rows)], { prepare: true });
  };
}
