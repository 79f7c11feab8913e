// npm run bench:merge [-- --json]: the merge engine and the ledgers, each beside what it is built on, in one run.
// Build first (npm run build). It takes some minutes: a million events are put away twice.
import { claims, engineAgainstMaps, memory } from './engine.mjs';
import { longPast, postgresAgainstRaw, sqliteAgainstRaw } from './ledgers.mjs';

const isJson = process.argv.includes('--json');
const results = [];
for (const bench of [engineAgainstMaps, claims, memory, sqliteAgainstRaw, postgresAgainstRaw, longPast]) {
  const found = await bench();
  results.push(...found);
  if (!isJson) found.forEach(print);
}
if (isJson) console.log(JSON.stringify(results, null, 2));

function print({ what, value, unit, budget, isMet }) {
  const mark = budget === '' ? ' ' : isMet ? '✓' : '✗';
  const digits = value < 10 ? 2 : 0;
  console.log(`${mark} ${`${value.toFixed(digits)}${unit}`.padStart(9)}  ${budget.padEnd(12)}  ${what}`);
}
