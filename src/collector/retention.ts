import type { Ledger } from '../ledger/index.js';
import type { Log } from './log.js';
import type { Meter } from './meter.js';

/** Nothing hangs on when an expired event goes (RULES R5). */
const ROUND_MS = 60 * 60 * 1000;
/** A step holds up the appends behind it; this many rows take a few milliseconds. */
const STEP_MESSAGES = 1000;

/** Deletes what has expired, once an hour and a step at a time (RULES R5). */
export interface Retention {
  /** One whole round, now. @returns how many messages were deleted */
  run(): Promise<number>;
  stop(): void;
}

export function createRetention(ledger: Ledger, now: () => number, log: Log, meter: Meter): Retention {
  let isStopped = false;
  const timer = setInterval(() => void round(), ROUND_MS);
  // In Node an interval keeps the process alive; elsewhere it is a number.
  (timer as { unref?(): void }).unref?.();

  async function run(): Promise<number> {
    if (isStopped || !ledger.administration) return 0;
    const { deleted, isDone } = await ledger.administration.purge(now(), STEP_MESSAGES);
    meter.purged(deleted);
    if (isDone) return deleted;
    // Whoever waits to append goes first.
    await new Promise((resolve) => setTimeout(resolve, 0));
    return deleted + (await run());
  }

  async function round(): Promise<void> {
    try {
      await run();
    } catch (error) {
      log({ level: 'error', code: 'not_purged', message: 'What has expired could not be deleted; it is tried again in an hour.', error });
    }
  }

  return {
    run,
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
