import type { AcceptedMessage } from '../../src/wire/index.js';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A moment to count from. */
export const NOON = Date.UTC(2026, 10, 23, 12);

let made = 0;

type Fields = Partial<AcceptedMessage>;

/** A track call of noon, with an id of its own unless it is given one. */
export function track(event: string, fields: Fields): AcceptedMessage {
  return { type: 'track', messageId: `m${++made}`, event, timestamp: iso(NOON), ...fields };
}

export function identify(userId: string | undefined, fields: Fields = {}): AcceptedMessage {
  return { type: 'identify', messageId: `m${++made}`, timestamp: iso(NOON), ...(userId !== undefined && { userId }), ...fields };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}
