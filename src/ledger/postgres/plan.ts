import { decide, isBefore, type Campaign, type Claim, type Link, type MessageRecord, type Outcome, type Position } from '../../merge/index.js';
import { decisionFactsOf, startedBy } from '../sql/facts.js';
import { claimKeyOf, nameKeyOf } from '../sql/lookup.js';
import { recordOf } from '../sql/rows.js';
import { toColumn } from '../sql/text.js';
import type { CommitFacts } from './facts.js';
import type { ClaimColumns, CommitRows, Entry, LinkColumns, MessageColumns, MessageKey, StoredRow } from './tables.js';

/** What a commit writes, and what it answers. */
export interface Plan {
  outcomes: Outcome[];
  rows: CommitRows;
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
export function planCommit(entries: Entry[], facts: CommitFacts, storedRows: StoredRow[], clock: number, campaigns: Campaign[]): Plan {
  const stored = new Map<string, MessageRecord>(storedRows.map((row) => [textOf(row), recordOf(row)]));
  const rows: CommitRows = { claims: [], links: [], messages: [], triggers: [] };
  const plan: Plan = { outcomes: [], rows, clock };
  for (const entry of entries) plan.outcomes.push(planOne(entry));
  // Everybody takes rows in the same order, so that no two commits wait for each other.
  rows.claims.sort((a, b) => a.bucket - b.bucket || byText(a.anonymous_id, b.anonymous_id));
  rows.messages.sort((a, b) => a.bucket - b.bucket || byText(a.message_id, b.message_id) || byText(a.stream, b.stream));
  return plan;

  function planOne({ message, body, key, at, sequence }: Entry): Outcome {
    const { sentAt } = at;
    const about = decisionFactsOf(message, facts);
    const { claim } = about;
    const known = stored.get(textOf(key));
    const now = { receivedAt: Math.max(plan.clock, at.receivedAt), sequence, sentAt };
    if (known && known.sequence !== sequence) return decide({ ...about, stored: known }, message, behind(known, now)).outcome;

    const written = known?.receivedAt ?? (claim?.sequence === sequence ? claim.at : undefined);
    const arrival = written === undefined ? now : { ...now, receivedAt: written };
    // Whoever was suppressed since it was written is too late for it.
    const open = known ? { ...about, names: undefined } : about;
    let decision = decide(open, message, arrival);
    // The claim was laid by another collector, whose clock is ahead. It was first all the same.
    if (claim && decision.claim) decision = decide(open, message, behind({ receivedAt: claim.at, sequence: claim.sequence }, arrival));
    if (decision.outcome.status === 'dropped') return decision.outcome;
    const { claim: taken, link } = decision;
    const record = decision.record!;
    plan.clock = Math.max(plan.clock, record.receivedAt);
    stored.set(textOf(key), record);
    facts.addRecord(record);
    if (!known) rows.messages.push(messageColumns(record, key, body));
    if (taken) {
      facts.setClaim(taken);
      rows.claims.push(claimColumns(taken));
    }
    if (link) {
      facts.setLink(link.name, link.link);
      rows.links.push(linkColumns(link.name, link.link));
    }
    for (const trigger of startedBy(decision, facts, campaigns)) rows.triggers.push(trigger);
    return decision.outcome;
  }
}

/** The same arrival, but not before something that was in the log already. */
export function behind<Arrival extends Position>(first: Position, arrival: Arrival): Arrival {
  return isBefore(first, arrival) ? arrival : { ...arrival, receivedAt: first.receivedAt + 1 };
}

function messageColumns({ message, person, receivedAt, occurredAt, sequence }: MessageRecord, { bucket, stream, message_id }: MessageKey, body: string): MessageColumns {
  // One by one: to spread the key was measured to take ten times as long.
  return {
    bucket,
    stream,
    message_id,
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

function linkColumns(name: string, { person, receivedAt, sequence, isMerge }: Link): LinkColumns {
  return { ...nameKeyOf(name), person: toColumn(person), linked_at: receivedAt, linked_sequence: sequence, is_merge: Number(isMerge) };
}

/** Columns hold no control characters, so that a line break keeps them apart. */
function textOf({ stream, message_id }: Omit<MessageKey, 'bucket'>): string {
  return `${stream}\n${message_id}`;
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
