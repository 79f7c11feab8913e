import { setTimeout as wait } from 'node:timers/promises';
import { mergingId, personNamedBy, streamOf, type Campaign, type Outcome, type Settings } from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';
import { LedgerError } from '../error.js';
import type { RequestTime } from '../ledger.js';
import { enqueue, takeCommit, type Append } from '../sql/append.js';
import { bucketOf } from '../sql/bucket.js';
import { claimKeyOf } from '../sql/lookup.js';
import { toColumn } from '../sql/text.js';
import { isPassing, type Query } from './connection.js';
import { factsIn, lookUp, NOTHING, type Looked } from './facts.js';
import { behind, planCommit, type Plan } from './plan.js';
import type { Entry, MessageKey, StoredRow, Tables } from './tables.js';

/** Writes messages and claims. */
export interface Writer {
  append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]>;
  /** Resolves once nothing is waiting any more. */
  flush(): Promise<void>;
}

/** Four seconds in all, for a server that restarts; after that the sender keeps what it has and tries again. */
const RETRY_MS = [50, 200, 1000, 3000];

/** The time of the newest entry of a ledger: what it takes in next is not older. */
export interface Clock {
  at: number;
}

/** What a writer works with. */
export interface WriterParts {
  query: Query;
  tables: Tables;
  /** Gives the sequences of this ledger. */
  takeNumbers(count: number): Promise<number[]>;
  clock: Clock;
  /** While nobody has switched them. */
  atFirst: Settings;
  campaigns: Campaign[];
}

/**
 * The writing half of the Postgres ledger.
 *
 * Appends that are made in one turn of the event loop, or while a commit is on its way, share one commit: that is what costs.
 * One commit is on its way at a time, so that the order of the log is that of the appends.
 */
export function createWriter({ query, tables, takeNumbers, clock, atFirst, campaigns }: WriterParts): Writer {
  const waiting: Append[] = [];
  let draining: Promise<void> | undefined;

  function append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]> {
    const appended = enqueue(waiting, messages, at);
    draining ??= drain();
    return appended;
  }

  async function drain(): Promise<void> {
    // The rest of this turn of the event loop comes along.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    while (waiting.length > 0) await settle(takeCommit(waiting));
    draining = undefined;
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
    const numbers = await takeNumbers(appends.reduce((count, { messages }) => count + messages.length, 0));
    let next = 0;
    return appends.flatMap(({ messages, bodies, at }) =>
      messages.map((message, index) => ({ message, body: bodies[index]!, key: keyOf(message), at, sequence: numbers[next++]! })),
    );
  }

  async function store(entries: Entry[]): Promise<Outcome[]> {
    const isPlain = campaigns.length === 0 && entries.every(({ message }) => personNamedBy(message) === undefined);
    const plan = (isPlain && (await storeAnonymous(entries))) || (await storeAny(entries, isPlain ? await findStored(entries) : undefined));
    clock.at = Math.max(clock.at, plan.clock);
    return plan.outcomes;
  }

  /** What names nobody is kept as it is, without a look at anything. @returns nothing when some of it was there before */
  async function storeAnonymous(entries: Entry[]): Promise<Plan | undefined> {
    const plan = decideOn(entries, NOTHING, []);
    const anonymousIds = [...new Set(entries.flatMap(({ message }) => mergingId(message) ?? []))];
    const claims = await tables.insertAnonymous(query, plan.rows.messages, anonymousIds.map(claimKeyOf));
    if (!claims) return undefined;
    if (claims.length === 0) return plan;
    const answered = decideOn(entries, { ...NOTHING, found: { ...NOTHING.found, claims } }, []);
    if (!answered.outcomes.some((outcome) => 'isLate' in outcome && outcome.isLate)) return answered;
    // Nearly never: whether it is of any use to send it again depends on the settings, and on whose it would be.
    const { settings, names } = (await lookUp(query, tables, entries, [])).found;
    return decideOn(entries, { ...NOTHING, found: { ...NOTHING.found, claims, settings, names } }, []);
  }

  /** @param stored those that are there already; nearly never any is, and without a look the insertion says when one was */
  async function storeAny(entries: Entry[], stored?: StoredRow[]): Promise<Plan> {
    // Whoever loses a race finds the winner in the next round, and so there is an end to it.
    for (;;) {
      const looked = await lookUp(query, tables, entries, campaigns);
      const plan = decideOn(entries, looked, stored ?? []);
      const isSure = stored !== undefined || plan.outcomes.every(({ status }) => status !== 'dropped');
      if (isSure && (isEmpty(plan) || (await tables.insert(query, plan.rows, looked.found)))) return plan;
      stored = await findStored(entries);
    }
  }

  function findStored(entries: Entry[]): Promise<StoredRow[]> {
    return tables.findStored(
      query,
      entries.map(({ key }) => key),
    );
  }

  function decideOn(entries: Entry[], looked: Looked, stored: StoredRow[]): Plan {
    const { command_at, command_sequence } = looked.found;
    const after = behind({ receivedAt: command_at, sequence: command_sequence }, { receivedAt: clock.at, sequence: entries[0]!.sequence });
    return planCommit(entries, factsIn(looked, atFirst), stored, after.receivedAt, campaigns);
  }

  return { append, flush: async () => draining };
}

function isEmpty({ rows }: Plan): boolean {
  return rows.messages.length === 0;
}

function keyOf(message: AcceptedMessage): MessageKey {
  const stream = streamOf(message);
  return { bucket: bucketOf(stream), stream: toColumn(stream), message_id: toColumn(message.messageId) };
}
