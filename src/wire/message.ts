/** A JSON object as it travels: keys are text, values anything JSON can say. */
export type JsonObject = { [key: string]: unknown };

export const MESSAGE_TYPES = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;
/** The calls that become messages. */
export type MessageType = (typeof MESSAGE_TYPES)[number];

/**
 * One call as it travels, in the Pipelines shape: `{ type, messageId, anonymousId?, userId?, … }`.
 * This is the loose form, as a page or a server sends it; `parseMessage` turns it into an `AcceptedMessage`.
 */
export interface Message {
  type: MessageType;
  /** Names the call once and for all, at most 100 characters; a repeated one is the same call. Minted when missing. */
  messageId?: string;
  /** The visitor, at most 255 characters. `null`, blank and placeholder ids are kept but never merge. */
  anonymousId?: string | null | undefined;
  /** The person, at most 150 bytes. */
  userId?: string | null | undefined;
  /** The name in a `track` call. */
  event?: string;
  /** The name in a `page` or `screen` call. */
  name?: string | null;
  category?: string | null;
  groupId?: string;
  previousId?: string | null;
  /** About the event. */
  properties?: JsonObject | null;
  /** About the person or the group. */
  traits?: JsonObject | null;
  /** About the circumstances: page, campaign, library, … */
  context?: JsonObject | null;
  integrations?: JsonObject | null;
  /** When it happened: ISO 8601, or a number of unix seconds (milliseconds above 1e11). */
  timestamp?: string | number;
  /** When the request that carried it left. */
  sentAt?: string | number;
  originalTimestamp?: string | number;
}

/** A message that has been through `parseMessage`: it has an id, its ids are text, and blank ones are gone. */
export interface AcceptedMessage extends Omit<Message, 'messageId' | 'anonymousId' | 'userId'> {
  messageId: string;
  /** As sent, blank ones included: whether it may merge is for the rules to say. */
  anonymousId?: string | undefined;
  userId?: string | undefined;
}
