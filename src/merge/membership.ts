import { unusableId, type UnusableId } from './anonymous-id.js';
import { claimedAt, isBefore, isStanding, type Claim, type MessageRecord, type Position } from './record.js';
import { LATE_WINDOW_MS, RETENTION_MS, TRIGGER_WINDOW_MS } from './windows.js';

/** Whose a message is, and why. */
export type Membership =
  | { person: string; reason: 'identified' | 'merged_retroactively' | 'merged_late' }
  | { person?: undefined; reason: UnusableId | 'unclaimed' | 'too_old' | 'late_window_passed' };

/**
 * The rule this product is about: whether a message belongs to a person. A pure predicate over the message and the
 * claim on its anonymous id, so that a merge rewrites nothing and the order of arrival does not matter (RULES R1 to R8, R16).
 *
 * @param claim the claim on the message's anonymous id, if there is one
 */
export function membership(record: MessageRecord, claim: Claim | undefined): Membership {
  if (record.person !== undefined) return { person: record.person, reason: 'identified' };
  const unusable = unusableId(record.message.anonymousId);
  if (unusable) return { reason: unusable };
  if (!isStanding(claim)) return { reason: 'unclaimed' };
  // Age comes first: what is too old for this claim is too old for any later one, and sending it again is no help (RULES R13).
  if (claim.at - record.occurredAt > RETENTION_MS) return { reason: 'too_old' };
  if (!isInTime(record, claim)) return { reason: 'late_window_passed' };
  return { person: claim.person, reason: record.receivedAt > claim.at ? 'merged_late' : 'merged_retroactively' };
}

/** Whether a message joined a person through a claim, as {@link membership} says, without building the answer. */
export function isMerged(record: MessageRecord, claim: Claim): boolean {
  return record.person === undefined && isStanding(claim) && isInTime(record, claim) && record.occurredAt >= oldestFor(claim);
}

/** How long ago an anonymous event may have happened and still join (RULES R5). */
export function oldestFor({ at }: Claim): number {
  return at - RETENTION_MS;
}

/** Whether a message came before the late window was over: what joined before that was closed stays (RULES R7, R20). */
function isInTime({ receivedAt, sequence }: Position, { at, closedAt = Infinity, closedSequence = Infinity }: Claim): boolean {
  return receivedAt <= at + LATE_WINDOW_MS && (receivedAt < closedAt || (receivedAt === closedAt && sequence < closedSequence));
}

/** The last place at which an anonymous event may stand and still join, as numbers that a database can compare. */
export function lateUntil({ at, closedAt = Infinity, closedSequence = Number.MAX_SAFE_INTEGER }: Claim): Position {
  // Nothing else has the place of what closed it.
  if (closedAt <= at + LATE_WINDOW_MS) return { receivedAt: closedAt, sequence: closedSequence };
  return { receivedAt: at + LATE_WINDOW_MS, sequence: Number.MAX_SAFE_INTEGER };
}

/** Since when a message that is nobody's has been so: a merge that was undone gave back what had joined, and nothing else (RULES R5, R26). */
export function anonymousSince(record: MessageRecord, claim: Claim | undefined): number {
  const { undoneAt, person = '' } = claim ?? {};
  const wasGivenBack = undoneAt !== undefined && isMerged(record, { ...claim!, person, undoneAt: undefined });
  return wasGivenBack ? Math.max(record.receivedAt, undoneAt) : record.receivedAt;
}

/** Where in the log a message became a person's: where it stands, or at the claim when it was there before that. */
export function attachedAt(record: MessageRecord, claim: Claim | undefined): Position {
  if (record.person !== undefined || !claim) return record;
  const claimed = claimedAt(claim);
  return isBefore(record, claimed) ? claimed : record;
}

/** Whether a person's event may start campaigns: it happened within the 72 hours before it became theirs (RULES R9). */
export function canTrigger(record: MessageRecord, claim: Claim | undefined): boolean {
  if (membership(record, claim).person === undefined) return false;
  return attachedAt(record, claim).receivedAt - record.occurredAt <= TRIGGER_WINDOW_MS;
}
