// npm run bench:merge [-- --json]: the merge engine and the ledgers, each beside what it is built on, in one run.
// Build first (npm run build). It takes some minutes: a million events are put away twice.
import { claims, engineAgainstMaps, memory } from './engine.mjs';
import { longPast, postgresAgainstRaw, sqliteAgainstRaw } from './ledgers.mjs';
import { run } from './measure.mjs';

await run([engineAgainstMaps, claims, memory, sqliteAgainstRaw, postgresAgainstRaw, longPast]);
