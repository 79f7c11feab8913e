import type { Claim, Command, Link, MessageRecord, Settings } from '../../merge/index.js';
import type { AcceptedMessage, MessageType } from '../../wire/index.js';
import { fromColumn } from './text.js';

export interface LogRow {
  /** JSON; empty while everything is as it was at first. */
  settings: string;
  /** Where the purge left off. */
  purged_at: number;
  purged_sequence: number;
  /** Up to when the triggers of claims were gone through once more. */
  settled_at: number;
}

export interface NameRow {
  name: string;
  person: string | null;
  linked_at: number | null;
  linked_sequence: number | null;
  is_merge: number | null;
  erased_at: number | null;
  is_suppressed: number;
}

export interface CommandRow {
  sequence: number;
  received_at: number;
  body: string;
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
  person: string | null;
  at: number;
  sequence: number;
  closed_at: number | null;
  closed_sequence: number | null;
  undone_at: number | null;
  undone_sequence: number | null;
}

export interface TimesRow {
  anonymous_id: string | null;
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

export function claimIn({ anonymous_id, person, at, sequence, closed_at, closed_sequence, undone_at, undone_sequence }: ClaimRow): Claim {
  return {
    anonymousId: fromColumn(anonymous_id),
    person: person === null ? undefined : fromColumn(person),
    at,
    sequence,
    closedAt: closed_at ?? undefined,
    closedSequence: closed_sequence ?? undefined,
    undoneAt: undone_at ?? undefined,
    undoneSequence: undone_sequence ?? undefined,
  };
}

/** The link that starts at a name, if there is one. */
export function linkIn(row: NameRow | undefined): Link | undefined {
  if (!row || row.person === null) return undefined;
  return { person: fromColumn(row.person), receivedAt: row.linked_at!, sequence: row.linked_sequence!, isMerge: row.is_merge === 1 };
}

export function commandIn({ sequence, received_at, body }: CommandRow): Command {
  return { ...(JSON.parse(body) as Command), receivedAt: received_at, sequence };
}

export function settingsIn({ settings }: Pick<LogRow, 'settings'>, atFirst: Settings): Settings {
  return { ...atFirst, ...(JSON.parse(settings) as Partial<Settings>) };
}

/** An anonymous record without its body: all that the rules of joining and counting look at. */
export function timesOf({ anonymous_id, type, received_at, occurred_at, sequence }: TimesRow): MessageRecord {
  const anonymousId = anonymous_id === null ? {} : { anonymousId: fromColumn(anonymous_id) };
  return { message: { type, messageId: '', ...anonymousId }, occurredAt: occurred_at, receivedAt: received_at, sequence };
}
