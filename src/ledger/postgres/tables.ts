import type { AcceptedMessage } from '../../wire/index.js';
import type { RequestTime } from '../ledger.js';
import type { ClaimRow, MessageRow, NameRow } from '../sql/rows.js';
import type { ClaimKey } from '../sql/lookup.js';
import type { TriggerColumns } from '../sql/triggers.js';
import type { Query } from './connection.js';

/** The key of a message as its columns hold it (RULES R14). */
export interface MessageKey {
  bucket: number;
  stream: string;
  message_id: string;
}

/** A message on its way into the log. */
export interface Entry {
  message: AcceptedMessage;
  body: string;
  key: MessageKey;
  at: RequestTime;
  /** Its place, and its mark: whatever the database holds under this number, this entry has put there. */
  sequence: number;
}

export interface MessageColumns extends MessageKey {
  sequence: number;
  received_at: number;
  occurred_at: number;
  type: string;
  anonymous_id: string | null;
  person: string | null;
  body: string;
}

export interface ClaimColumns extends ClaimKey {
  person: string | null;
  at: number;
  sequence: number;
}

export interface NameKey {
  bucket: number;
  name: string;
}

export interface LinkColumns extends NameKey {
  person: string;
  linked_at: number;
  linked_sequence: number;
  is_merge: number;
}

/** What a commit asks about before it is decided on. */
export interface Wanted {
  claims: ClaimKey[];
  names: NameKey[];
  /** The names of which it matters whether anybody goes by them, as columns. */
  known: string[];
}

/** What the database says to that. */
export interface Found {
  settings: string;
  /** The place of the last command; what is decided by it waits for no other. */
  command_at: number;
  command_sequence: number;
  /** How many commits have linked names. */
  links: number;
  claims: ClaimRow[];
  names: NameRow[];
  known: string[];
}

/** A message that is there already. */
export type StoredRow = MessageRow & Omit<MessageKey, 'bucket'>;

/** What a commit writes. */
export interface CommitRows {
  claims: ClaimColumns[];
  links: LinkColumns[];
  messages: MessageColumns[];
  triggers: TriggerColumns[];
}

/** The tables as a commit reaches them where they lie: all on one node, or spread over a cluster. */
export interface Tables {
  find(query: Query, wanted: Wanted): Promise<Found>;
  findStored(query: Query, keys: MessageKey[]): Promise<StoredRow[]>;
  /**
   * Writes all of a commit.
   *
   * @param basis what it was decided by
   * @returns whether all of it was new and the basis still holds; when not, somebody else was there first, and it is to be decided
   * on again
   */
  insert(query: Query, rows: CommitRows, basis: Found): Promise<boolean>;
  /**
   * Writes messages that name nobody.
   *
   * @returns the claims on some anonymous ids; nothing when one of the messages was there already
   */
  insertAnonymous(query: Query, messages: MessageColumns[], anonymousIds: ClaimKey[]): Promise<ClaimRow[] | undefined>;
}
