import type { Outcome } from '../merge/index.js';
import type { AcceptedMessage, ActivityFilter, ActivityPage, Person } from '../wire/index.js';

/** When a request arrived, and when its sender says it left. */
export interface RequestTime {
  /** Milliseconds, by the collector's clock. */
  receivedAt: number;
  /** As sent; corrects the sender's clock (RULES R15). */
  sentAt?: string | number | undefined;
}

export interface ActivityQuery extends ActivityFilter {
  /** Only what is older than this cursor: the `next` of an earlier page. */
  before?: string;
  /** How many lines a page has, at most. */
  limit: number;
}

/**
 * What the collector keeps: every accepted message once, and the claims that say whose they are.
 *
 * The rules live in `merge`; a ledger looks up the facts, asks `decide`, and writes what it says in one transaction.
 */
export interface Ledger {
  /**
   * Stores messages in their order, all of them or none. The order of the log is that of the appends: what a slow clock
   * stamps counts as received when the message before it was.
   *
   * @returns one outcome a message, once they are durable
   * @throws when nothing was stored; the same messages may be appended again
   */
  append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]>;
  /**
   * The activity log, newest first, a page at a time. Pages neither repeat nor skip a line while new ones arrive.
   *
   * @throws LedgerError `bad_cursor` when `before` is not the `next` of an earlier page
   */
  activity(query: ActivityQuery): Promise<ActivityPage>;
  /** @param id an id, else `email:…` or `cio_…` */
  person(id: string): Promise<Person | undefined>;
  /** Changes whenever something was stored; two equal values mean that nothing has. No two ledgers share one. Cheap. */
  version(): Promise<string>;
  /** Lets go of files and connections; what was appended is kept. Whatever is asked afterwards is rejected as `closed`. */
  close(): Promise<void>;
}
