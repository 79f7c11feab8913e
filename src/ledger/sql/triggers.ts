import {
  byTrigger,
  isInherited,
  isStanding,
  LATE_WINDOW_MS,
  streamOf,
  TRIGGER_WINDOW_MS,
  triggersOf,
  type Campaign,
  type Claim,
  type Directory,
  type MessageRecord,
  type PlacedTrigger,
} from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';
import type { StartedTrigger, TriggerQueue } from '../ledger.js';
import { bucketOf } from './bucket.js';
import type { SqlDatabase, Statements } from './database.js';
import { recentOn } from './holdings.js';
import { createLookup, type Lookup } from './lookup.js';
import { logIn } from './read.js';
import type { ClaimRow } from './rows.js';
import type { TRIGGER_COLUMNS } from './statements.js';
import { fromColumn, toColumn } from './text.js';

/**
 * How far back claims are gone through once more. Twice the late window is added: a claim and an event that were stored side by
 * side are both there by then. A campaign that is new does not start for what joined long ago.
 */
const SETTLE_MS = 3_600_000;

/** Which message started which campaign: once each. */
interface TriggerKey {
  bucket: number;
  message_id: string;
  stream: string;
  campaign: string;
}

export type TriggerColumns = { [Column in keyof typeof TRIGGER_COLUMNS]: (typeof TRIGGER_COLUMNS)[Column] extends 'text' ? string : number };

interface TriggerRow extends TriggerKey {
  person: string;
  started_at: number;
  occurred_at: number;
  body: string;
}

/** So many are written in one statement: each carries its message, of up to 32 KB, and a text ends at half a gigabyte. */
export const TRIGGERS_AT_ONCE = 1_000;

/** What a message starts, as rows. It goes along in the transaction that brings the message to its person. */
export function triggerRowsOf(record: MessageRecord, claim: Claim | undefined, campaigns: Campaign[], directory: Directory): TriggerColumns[] {
  return triggersOf(record, claim, campaigns, directory).map((placed) => columnsOf(placed, campaigns));
}

/** The same of everything that a claim brings its person, in the order in which it comes out. */
export function triggerRowsOn(claim: Claim, records: MessageRecord[], campaigns: Campaign[], directory: Directory): TriggerColumns[] {
  const placed = records.flatMap((record) => triggersOf(record, claim, campaigns, directory));
  return placed.sort(byTrigger).map((one) => columnsOf(one, campaigns));
}

function columnsOf({ trigger, at, record }: PlacedTrigger, campaigns: Campaign[]): TriggerColumns {
  const stream = streamOf(record.message);
  return {
    bucket: bucketOf(stream),
    stream: toColumn(stream),
    message_id: toColumn(trigger.messageId),
    campaign: toColumn(trigger.campaign),
    person: toColumn(trigger.person),
    started_at: at.receivedAt,
    started_sequence: at.sequence,
    occurred_at: record.occurredAt,
    received_at: record.receivedAt,
    sequence: record.sequence,
    rank: campaigns.findIndex(({ name }) => name === trigger.campaign),
    body: JSON.stringify(record.message),
  };
}

/** Starts what a claim has brought, as far as it was not started before; what its person has only inherited by now starts nothing (RULES R23). */
export async function startWhatJoined(claim: Claim, statements: Statements, lookup: Lookup, campaigns: Campaign[]): Promise<void> {
  const { person } = claim;
  if (campaigns.length === 0 || person === undefined) return;
  // An event never happens after it arrived: what arrived before the window did not happen within it.
  const records = await recentOn(claim.anonymousId, claim.at - TRIGGER_WINDOW_MS, statements);
  await lookup.prepare(records, [claim]);
  const own = records.filter((record) => !isInherited(record, claim, person, lookup.directory));
  const rows = triggerRowsOn(claim, own, campaigns, lookup.directory);
  for (let at = 0; at < rows.length; at += TRIGGERS_AT_ONCE) await statements.run('insertTriggers', JSON.stringify(rows.slice(at, at + TRIGGERS_AT_ONCE)));
}

/** The triggers of a ledger in a database, kept until they are delivered. */
export function createTriggerQueue(database: SqlDatabase, campaigns: Campaign[]): TriggerQueue {
  return {
    async take(owner, { limit, now, leaseMs }) {
      // Mostly there is nothing, and nothing to write for it.
      const isAny = limit === 0 || (await database.look((statements) => waiting(statements, 1))).length > 0;
      if (!isAny) return [];
      return database.change(async (statements) => {
        const isMine = (await statements.run('lease', owner, now, now + leaseMs)) > 0;
        return isMine ? waiting(statements, limit) : undefined;
      });
    },
    delivered: (triggers, now) =>
      database.change(async (statements) => {
        for (const { campaign, key } of triggers) {
          const [stream, messageId] = JSON.parse(key) as [string, string];
          await statements.run('deliverTrigger', bucketOf(fromColumn(stream)), messageId, stream, toColumn(campaign), now);
        }
      }),
    async settle(now) {
      // One claim a transaction, so that it holds up nobody.
      for (const anonymousId of await database.look((statements) => unsettled(statements, now))) {
        await database.change(async (statements) => {
          const lookup = createLookup(statements);
          const claim = await lookup.claimOn(anonymousId);
          if (claim && isStanding(claim)) await startWhatJoined(claim, statements, lookup, campaigns);
        });
      }
      await database.change((statements) => statements.run('settledTo', now));
    },
  };
}

/** What waits to be delivered; whose person is suppressed waits until they are not (RULES R24). */
async function waiting(statements: Statements, limit: number): Promise<StartedTrigger[]> {
  for (let rows = limit; ; rows *= 4) {
    const found = (await statements.all<TriggerRow>('waitingTriggers', rows)).map(startedIn);
    const suppressed = found.length > 0 ? await createLookup(statements).suppressed(found.map(({ person }) => person)) : new Set();
    const open = found.filter(({ person }) => !suppressed.has(person));
    if (open.length >= limit || found.length < rows) return open.slice(0, limit);
  }
}

/** The anonymous ids that were claimed since claims were gone through. */
async function unsettled(statements: Statements, now: number): Promise<string[]> {
  const { settled_at } = await logIn(statements);
  const since = Math.max(settled_at, now - SETTLE_MS) - 2 * LATE_WINDOW_MS;
  return (await statements.all<ClaimRow>('claimsSince', since)).map((row) => fromColumn(row.anonymous_id));
}

function startedIn({ stream, message_id, campaign, person, started_at, occurred_at, body }: TriggerRow): StartedTrigger {
  const { messageId, anonymousId, event, properties, context } = JSON.parse(body) as AcceptedMessage;
  return {
    key: JSON.stringify([stream, message_id]),
    campaign: fromColumn(campaign),
    person: fromColumn(person),
    messageId,
    at: started_at,
    occurredAt: occurred_at,
    ...(anonymousId !== undefined && { anonymousId }),
    ...(event !== undefined && { event }),
    ...(properties && { properties }),
    ...(context && { context }),
  };
}
