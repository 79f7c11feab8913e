import { occurredAt, type AcceptedMessage, type Fault } from '../wire/index.js';
import { unusableId } from './anonymous-id.js';
import { membership } from './membership.js';
import { isBefore, personNamedBy, type Claim, type MessageRecord, type Position } from './record.js';

/** Something that was accepted but is not as its sender may think. */
export type Warning = 'bad_anonymous_id' | 'anonymous_id_in_use' | 'bad_timestamp';

/** What became of one message. */
export type Outcome =
  | {
      messageId: string;
      status: 'stored' | 'duplicate';
      /** It came after its late window and stays anonymous, unless it is sent again under a new anonymous id (RULES R13). */
      isLate: boolean;
      warnings: Warning[];
    }
  | ({ messageId?: string; status: 'refused' } & Fault);

/** What a ledger has to look up before a message can be decided on. */
export interface Facts {
  /** The record already kept under the message's stream and id. */
  stored?: MessageRecord | undefined;
  /** The claim on the anonymous id that {@link mergingId} gives. */
  claim?: Claim | undefined;
}

/** How the message came: its place in the log, and when its sender says it left. */
export interface Arrival extends Position {
  sentAt?: string | number | undefined;
}

/** What a ledger has to write. */
export interface Decision {
  outcome: Outcome & { status: 'stored' | 'duplicate' };
  /** To be kept; in place of the stored one when that is the same message, received later. */
  record?: MessageRecord | undefined;
  /** To be kept; in place of any other claim on the same anonymous id. */
  claim?: Claim | undefined;
}

/**
 * Decides on one message: pure, so that the page, memory and every database come to the same result.
 * The state it leads to is a function of the set of (message, receivedAt, sequence), in whatever order they are decided on.
 */
export function decide({ stored, claim }: Facts, message: AcceptedMessage, arrival: Arrival): Decision {
  const { receivedAt, sequence } = arrival;
  const isFirst = !stored || isBefore(arrival, stored);
  const time = occurredAt(message.timestamp, arrival.sentAt ?? message.sentAt, receivedAt);
  const person = personNamedBy(message);
  const record: MessageRecord = isFirst
    ? { message, person, occurredAt: time.at, receivedAt, sequence }
    : stored;

  const candidate = isFirst ? claimOf(record) : undefined;
  const takesClaim = candidate && (!claim || isBefore(positionOf(candidate), positionOf(claim)));
  const standing = takesClaim ? candidate : claim;

  const warnings: Warning[] = [];
  if (!time.readable) warnings.push('bad_timestamp');
  if (unusableId(anonymousIdOf(message)) === 'bad_id') warnings.push('bad_anonymous_id');
  if (candidate && standing!.person !== candidate.person) warnings.push('anonymous_id_in_use');

  return {
    outcome: {
      messageId: message.messageId,
      status: stored ? 'duplicate' : 'stored',
      isLate: standing !== undefined && membership(record, standing).reason === 'late_window_passed',
      warnings,
    },
    record: isFirst ? record : undefined,
    claim: takesClaim ? candidate : undefined,
  };
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
export function claimOf({ message, person, receivedAt, sequence }: MessageRecord): Claim | undefined {
  const lays = message.type === 'identify' || (message.type === 'alias' && message.previousId === message.anonymousId);
  const anonymousId = lays ? mergingId(message) : undefined;
  return anonymousId !== undefined && person !== undefined ? { anonymousId, person, at: receivedAt, sequence } : undefined;
}

function positionOf({ at, sequence }: Claim): Position {
  return { receivedAt: at, sequence };
}
