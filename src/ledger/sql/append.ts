import type { Outcome } from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';
import type { LedgerError } from '../error.js';
import type { RequestTime } from '../ledger.js';

/** One append that waits for its commit. */
export interface Append {
  messages: AcceptedMessage[];
  bodies: string[];
  at: RequestTime;
  resolve(outcomes: Outcome[]): void;
  reject(error: LedgerError): void;
}

/** Where a commit stops taking in appends, so that nothing grows without bound, and nobody waits long, when many are in line. */
const COMMIT_MESSAGES = 1000;

/**
 * Puts messages in line; rejects, and leaves the line as it is, when one of them cannot be written.
 *
 * @param written the same as JSON, where somebody has written it already
 */
export function enqueue(waiting: Append[], messages: AcceptedMessage[], at: RequestTime, written?: string[]): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    // Here and not in the commit: what cannot be written as JSON must not take its neighbours down.
    const bodies = written ?? messages.map((message) => JSON.stringify(message));
    waiting.push({ messages, bodies, at, resolve, reject });
  });
}

/** Takes out of the line what goes into one commit: the first, and those behind it that still fit. */
export function takeCommit(waiting: Append[]): Append[] {
  let messages = 0;
  const count = waiting.findIndex((append) => (messages += append.messages.length) >= COMMIT_MESSAGES) + 1;
  return waiting.splice(0, count || waiting.length);
}
