import { setTimeout as wait } from 'node:timers/promises';
import { mergingId, streamOf, type Outcome } from '../merge/index.js';
import type { AcceptedMessage } from '../wire/index.js';
import { bucketOf } from './bucket.js';
import { LedgerError } from './error.js';
import type { RequestTime } from './ledger.js';
import { isPassing, type Query } from './postgres-connection.js';
import { createNumbers } from './postgres-numbers.js';
import { planCommit, type Entry } from './postgres-plan.js';
import { QUERIES } from './postgres-queries.js';
import type { MessageKey, Tables } from './postgres-tables.js';
import { toColumn } from './sqlite-text.js';

/** Writes messages and claims. */
export interface Writer {
  append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]>;
  /** Resolves once nothing is waiting any more. */
  flush(): Promise<void>;
}

/** Where a commit stops taking in appends, so that no statement grows without bound when many wait. */
const COMMIT_MESSAGES = 1000;
/** Four seconds in all, for a server that restarts; after that the sender keeps what it has and tries again. */
const RETRY_MS = [50, 200, 1000, 3000];

/** One append that waits for its commit. */
interface Append {
  messages: AcceptedMessage[];
  bodies: string[];
  at: RequestTime;
  resolve(outcomes: Outcome[]): void;
  reject(error: LedgerError): void;
}

/**
 * The writing half of the Postgres ledger.
 *
 * Appends that are made in one turn of the event loop, or while a commit is on its way, share one commit: that is what costs.
 * One commit is on its way at a time, so that the order of the log is that of the appends.
 */
export async function createWriter(query: Query, tables: Tables): Promise<Writer> {
  const takeNumbers = createNumbers(async () => (await query<{ block: number }>(QUERIES.nextBlock))[0]!.block);
  await takeNumbers(1);
  let clock = (await query<{ received_at: number }>(QUERIES.newest))[0]!.received_at;
  let waiting: Append[] = [];
  let draining: Promise<void> | undefined;

  function append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      // Here and not in the commit: what cannot be written as JSON must not take its neighbours down.
      const bodies = messages.map((message) => JSON.stringify(message));
      waiting.push({ messages, bodies, at, resolve, reject });
      draining ??= drain();
    });
  }

  async function drain(): Promise<void> {
    // The rest of this turn of the event loop comes along.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    while (waiting.length > 0) await settle(takeWaiting());
    draining = undefined;
  }

  function takeWaiting(): Append[] {
    let messages = 0;
    const count = waiting.findIndex((append) => (messages += append.messages.length) >= COMMIT_MESSAGES) + 1;
    return waiting.splice(0, count || waiting.length);
  }

  async function settle(appends: Append[]): Promise<void> {
    try {
      const outcomes = await commit(appends);
      appends.forEach(({ resolve, messages }) => resolve(outcomes.splice(0, messages.length)));
    } catch (cause) {
      // One of them may be what the database does not take; the others are not to suffer for it.
      if (appends.length > 1 && !isPassing(cause)) {
        for (const append of appends) await settle([append]);
        return;
      }
      const error = new LedgerError('not_stored', 'The database did not take it; see the cause, then append it again.', cause);
      for (const { reject } of appends) reject(error);
    }
  }

  async function commit(appends: Append[]): Promise<Outcome[]> {
    let entries: Entry[] | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        // Numbered once: by its number an attempt knows what the one before it has stored.
        entries ??= await number(appends);
        return await store(entries);
      } catch (error) {
        const pause = RETRY_MS[attempt];
        if (pause === undefined || !isPassing(error)) throw error;
        await wait(pause);
      }
    }
  }

  async function number(appends: Append[]): Promise<Entry[]> {
    const entries = appends.flatMap(({ messages, bodies, at }) =>
      messages.map((message, index) => ({ message, body: bodies[index]!, key: keyOf(message), at, sequence: 0 })),
    );
    const numbers = await takeNumbers(entries.length);
    return entries.map((entry, index) => ({ ...entry, sequence: numbers[index]! }));
  }

  async function store(entries: Entry[]): Promise<Outcome[]> {
    const anonymousIds = [...new Set(entries.flatMap(({ message }) => mergingId(message) ?? []))];
    const keys = entries.map(({ key }) => key);
    // Whoever loses a race finds the winner in the next round, and so there is an end to it.
    for (;;) {
      const plan = planCommit(entries, await tables.factsOf(query, anonymousIds, keys), clock);
      if (!(await tables.insert(query, plan.claims, plan.messages))) continue;
      clock = plan.clock;
      return plan.outcomes;
    }
  }

  return { append, flush: async () => draining };
}

function keyOf(message: AcceptedMessage): MessageKey {
  const stream = streamOf(message);
  return { bucket: bucketOf(stream), stream: toColumn(stream), message_id: toColumn(message.messageId) };
}
