import type { Outcome } from '../merge/index.js';
import type { AcceptedMessage } from '../wire/index.js';

/**
 * Counts what a collector does. `prometheusMeter` is one; a collector without any counts nothing.
 */
export interface Meter {
  /** A request was answered. @param route as it was declared, so that no address of anybody becomes a series of its own */
  answered(route: string, method: string, status: number, seconds: number): void;
  /** Messages go to the ledger. @returns called when they are back, whatever became of them */
  appending(messages: number): () => void;
  /** The ledger has them. */
  appended(outcomes: Outcome[], messages: AcceptedMessage[]): void;
  /** The ledger could not do it. */
  failed(): void;
  /** Messages were refused at the door. @param code the reason, of a fixed set */
  refused(code: string, messages: number): void;
  /** Browsers gave them up, because too many were waiting there. */
  givenUp(messages: number): void;
  /** How many messages expired. */
  purged(messages: number): void;
  /** How many events claims have merged, once their late windows are over. A meter without it does not ask, and nobody counts them. */
  merged?(events: number): void;
  /** What was counted, in the text format of Prometheus. */
  text?(): Promise<string>;
}

export const NO_METER: Meter = {
  answered() {},
  appending: () => () => {},
  appended() {},
  failed() {},
  refused() {},
  givenUp() {},
  purged() {},
};
