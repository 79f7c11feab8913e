import { anonymousStream, type Claim, type MessageRecord } from '../merge/index.js';
import { bucketOf } from './bucket.js';
import type { Query } from './postgres-connection.js';
import { toColumn } from './sqlite-text.js';

/** The key of a message as its columns hold it (RULES R14). */
export interface MessageKey {
  bucket: number;
  stream: string;
  message_id: string;
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

/** The key of a claim. */
export interface ClaimKey {
  bucket: number;
  anonymous_id: string;
}

export interface ClaimColumns extends ClaimKey {
  person: string | null;
  at: number;
  sequence: number;
}

/** What the database knows already of the messages of a commit. */
export interface StoredFacts {
  claims: Claim[];
  messages: { key: Omit<MessageKey, 'bucket'>; record: MessageRecord }[];
}

/** The tables as they are reached where they lie: all on one node, or spread over a cluster. */
export interface Tables {
  claimsOn(query: Query, anonymousIds: string[]): Promise<Claim[]>;
  factsOf(query: Query, anonymousIds: string[], keys: MessageKey[]): Promise<StoredFacts>;
  /**
   * Writes claims, then messages.
   *
   * @returns whether all of them were new; when not, somebody else was there first, and what was written is to be looked up
   */
  insert(query: Query, claims: ClaimColumns[], messages: MessageColumns[]): Promise<boolean>;
}

export function claimKeyOf(anonymousId: string): ClaimKey {
  return { bucket: bucketOf(anonymousStream(anonymousId)), anonymous_id: toColumn(anonymousId) };
}
