import { decide, mergingId, type Claim, type MessageRecord, type Outcome } from '../merge/index.js';
import type { AcceptedMessage } from '../wire/index.js';
import type { RequestTime } from './ledger.js';
import { claimKeyOf, type ClaimColumns, type MessageColumns, type MessageKey, type StoredFacts } from './postgres-tables.js';
import { toColumn } from './sqlite-text.js';

/** A message on its way into the log. */
export interface Entry {
  message: AcceptedMessage;
  body: string;
  key: MessageKey;
  at: RequestTime;
  /** Its place, and its mark: whatever the database holds under this number, this entry has put there. */
  sequence: number;
}

/** What a commit writes, and what it answers. */
export interface Plan {
  outcomes: Outcome[];
  claims: ClaimColumns[];
  messages: MessageColumns[];
  /** The time of the newest line of this ledger. */
  clock: number;
}

/**
 * Decides on every message of a commit: pure. What one of them brings about counts for those behind it.
 *
 * It may be asked again about the same entries: after somebody else was faster, or after a connection was lost and nobody
 * knows how far the commit got. What is there under an entry's own number counts as written now, and is not written again.
 *
 * @param clock the time of the newest line of this ledger; time does not run backwards within it
 */
export function planCommit(entries: Entry[], facts: StoredFacts, clock: number): Plan {
  const claims = new Map<string, Claim>(facts.claims.map((claim) => [claim.anonymousId, claim]));
  const stored = new Map<string, MessageRecord>(facts.messages.map(({ key, record }) => [textOf(key), record]));
  const plan: Plan = { outcomes: [], claims: [], messages: [], clock };
  for (const entry of entries) plan.outcomes.push(planOne(entry));
  // Everybody takes rows in the same order, so that no two commits wait for each other.
  plan.claims.sort((a, b) => a.bucket - b.bucket || byText(a.anonymous_id, b.anonymous_id));
  plan.messages.sort((a, b) => a.bucket - b.bucket || byText(a.message_id, b.message_id) || byText(a.stream, b.stream));
  return plan;

  function planOne({ message, body, key, at, sequence }: Entry): Outcome {
    const { sentAt } = at;
    const merging = mergingId(message);
    const claim = merging === undefined ? undefined : claims.get(merging);
    const known = stored.get(textOf(key));
    const now = { receivedAt: Math.max(plan.clock, at.receivedAt), sequence, sentAt };
    if (known && known.sequence !== sequence) return decide({ stored: known, claim }, message, behind(known, now)).outcome;

    const written = known?.receivedAt ?? (claim?.sequence === sequence ? claim.at : undefined);
    const arrival = written === undefined ? now : { ...now, receivedAt: written };
    let decision = decide({ claim }, message, arrival);
    // The claim was laid by another collector, whose clock is ahead. It was first all the same.
    if (claim && decision.claim) decision = decide({ claim }, message, behind({ receivedAt: claim.at, sequence: claim.sequence }, arrival));
    const record = decision.record!;
    plan.clock = Math.max(plan.clock, record.receivedAt);
    stored.set(textOf(key), record);
    if (!known) plan.messages.push(messageColumns(record, key, body));
    if (decision.claim) {
      claims.set(decision.claim.anonymousId, decision.claim);
      plan.claims.push(claimColumns(decision.claim));
    }
    return decision.outcome;
  }
}

/** The same arrival, but not before something that was in the log already. */
function behind<Arrival extends Pick<MessageRecord, 'receivedAt' | 'sequence'>>(first: Pick<MessageRecord, 'receivedAt' | 'sequence'>, arrival: Arrival): Arrival {
  const isBehind = arrival.receivedAt > first.receivedAt || (arrival.receivedAt === first.receivedAt && arrival.sequence > first.sequence);
  return isBehind ? arrival : { ...arrival, receivedAt: first.receivedAt + 1 };
}

function messageColumns({ message, person, receivedAt, occurredAt, sequence }: MessageRecord, key: MessageKey, body: string): MessageColumns {
  return {
    ...key,
    sequence,
    received_at: receivedAt,
    occurred_at: occurredAt,
    type: message.type,
    anonymous_id: toColumn(message.anonymousId),
    person: toColumn(person),
    body,
  };
}

function claimColumns({ anonymousId, person, at, sequence }: Claim): ClaimColumns {
  return { ...claimKeyOf(anonymousId), person: toColumn(person), at, sequence };
}

/** Columns hold no control characters, so that a line break keeps them apart. */
function textOf({ stream, message_id }: Omit<MessageKey, 'bucket'>): string {
  return `${stream}\n${message_id}`;
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
