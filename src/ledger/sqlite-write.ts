import type Database from 'libsql';
import {
  anonymousStream,
  asksWhoIsKnown,
  decide,
  emailBeside,
  mergingId,
  personNamedBy,
  streamOf,
  type Facts,
  type MessageRecord,
  type Outcome,
  type Settings,
} from '../merge/index.js';
import type { AcceptedMessage } from '../wire/index.js';
import { bucketOf } from './bucket.js';
import { LedgerError } from './error.js';
import type { RequestTime } from './ledger.js';
import { inTransaction } from './sqlite-file.js';
import { QUERIES } from './sqlite-queries.js';
import { nameStream, type Lookup } from './sqlite-lookup.js';
import { recordOf, settingsIn, type MessageRow } from './sqlite-rows.js';
import { toColumn } from './sqlite-text.js';

/** Writes messages and claims. */
export interface Writer {
  append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]>;
  /** Commits what is waiting. */
  flush(): void;
}

/** One append that waits for its commit. */
interface Append {
  messages: AcceptedMessage[];
  bodies: string[];
  at: RequestTime;
  resolve(outcomes: Outcome[]): void;
  reject(error: LedgerError): void;
}

/**
 * The writing half of the SQLite ledger.
 *
 * Appends that are made in one turn of the event loop share one transaction, and so one sync of the disk: that is what a
 * commit costs. They stand or fall together, and each of them still holds all of its messages or none.
 */
export function createWriter(database: Database.Database, file: string, lookUp: () => Lookup, atFirst: Settings): Writer {
  const advance = database.prepare(QUERIES.advance);
  const insertMessage = database.prepare(QUERIES.insertMessage);
  const selectMessage = database.prepare(QUERIES.message);
  const insertClaim = database.prepare(QUERIES.insertClaim);
  const linkName = database.prepare(QUERIES.linkName);
  let waiting: Append[] = [];

  function append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      // Here and not in the transaction: what cannot be written as JSON must not take its neighbours down.
      const bodies = messages.map((message) => JSON.stringify(message));
      if (waiting.push({ messages, bodies, at, resolve, reject }) === 1) setImmediate(flush);
    });
  }

  function flush(): void {
    const appends = waiting;
    waiting = [];
    if (appends.length === 0) return;
    try {
      const outcomes = inTransaction(database, 'IMMEDIATE', () => write(appends));
      appends.forEach(({ resolve }, index) => resolve(outcomes[index]!));
    } catch (cause) {
      const error = new LedgerError('not_stored', `Nothing was stored in ${file}; see the cause, then append it again.`, cause);
      for (const { reject } of appends) reject(error);
    }
  }

  function write(appends: Append[]): Outcome[][] {
    const lookup = lookUp();
    const before = lookup.log();
    const isMergingOff = !settingsIn(before, atFirst).anonymousEventMerge;
    let sequence = before.last_sequence;
    // Another process's clock may be ahead; the log's never runs backwards.
    let clock = before.last_received_at;

    function writeOne(message: AcceptedMessage, body: string, { receivedAt, sentAt }: RequestTime): Outcome {
      const arrival = { receivedAt: Math.max(clock, receivedAt), sequence: sequence + 1, sentAt };
      const facts = factsOf(message);
      // Nearly every message is new, so it is written without a look whether it is there; the key says if it was.
      const decision = decide(facts, message, arrival);
      if (decision.outcome.status === 'dropped' ? find(message) : !insert(decision.record!, body)) {
        return decide({ ...facts, stored: find(message) }, message, arrival).outcome;
      }
      if (decision.outcome.status === 'dropped') return decision.outcome;
      ({ sequence, receivedAt: clock } = arrival);
      const { claim, link } = decision;
      if (claim) {
        insertClaim.run(bucketOf(anonymousStream(claim.anonymousId)), toColumn(claim.anonymousId), toColumn(claim.person), claim.at, claim.sequence);
        lookup.setClaim(claim);
      }
      if (link) {
        const { person, receivedAt, sequence, isMerge } = link.link;
        linkName.run(bucketOf(nameStream(link.name)), toColumn(link.name), toColumn(person), receivedAt, sequence, Number(isMerge));
        lookup.setLink(link.name, link.link);
      }
      return decision.outcome;
    }

    function factsOf(message: AcceptedMessage): Facts {
      const claim = lookup.claimOn(mergingId(message));
      const holder = claim?.person === undefined ? undefined : lookup.directory.rootOf(claim.person);
      const person = personNamedBy(message);
      if (person === undefined || !(lookup.hasNames() || asksWhoIsKnown(message))) return { claim, holder, isMergingOff };
      const email = emailBeside(message);
      const names = { path: lookup.nameFacts(person), ...(email !== undefined && { email: lookup.nameFacts(email) }) };
      return { claim, holder, isMergingOff, names };
    }

    const outcomes = appends.map(({ messages, bodies, at }) => messages.map((message, index) => writeOne(message, bodies[index]!, at)));
    // The version of the ledger: it stands still when all of it was there before.
    if (sequence > before.last_sequence) advance.run(sequence, clock);
    return outcomes;
  }

  function insert({ message, person, receivedAt, occurredAt, sequence }: MessageRecord, body: string): boolean {
    const stream = streamOf(message);
    const { changes } = insertMessage.run(
      bucketOf(stream),
      toColumn(stream),
      toColumn(message.messageId),
      sequence,
      receivedAt,
      occurredAt,
      message.type,
      toColumn(message.anonymousId),
      toColumn(person),
      body,
    );
    return changes > 0;
  }

  function find(message: AcceptedMessage): MessageRecord | undefined {
    const stream = streamOf(message);
    const row = selectMessage.get(bucketOf(stream), toColumn(stream), toColumn(message.messageId)) as MessageRow | undefined;
    return row && recordOf(row);
  }

  return { append, flush };
}
