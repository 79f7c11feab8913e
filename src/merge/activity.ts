import type { Activity, ActivityFilter, StoredEvent } from '../wire/index.js';
import { claimOf } from './decide.js';
import { NO_LINKS, type Directory } from './directory.js';
import { emailBeside } from './identity.js';
import { attachedAt, canTrigger, membership } from './membership.js';
import { claimedAt, isBefore, isEvent, nameOf, type Claim, type MessageRecord } from './record.js';

/**
 * The lines of the log that one record gives, newest first: the call, above it an identify's failure to claim.
 *
 * @param claim the claim on the record's anonymous id
 */
export function activitiesOf(record: MessageRecord, claim: Claim | undefined, directory: Directory = NO_LINKS): Activity[] {
  const { message, receivedAt, occurredAt } = record;
  const { person: named, reason } = membership(record, claim);
  const person = named && directory.rootOf(named);
  const name = nameOf(message);
  const call: Activity = {
    type: message.type === 'track' ? 'event' : message.type,
    at: receivedAt,
    occurredAt,
    messageId: message.messageId,
    ...(name !== undefined && { name }),
    ...(person !== undefined && { person }),
    ...(message.anonymousId !== undefined && { anonymousId: message.anonymousId }),
    ...(person !== undefined && reason !== 'identified' && { previouslyAnonymous: true }),
  };
  const failures = failedAttributes(record, claim, directory).map((attribute): Activity => ({
    type: 'failed_attribute_change',
    at: receivedAt,
    messageId: message.messageId,
    person: person!,
    ...(attribute === 'anonymous_id' && { anonymousId: claimOf(record)!.anonymousId }),
    attribute,
    reason: 'claimed',
  }));
  return [...failures, call];
}

/** What an identify asked for that was somebody else's at the time. Whose is nobody's business: the answer never says (RULES R11, R21). */
export function failedAttributes(record: MessageRecord, claim: Claim | undefined, { rootOf }: Directory): ('anonymous_id' | 'email')[] {
  const { person } = record;
  if (person === undefined) return [];
  const root = rootOf(person, record);
  const laid = claim && claimOf(record);
  // Asked for while merging was off, it was nobody's: whoever claimed it, did so later.
  const isIdFailed = laid && !isBefore(record, claimedAt(claim)) && (claim.person === undefined || rootOf(claim.person, record) !== root);
  const email = emailBeside(record.message);
  const isEmailFailed = email !== undefined && rootOf(email, record) !== root;
  return [...(isIdFailed ? (['anonymous_id'] as const) : []), ...(isEmailFailed ? (['email'] as const) : [])];
}

/**
 * The line "Anonymous Data Merged" of a claim, or nothing while nothing has joined (RULES R18).
 *
 * @param merged what joined through the claim; only track, page and screen count
 */
export function mergeActivity(claim: Claim, merged: MessageRecord[], directory: Directory = NO_LINKS): Activity | undefined {
  let count = 0;
  let oldestMs = Infinity;
  for (const record of merged) {
    if (!isEvent(record)) continue;
    count++;
    oldestMs = Math.min(oldestMs, record.occurredAt);
  }
  return countedActivity(claim, { count, oldestMs }, directory);
}

/** The same, of events that were counted elsewhere: those between `oldestFor` and `lateUntil`, while the claim stands. */
export function countedActivity(claim: Claim, { count, oldestMs }: { count: number; oldestMs: number }, { rootOf }: Directory): Activity | undefined {
  const { at, person, anonymousId } = claim;
  if (count === 0 || person === undefined) return undefined;
  return { type: 'anon_merge', at, person: rootOf(person), anonymousId, count, oldest: Math.floor(oldestMs / 1000) };
}

/** Whether a line stands in the part of the log that was asked for (RULES R19). */
export function isShown(line: Activity, { tab, person }: ActivityFilter): boolean {
  // A switch is about nobody, which is not the same as about somebody unknown.
  const isInTab = !tab || (line.type !== 'settings_changed' && (tab === 'identified') === (line.person !== undefined));
  return isInTab && (person === undefined || line.person === person);
}

/** An event as programs see it: what it is, and whose it is now. */
export function storedEvent(record: MessageRecord, claim: Claim | undefined, directory: Directory = NO_LINKS): StoredEvent {
  const { message, occurredAt, receivedAt } = record;
  const { person: named, reason } = membership(record, claim);
  const person = named && directory.rootOf(named);
  const name = nameOf(message);
  return {
    messageId: message.messageId,
    type: message.type as StoredEvent['type'],
    ...(name !== undefined && { name }),
    ...(message.anonymousId !== undefined && { anonymousId: message.anonymousId }),
    ...(person !== undefined && { person }),
    previouslyAnonymous: person !== undefined && reason !== 'identified',
    occurredAt,
    receivedAt,
    canTrigger: canTrigger(record, claim) && !isInherited(record, claim, named!, directory),
  };
}

/** Whether an event came to its person when somebody else was merged into them (RULES R23). */
export function isInherited(record: MessageRecord, claim: Claim | undefined, person: string, { mergedAt }: Directory): boolean {
  const at = mergedAt(person);
  return at !== undefined && isBefore(attachedAt(record, claim), at);
}
