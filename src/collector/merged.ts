import type { Ledger } from '../ledger/index.js';
import { LATE_WINDOW_MS } from '../merge/index.js';
import type { Meter } from './meter.js';

const ROUND_MS = 15_000;
/** Collectors that share a database do not commit in the order of their clocks: what is so old is there. */
const SETTLED_MS = 10_000;
/** The claims of so much time are one question, so that after an outage none is long. */
const STEP_MS = 60_000;
/** No outage lasts longer; a clock that is put right may leap over years. */
const BEHIND_MS = 24 * 60 * 60 * 1000;

/**
 * Counts the events that claims have merged. A claim costs the same whatever it takes, because it counts nothing; so that is done
 * here, beside it, once for each claim, when its late window is over and the number is final.
 *
 * @returns stops it
 */
export function countMerged(ledger: Ledger, now: () => number, meter: Meter): () => void {
  if (!meter.merged || !ledger.merged) return () => undefined;
  const settled = (): number => now() - LATE_WINDOW_MS - SETTLED_MS;
  // A window that was still open then has been counted by nobody who is gone.
  let from = settled();
  let isCounting = false;
  let isStopped = false;

  async function round(): Promise<void> {
    if (isCounting) return;
    isCounting = true;
    try {
      const end = settled();
      from = Math.max(from, end - BEHIND_MS);
      while (from < end) {
        const until = Math.min(from + STEP_MS, end);
        const events = await ledger.merged!(from, until);
        if (isStopped) return;
        meter.merged!(events);
        from = until;
      }
    } catch {
      // The next round begins where this one ended; that the ledger does not answer is told by whoever needs an answer.
    } finally {
      isCounting = false;
    }
  }

  const timer = setInterval(() => void round(), ROUND_MS);
  // In Node an interval keeps the process alive; elsewhere it is a number.
  (timer as { unref?(): void }).unref?.();
  return () => {
    isStopped = true;
    clearInterval(timer);
  };
}
