// npm run bench:collector [-- --json]: the collector as it is started, beside the least that it could cost, in one run.
// On Linux, which says what a process has taken. Build first (npm run build). It takes some minutes.
import { bomb, starts } from './collector/costs.mjs';
import { onPostgres, onSqlite } from './collector/throughput.mjs';
import { run } from './measure.mjs';

await run([onSqlite, onPostgres, starts, bomb]);
