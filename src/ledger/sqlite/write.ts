import type Database from 'libsql';
import { anonymousStream, decide, streamOf, type Campaign, type MessageRecord, type Outcome, type Settings } from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';
import { LedgerError } from '../error.js';
import type { RequestTime } from '../ledger.js';
import { enqueue, takeCommit, type Append } from '../sql/append.js';
import { bucketOf } from '../sql/bucket.js';
import { decisionFactsOf, startedBy } from '../sql/facts.js';
import { nameKeyOf } from '../sql/lookup.js';
import { recordOf, settingsIn, type MessageRow } from '../sql/rows.js';
import { toColumn } from '../sql/text.js';
import { TRIGGERS_AT_ONCE, type TriggerColumns } from '../sql/triggers.js';
import { prepareFacts, type AppendLog } from './facts.js';
import { inTransaction } from './file.js';
import { APPEND } from './queries.js';

/** Writes messages and claims. */
export interface Writer {
  /** @param written the messages as JSON, where somebody has written them already */
  append(messages: AcceptedMessage[], at: RequestTime, written?: string[]): Promise<Outcome[]>;
  /** Commits what is waiting, does something, and appends nothing meanwhile. */
  pause<Result>(work: () => Promise<Result>): Promise<Result>;
}

/**
 * The writing half of the SQLite ledger.
 *
 * Appends that are made in one turn of the event loop share one transaction, and so one sync of the disk: that is what a
 * commit costs. They stand or fall together, and each of them still holds all of its messages or none. Nobody waits for others
 * to come along: those that come while one commit is made share the next.
 */
export function createWriter(database: Database.Database, file: string, atFirst: Settings, campaigns: Campaign[]): Writer {
  const selectLog = database.prepare(APPEND.log);
  const advance = database.prepare(APPEND.advance);
  const insertMessage = database.prepare(APPEND.insertMessage);
  const selectMessage = database.prepare(APPEND.message);
  const insertClaim = database.prepare(APPEND.insertClaim);
  const linkName = database.prepare(APPEND.linkName);
  const insertTriggers = database.prepare(APPEND.insertTriggers);
  const openFacts = prepareFacts(database);
  const waiting: Append[] = [];
  let isPaused = false;

  function append(messages: AcceptedMessage[], at: RequestTime, written?: string[]): Promise<Outcome[]> {
    const appended = enqueue(waiting, messages, at, written);
    if (waiting.length === 1) setImmediate(flush);
    return appended;
  }

  function flush(): void {
    if (!isPaused) while (waiting.length > 0) commit(takeCommit(waiting));
  }

  function commit(appends: Append[]): void {
    try {
      const outcomes = inTransaction(database, () => write(appends));
      appends.forEach(({ resolve }, index) => resolve(outcomes[index]!));
    } catch (cause) {
      const error = new LedgerError('not_stored', `Nothing was stored in ${file}; see the cause, then append it again.`, cause);
      for (const { reject } of appends) reject(error);
    }
  }

  async function pause<Result>(work: () => Promise<Result>): Promise<Result> {
    flush();
    isPaused = true;
    try {
      return await work();
    } finally {
      isPaused = false;
      flush();
    }
  }

  function write(appends: Append[]): Outcome[][] {
    const before = selectLog.get() as AppendLog;
    const facts = openFacts(!settingsIn(before, atFirst).anonymousEventMerge);
    let sequence = before.last_sequence;
    // Another process's clock may be ahead; the log's never runs backwards.
    let clock = before.last_received_at;
    const started: TriggerColumns[] = [];

    function writeOne(message: AcceptedMessage, body: string, { receivedAt, sentAt }: RequestTime): Outcome {
      const arrival = { receivedAt: Math.max(clock, receivedAt), sequence: sequence + 1, sentAt };
      const known = decisionFactsOf(message, facts);
      // Nearly every message is new, so it is written without a look whether it is there; the key says if it was.
      const decision = decide(known, message, arrival);
      if (decision.outcome.status === 'dropped' ? find(message) : !insert(decision.record!, body)) {
        return decide({ ...known, stored: find(message) }, message, arrival).outcome;
      }
      if (decision.outcome.status === 'dropped') return decision.outcome;
      ({ sequence, receivedAt: clock } = arrival);
      const { claim, link } = decision;
      if (claim) {
        insertClaim.run(bucketOf(anonymousStream(claim.anonymousId)), toColumn(claim.anonymousId), toColumn(claim.person), claim.at, claim.sequence);
        facts.setClaim(claim);
      }
      if (link) {
        const { person, receivedAt, sequence, isMerge } = link.link;
        const { bucket, name } = nameKeyOf(link.name);
        linkName.run(bucket, name, toColumn(person), receivedAt, sequence, Number(isMerge));
        facts.setLink(link.name, link.link);
      }
      for (const trigger of startedBy(decision, facts, campaigns)) started.push(trigger);
      return decision.outcome;
    }

    const outcomes = appends.map(({ messages, bodies, at }) => messages.map((message, index) => writeOne(message, bodies[index]!, at)));
    // The version of the ledger: it stands still when all of it was there before.
    if (sequence > before.last_sequence) advance.run(sequence, clock);
    for (let at = 0; at < started.length; at += TRIGGERS_AT_ONCE) insertTriggers.run(JSON.stringify(started.slice(at, at + TRIGGERS_AT_ONCE)));
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

  return { append, pause };
}
