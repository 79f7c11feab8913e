import type { Ledger } from '../ledger/index.js';
import type { Log } from './log.js';
import type { Meter } from './meter.js';

/** Nothing hangs on when an expired event goes (RULES R5). */
const ROUND_MS = 60 * 60 * 1000;
/** One that is started again every half hour is to come to it as well, and of many that are started at once not all at the same moment. */
const FIRST_ROUND_MS = 5 * 60 * 1000;
/** A step holds up the appends behind it; this many rows take a few milliseconds. */
const STEP_MESSAGES = 1000;

/** Deletes what has expired, within five minutes, then once an hour, and a step at a time (RULES R5). */
export interface Retention {
  /** One whole round, now. @returns how many messages were deleted */
  run(): Promise<number>;
  stop(): void;
}

export function createRetention(ledger: Ledger, now: () => number, log: Log, meter: Meter, random = (): number => Math.random()): Retention {
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  schedule(random() * FIRST_ROUND_MS);

  function schedule(ms: number): void {
    timer = setTimeout(() => {
      schedule(ROUND_MS);
      void round();
    }, ms);
    // In Node a timer keeps the process alive; elsewhere it is a number.
    (timer as { unref?(): void }).unref?.();
  }

  async function run(): Promise<number> {
    for (let all = 0; ; ) {
      if (isStopped || !ledger.administration) return all;
      const { deleted, isDone } = await ledger.administration.purge(now(), STEP_MESSAGES);
      meter.purged(deleted);
      all += deleted;
      if (isDone) return all;
      // Whoever waits to append goes first.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
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
      clearTimeout(timer);
    },
  };
}
