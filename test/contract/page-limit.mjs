// Loaded into a collector ahead of it (`node --import`), so that a test can take its disk away where it may mount none:
// SQLite then says SQLITE_FULL in earnest, at the first page that would be one too many.
import { createRequire } from 'node:module';
import { isMainThread, threadId } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const Libsql = require('libsql');
/** SQLite's own limit. */
const PAGES = 4_294_967_294;

// The ledger works in threads, and each of them loads this, too. They are told what to do, and say when they have done it.
const threads = new BroadcastChannel('page-limit');
threads.unref();
if (isMainThread) passOn();
else limit();

function passOn() {
  const known = new Set();
  let waiting = new Set();
  threads.addEventListener('message', ({ data: { opened, limited } }) => {
    if (opened !== undefined) known.add(opened);
    if (waiting.delete(limited) && waiting.size === 0) process.send('done');
  });
  process.on('message', ({ freePages }) => {
    waiting = new Set(known);
    threads.postMessage({ freePages });
  });
}

function limit() {
  const opened = [];
  require.cache[require.resolve('libsql')].exports = class extends Libsql {
    constructor(...parameters) {
      super(...parameters);
      opened.push(this);
      threads.postMessage({ opened: threadId });
    }
  };

  // The limit is a connection's own, so it has to be set from in here.
  threads.addEventListener('message', ({ data: { freePages } }) => {
    if (freePages === undefined) return;
    for (const database of opened) {
      const [[used]] = database.prepare('PRAGMA page_count').raw().all();
      database.pragma(`max_page_count = ${freePages === null ? PAGES : used + freePages}`);
    }
    threads.postMessage({ limited: threadId });
  });
}
