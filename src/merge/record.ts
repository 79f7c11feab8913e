import { emailName, isObject, type AcceptedMessage, type MessageType } from '../wire/index.js';
import { userName } from './identity.js';

/** Where something stands in the log. Sequence breaks the tie when two things arrived in the same millisecond. */
export interface Position {
  /** When the collector, or the engine in the page, accepted it; milliseconds. */
  receivedAt: number;
  sequence: number;
}

/** One accepted message as a ledger keeps it. It is never rewritten: whose it is follows from it and its {@link Claim}. */
export interface MessageRecord extends Position {
  message: AcceptedMessage;
  /** The person the message itself names; none for an anonymous one. */
  person?: string | undefined;
  /** `min(timestamp, receivedAt)`, milliseconds. */
  occurredAt: number;
}

/** The one row that a merge is: from now on this anonymous id is that person's. The first one stands for ever (RULES R6). */
export interface Claim {
  anonymousId: string;
  /** As the identify named them; absent once they were deleted. The id stays taken (RULES R24). */
  person?: string | undefined;
  /** receivedAt of the identify. */
  at: number;
  sequence: number;
  /** When its late window was closed early, if it was: merging was switched off, or the person suppressed (RULES R20, R24). */
  closedAt?: number | undefined;
  /** Where in that millisecond; at its end when absent, as databases did not always write it down. */
  closedSequence?: number | undefined;
  /** When the merge was undone, unless it was restored since (RULES R26). */
  undoneAt?: number | undefined;
  /** Where in that millisecond; at its end when absent. */
  undoneSequence?: number | undefined;
}

/** Whether anything belongs to a person through a claim: nobody undid it, and they were not deleted. */
export function isStanding(claim: Claim | undefined): claim is Claim & { person: string } {
  return claim !== undefined && claim.person !== undefined && claim.undoneAt === undefined;
}

/** Where in the log a claim stands. */
export function claimedAt({ at, sequence }: Claim): Position {
  return { receivedAt: at, sequence };
}

export function isBefore(a: Position, b: Position): boolean {
  return a.receivedAt < b.receivedAt || (a.receivedAt === b.receivedAt && a.sequence < b.sequence);
}

/** The order of the log, for `sort`. */
export function byPosition(a: Position, b: Position): number {
  return a.receivedAt - b.receivedAt || a.sequence - b.sequence;
}

/**
 * The person a message names: its userId, else, for an identify, the email among its traits (RULES R21).
 *
 * @returns the id, `email:…` in lower case, or `undefined` for an anonymous message
 */
export function personNamedBy(message: AcceptedMessage): string | undefined {
  if (message.userId !== undefined) return userName(message.userId);
  return message.type === 'identify' ? emailName(message.traits?.['email']) : undefined;
}

/** The identity a message states, which its id is unique within (RULES R14): not the person it resolves to. */
export function streamOf(message: AcceptedMessage): string {
  return message.userId !== undefined ? `user:${message.userId}` : anonymousStream(message.anonymousId ?? '');
}

/** The stream of what an anonymous id did, and of the claim on it. */
export function anonymousStream(anonymousId: string): string {
  return `anonymous:${anonymousId}`;
}

/** What the log calls it: the event of a track, the name of a page, the id of a group. */
export function nameOf({ type, event, name, category, properties, groupId }: AcceptedMessage): string | undefined {
  if (type === 'track') return event;
  if (type === 'group') return groupId;
  if (type !== 'page' && type !== 'screen') return undefined;
  const written = name ?? (isObject(properties) ? properties['name'] : undefined) ?? category;
  return typeof written === 'string' ? written : undefined;
}

/** A track, page or screen: what counts as an event, merges and is counted. */
export function isEventType(type: MessageType): boolean {
  return type === 'track' || type === 'page' || type === 'screen';
}

export function isEvent({ message }: MessageRecord): boolean {
  return isEventType(message.type);
}
