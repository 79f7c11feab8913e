import type { Ledger } from '../ledger/index.js';
import type { Counts, Stats } from '../wire/index.js';
import { json } from './answers.js';
import { STATS_STEPS } from './limits.js';

/** So many steps that are over are remembered: what was received then stays received. */
const KEPT_STEPS = 5000;
/** Collectors that share a database do not commit in the order of their clocks: a step is over so much after its end. */
const SETTLED_MS = 10_000;

/** `GET /api/stats?since=&step=`: what came in over time, in steps of so many milliseconds, from `since` until now. */
export function createStats(ledger: Ledger, now: () => number): (request: Request) => Promise<Response> {
  const kept = new Map<string, Counts>();

  async function countsIn(at: number, step: number): Promise<Counts> {
    const key = `${at}+${step}`;
    const known = kept.get(key);
    if (known) return known;
    const counts = await ledger.counts!(at, at + step);
    if (at + step + SETTLED_MS > now()) return counts;
    if (kept.size >= KEPT_STEPS) kept.clear();
    kept.set(key, counts);
    return counts;
  }

  return async (request) => {
    if (!ledger.counts) return json(501, { code: 'no_stats', message: 'The ledger of this collector does not count.' });
    const { searchParams } = new URL(request.url);
    const [since, step] = [Number(searchParams.get('since')), Number(searchParams.get('step'))];
    const steps = Math.ceil((now() - since) / step);
    if (!Number.isInteger(since) || !Number.isInteger(step) || step < 1000 || !(steps >= 1 && steps <= STATS_STEPS)) {
      return json(400, { code: 'bad_stats', message: `Give since and step, both in milliseconds: at most ${STATS_STEPS} steps, of a second or more, from since until now.` });
    }
    const stats: Stats = { step, items: [] };
    for (let index = 0; index < steps; index++) {
      const at = since + index * step;
      stats.items.push({ at, ...(await countsIn(at, step)) });
    }
    return json(200, stats);
  };
}
