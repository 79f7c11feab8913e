import { emailName, occurredAt, type AcceptedMessage, type Fault } from '../wire/index.js';
import { unusableId } from './anonymous-id.js';
import type { Link } from './directory.js';
import { dropOf, linkOf, type Drop, type Names } from './identity.js';
import { membership } from './membership.js';
import { claimedAt, isBefore, isStanding, personNamedBy, type Claim, type MessageRecord, type Position } from './record.js';

/** Something that was accepted but is not as its sender may think. */
export type Warning = 'bad_anonymous_id' | 'anonymous_id_in_use' | 'bad_email' | 'bad_timestamp';

/** What became of one message. */
export type Outcome =
  | {
      messageId: string;
      status: 'stored' | 'duplicate';
      /**
       * It came after its late window and stays anonymous, unless it is sent again under a new anonymous id (RULES R13). Never while
       * merging is off or its person suppressed: that would not join either.
       */
      isLate: boolean;
      warnings: Warning[];
    }
  /** Nothing is wrong with it, but what it is about is not kept: its person is suppressed, say. Sending it again is no use. */
  | ({ messageId: string; status: 'dropped' } & Drop)
  | ({ messageId?: string; status: 'refused' } & Fault);

/** What a ledger has to look up before a message can be decided on. */
export interface Facts {
  /** The record already kept under the message's stream and id. */
  stored?: MessageRecord | undefined;
  /** The claim on the anonymous id that {@link mergingId} gives. */
  claim?: Claim | undefined;
  /** What is known of the names in the message; absent when nothing is, and nothing but its own name is stated. */
  names?: Names | undefined;
  /** The name that the claim's holder goes by; the claim's own when absent. */
  holder?: string | undefined;
  /** Nothing joins: merging is switched off (RULES R20), or the claim's holder suppressed (R24). */
  isMergingOff?: boolean | undefined;
}

/** How the message came: its place in the log, and when its sender says it left. */
export interface Arrival extends Position {
  sentAt?: string | number | undefined;
  /** When it happened, milliseconds, if that was worked out before: when a log is worked through again. */
  occurredAt?: number | undefined;
}

/** What a ledger has to write. */
export interface Decision {
  outcome: Outcome & { status: 'stored' | 'duplicate' | 'dropped' };
  /** To be kept; in place of the stored one when that is the same message, received later. */
  record?: MessageRecord | undefined;
  /** To be kept; in place of any other claim on the same anonymous id. */
  claim?: Claim | undefined;
  /** To be kept: a name that leads to a person from now on. */
  link?: { name: string; link: Link } | undefined;
}

/**
 * Decides on one message: pure, so that the page, memory and every database come to the same result.
 * The state it leads to is a function of the set of (message, receivedAt, sequence), in whatever order they are decided on.
 */
export function decide(facts: Facts, message: AcceptedMessage, arrival: Arrival): Decision {
  const { stored, names, isMergingOff } = facts;
  const { receivedAt, sequence } = arrival;
  const isFirst = !stored || isBefore(arrival, stored);
  const time =
    arrival.occurredAt === undefined
      ? occurredAt(message.timestamp, arrival.sentAt, receivedAt, message.sentAt)
      : { at: arrival.occurredAt, readable: true };
  const record: MessageRecord = isFirst
    ? { message, person: personNamedBy(message), occurredAt: time.at, receivedAt, sequence }
    : stored;

  const drop = names && isFirst ? dropOf(record, names) : undefined;
  if (drop) return { outcome: { messageId: message.messageId, status: 'dropped', ...drop } };
  const { candidate, taken, standing } = isFirst ? claiming(record, facts) : { standing: facts.claim };

  const warnings: Warning[] = [];
  if (!time.readable) warnings.push('bad_timestamp');
  if (unusableId(anonymousIdOf(message)) === 'bad_id') warnings.push('bad_anonymous_id');
  const email = message.type === 'identify' && message.traits?.['email'];
  if (email && emailName(email) === undefined) warnings.push('bad_email');
  if (candidate && !taken && !(isMergingOff && !standing) && !isHeldBy(candidate, record, facts)) warnings.push('anonymous_id_in_use');

  return {
    outcome: {
      messageId: message.messageId,
      status: stored ? 'duplicate' : 'stored',
      isLate: standing !== undefined && !isMergingOff && membership(record, standing).reason === 'late_window_passed',
      warnings,
    },
    record: isFirst ? record : undefined,
    claim: taken,
    link: isFirst && names ? linkOf(record, names) : undefined,
  };
}

/** What an identify makes of the claim on its anonymous id. While merging is off it makes nothing. */
function claiming(record: MessageRecord, { claim, isMergingOff }: Facts): { candidate?: Claim | undefined; taken?: Claim | undefined; standing: Claim | undefined } {
  const candidate = claimOf(record);
  const isTaken = candidate && !isMergingOff && (!claim || (isStanding(claim) && isBefore(claimedAt(candidate), claimedAt(claim))));
  const taken = isTaken ? candidate : undefined;
  return { candidate, taken, standing: taken ?? claim };
}

/** Whether the one who asks for an anonymous id has it already. */
function isHeldBy({ person }: Claim, record: MessageRecord, { claim, holder = claim?.person, names }: Facts): boolean {
  if (holder === undefined) return false;
  // The message itself may bring the names together.
  const link = names && linkOf(record, names);
  const [theirs, own] = [holder, names?.path.root ?? person].map((name) => (link && link.name === name ? link.link.person : name));
  return theirs === own;
}

/** The anonymous id that a message is about, or `undefined` when there is none that could ever merge (RULES R3). */
export function mergingId(message: AcceptedMessage): string | undefined {
  const id = anonymousIdOf(message);
  return unusableId(id) ? undefined : id;
}

/** A message's own anonymous id, else the `anonymous_id` among an identify's traits, as the Track API writes it (RULES R6). */
function anonymousIdOf(message: AcceptedMessage): string | undefined {
  if (message.type !== 'identify' || message.anonymousId?.trim()) return message.anonymousId;
  const trait = message.traits?.['anonymous_id'];
  return typeof trait === 'string' || typeof trait === 'number' ? String(trait) : message.anonymousId;
}

/** The claim that a message lays, whether or not it stands (RULES R2, R6). */
export function claimOf({ message, person, receivedAt, sequence }: MessageRecord): (Claim & { person: string }) | undefined {
  const lays = message.type === 'identify' || (message.type === 'alias' && message.previousId === message.anonymousId);
  const anonymousId = lays ? mergingId(message) : undefined;
  return anonymousId !== undefined && person !== undefined ? { anonymousId, person, at: receivedAt, sequence } : undefined;
}
