// What benchmarks share. Rounds are interleaved and medians compared, because machines are noisy: read the ratios, not the times.

export const ROUNDS = 9;

/** CPU microseconds of some work on messages that were parsed for it alone. */
export function withFresh(texts, work) {
  const messages = texts.map((text) => JSON.parse(text));
  globalThis.gc();
  const before = process.cpuUsage();
  const kept = work(messages);
  const { user, system } = process.cpuUsage(before);
  // Held until here, so that nothing of it could be collected while the clock ran.
  return kept ? user + system : NaN;
}

export function microseconds(work) {
  const begun = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - begun) / 1_000;
}

/** The same of work that takes its time. */
export async function microsecondsOf(work) {
  const begun = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - begun) / 1_000;
}

export function times(count, work) {
  return Array.from({ length: count }, (_, index) => work(index));
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** A figure, and the budget it has to keep; a figure without one is there to be known. */
export function figure(what, value, unit = '×') {
  return { what, value, unit, budget: '', isMet: true };
}

export function atLeast(limit, value, what, unit = '×') {
  return { what, value, unit, budget: `at least ${limit}`, isMet: value >= limit };
}

export function atMost(limit, value, what, unit = '×') {
  return { what, value, unit, budget: `at most ${limit}`, isMet: value <= limit };
}

/** Does one benchmark after the other, and prints what each has found: a line a figure, or JSON for programs where `--json` asks for it. */
export async function run(benches) {
  const isJson = process.argv.includes('--json');
  const results = [];
  for (const bench of benches) {
    const found = await bench();
    results.push(...found);
    if (!isJson) found.forEach(print);
  }
  if (isJson) console.log(JSON.stringify(results, null, 2));
}

function print({ what, value, unit, budget, isMet }) {
  const mark = budget === '' ? ' ' : isMet ? '✓' : '✗';
  const digits = value < 10 ? 2 : 0;
  console.log(`${mark} ${`${value.toFixed(digits)}${unit}`.padStart(9)}  ${budget.padEnd(12)}  ${what}`);
}
