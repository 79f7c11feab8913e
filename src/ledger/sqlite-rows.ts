import type { Claim, MessageRecord } from '../merge/index.js';
import type { AcceptedMessage, MessageType } from '../wire/index.js';
import { fromColumn } from './sqlite-text.js';

export interface LogRow {
  name: string;
  last_sequence: number;
  last_received_at: number;
}

export interface MessageRow {
  sequence: number;
  received_at: number;
  occurred_at: number;
  person: string | null;
  body: string;
}

export interface ClaimRow {
  anonymous_id: string;
  person: string;
  at: number;
  sequence: number;
}

export interface TimesRow {
  type: MessageType;
  received_at: number;
  occurred_at: number;
  sequence: number;
}

export function recordOf({ sequence, received_at, occurred_at, person, body }: MessageRow): MessageRecord {
  return {
    message: JSON.parse(body) as AcceptedMessage,
    ...(person !== null && { person: fromColumn(person) }),
    occurredAt: occurred_at,
    receivedAt: received_at,
    sequence,
  };
}

export function claimIn({ anonymous_id, person, at, sequence }: ClaimRow): Claim {
  return { anonymousId: fromColumn(anonymous_id), person: fromColumn(person), at, sequence };
}

/** An anonymous record without its body: all that the rules of joining and counting look at. */
export function timesOf({ type, received_at, occurred_at, sequence }: TimesRow, anonymousId: string): MessageRecord {
  return { message: { type, messageId: '', anonymousId }, occurredAt: occurred_at, receivedAt: received_at, sequence };
}
