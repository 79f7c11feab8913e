// Loaded into a collector ahead of it (`node --import`), so that a test can end the thread that writes: where there is a file of
// this name, at the next commit, as an exception does that nobody catches. The commit is made, and nobody is told.
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread, workerData } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const Libsql = require('libsql');

if (!isMainThread) {
  const wanted = `${workerData.file}.crash`;
  require.cache[require.resolve('libsql')].exports = class extends Libsql {
    exec(sql) {
      super.exec(sql);
      if (sql !== 'COMMIT' || !existsSync(wanted)) return;
      rmSync(wanted);
      process.nextTick(() => {
        throw new Error('out of luck');
      });
    }
  };
}
