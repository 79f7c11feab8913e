import type { Ledger } from '../ledger/index.js';
import type { Log } from './log.js';

/** Clocks that are in order are nearer to each other than this. */
const BEHIND_MS = 60_000;
/** It is looked for, and told, once in so long. */
const LOOK_MS = 60_000;

/**
 * The time of a log never runs backwards. Behind an entry from the future, or a clock that was set back, it stands still: whatever
 * comes counts as received when the newest entry was, and late windows stay open. That puts itself right, and is worth knowing.
 *
 * @returns to be called with when something that was stored had been received
 */
export function createLookout(ledger: Ledger, log: Log): (receivedAt: number) => Promise<void> {
  let lookedAt = -Infinity;
  return async (receivedAt) => {
    // A clock that was set back is looked at, too.
    if (Math.abs(receivedAt - lookedAt) < LOOK_MS) return;
    lookedAt = receivedAt;
    try {
      const [newest] = (await ledger.activity({ limit: 1 })).items;
      if (newest && newest.at - receivedAt > BEHIND_MS) log({ level: 'warning', code: 'clock_behind', message: sentence(receivedAt, newest.at) });
    } catch {
      // That the ledger does not answer is told by whoever needs an answer.
    }
  };
}

function sentence(receivedAt: number, newestAt: number): string {
  const [now, newest] = [receivedAt, newestAt].map((at) => new Date(at).toISOString());
  const seconds = Math.round((newestAt - receivedAt) / 1000);
  return `It is ${now}, ${seconds} seconds before the newest entry of the log (${newest}), and until then whatever arrives counts as received with that entry. Look at the clock: it is behind now, or was ahead.`;
}
