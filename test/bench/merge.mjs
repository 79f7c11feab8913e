// npm run bench:merge [-- --json]: the merge engine and the SQLite ledger, each beside what it is built on, in one run.
// Build first (npm run build). Rounds are interleaved and medians compared, because machines are noisy: read the ratios, not the times.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { createEngine } from '../../dist/engine.js';
import { sqliteLedger } from '../../dist/ledger/sqlite.js';
import { messageTexts, identify } from './messages.mjs';

const ROUNDS = 7;
const results = [...engineAgainstMaps(), ...claims(), ...(await sqliteAgainstRaw())];
if (process.argv.includes('--json')) console.log(JSON.stringify(results, null, 2));
else for (const { what, ratio, budget, isMet } of results) console.log(`${!budget ? ' ' : isMet ? '✓' : '✗'} ${ratio.toFixed(2).padStart(6)}  ${budget.padEnd(12)} ${what}`);

/** Events per CPU second, as a share of what two bare Maps of the same messages take in. */
function engineAgainstMaps() {
  const texts = messageTexts(100_000);
  const rounds = times(ROUNDS, () => {
    const bare = withFresh(texts, (messages) => {
      const byMessage = new Map();
      const byVisitor = new Map();
      for (const message of messages) {
        byMessage.set(message.messageId, message);
        const theirs = byVisitor.get(message.anonymousId);
        if (theirs) theirs.push(message);
        else byVisitor.set(message.anonymousId, [message]);
      }
      return [byMessage, byVisitor];
    });
    const ours = withFresh(texts, (messages) => {
      const engine = createEngine();
      for (let i = 0; i < messages.length; i += 100) engine.receive(messages.slice(i, i + 100), { receivedAt: 1.8e12 + i });
      return engine;
    });
    return bare / ours;
  });
  return [atLeast(0.4, median(rounds), 'engine: events per CPU second, against two bare Maps')];
}

/** What an identify costs that claims many events, against one that claims 20. */
function claims() {
  const visitors = 20;
  const cost = (events) =>
    median(
      times(ROUNDS, () => {
        const engine = createEngine();
        const parsed = messageTexts(events).map((text) => JSON.parse(text));
        for (let visitor = 0; visitor < visitors; visitor++) {
          engine.receive(parsed.map((message) => ({ ...message, anonymousId: `visitor-${visitor}`, messageId: `${visitor}-${message.messageId}` })), { receivedAt: 1.8e12 });
        }
        // Others that claim nothing run the code in, and say what an identify costs by itself.
        for (let i = 0; i < 2_000; i++) engine.receive(identify(`warm-${i}`, `nobody-${i}`), { receivedAt: 1.8e12 });
        return microseconds(() => {
          for (let visitor = 0; visitor < visitors; visitor++) engine.receive(identify(`person-${visitor}`, `visitor-${visitor}`), { receivedAt: 1.8e12 });
        });
      }),
    );
  const [few, many] = [cost(20), cost(5_000)];
  return [atMost(1.2, many / few, 'claim: the time of 20 that join 5,000 events each, against 20 that join 20 each')];
}

/** Durable appends, one batch in flight, against the same rows through the bare driver. */
async function sqliteAgainstRaw() {
  const folder = mkdtempSync(join(tmpdir(), 'hitherto-bench-'));
  const raw = new Libsql(join(folder, 'raw.db'));
  raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE messages (id TEXT PRIMARY KEY, received_at INTEGER, body TEXT)');
  const insert = raw.prepare('INSERT INTO messages VALUES (?, ?, ?)');
  const ledger = sqliteLedger({ file: join(folder, 'ours.db') });
  const found = [];
  for (const size of [1, 100, 1_000]) {
    const batches = size === 1 ? 200 : 20;
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const messages = () => messageTexts(batches * size).map((text) => JSON.parse(text));
      const [theirs, ours] = [messages(), messages()];
      const bare = microseconds(() => {
        for (let i = 0; i < theirs.length; i += size) {
          raw.exec('BEGIN IMMEDIATE');
          for (const message of theirs.slice(i, i + size)) insert.run(message.messageId, 1.8e12, JSON.stringify(message));
          raw.exec('COMMIT');
        }
      });
      const begun = process.hrtime.bigint();
      for (let i = 0; i < ours.length; i += size) await ledger.append(ours.slice(i, i + size), { receivedAt: 1.8e12 });
      rounds.push(bare / (Number(process.hrtime.bigint() - begun) / 1_000));
    }
    found.push(atLeast(size === 100 ? 0.7 : 0, median(rounds), `SQLite: durable appends of ${size}, against the bare driver`));
  }
  await ledger.close();
  raw.close();
  rmSync(folder, { recursive: true });
  return found;
}

/** CPU microseconds of some work on messages that were parsed for it alone. */
function withFresh(texts, work) {
  const messages = texts.map((text) => JSON.parse(text));
  globalThis.gc();
  const before = process.cpuUsage();
  const kept = work(messages);
  const { user, system } = process.cpuUsage(before);
  // Held until here, so that nothing of it could be collected while the clock ran.
  return kept ? user + system : NaN;
}

function microseconds(work) {
  const begun = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - begun) / 1_000;
}

function times(count, work) {
  return Array.from({ length: count }, work);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function atLeast(limit, ratio, what) {
  return { what, ratio, budget: limit ? `at least ${limit}` : '', isMet: ratio >= limit };
}

function atMost(limit, ratio, what) {
  return { what, ratio, budget: `at most ${limit}`, isMet: ratio <= limit };
}
