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

/** Puts messages in line; rejects, and leaves the line as it is, when one of them cannot be written. */
export function enqueue(waiting: Append[], messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    // Here and not in the commit: what cannot be written as JSON must not take its neighbours down.
    const bodies = messages.map((message) => JSON.stringify(message));
    waiting.push({ messages, bodies, at, resolve, reject });
  });
}
