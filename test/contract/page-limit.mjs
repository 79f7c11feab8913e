// Loaded into a collector ahead of it (`node --import`), so that a test can take its disk away where it may mount none:
// SQLite then says SQLITE_FULL in earnest, at the first page that would be one too many.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const Libsql = require('libsql');
/** SQLite's own limit. */
const PAGES = 4_294_967_294;
const opened = [];

require.cache[require.resolve('libsql')].exports = class extends Libsql {
  constructor(...parameters) {
    super(...parameters);
    opened.push(this);
  }
};

// The limit is a connection's own, so it has to be set from in here.
process.on('message', ({ freePages }) => {
  for (const database of opened) {
    const [[used]] = database.prepare('PRAGMA page_count').raw().all();
    database.pragma(`max_page_count = ${freePages === null ? PAGES : used + freePages}`);
  }
  process.send('done');
});
