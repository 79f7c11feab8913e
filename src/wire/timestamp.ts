import { millisecondsOf } from './milliseconds.js';

/** Clocks that differ by less than this are left alone (RULES R15). */
const SKEW_MS = 60_000;
/** The range of Date; beyond it toISOString throws. */
const EARLIEST_MS = -8.64e15;
/** A date, or a date and a time, as the JSON writers of every language put it. Engines read more, each its own way. */
const ISO_8601 = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i;
const TIME_WITHOUT_ZONE = /[T ][\d:.]+$/i;
/** As `toISOString` writes it, and with it nearly every message; of years that Date.UTC takes as they are. */
const PLAIN = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * Reads a moment as it travels: ISO 8601 text, unix seconds, or milliseconds above 1e11.
 *
 * @returns whole milliseconds since 1970, or `undefined` when it cannot be read
 */
export function readTimestamp(value: unknown): number | undefined {
  if (typeof value === 'string') {
    if (PLAIN.test(value)) return parsePlain(value);
    return ISO_8601.test(value) ? parseIso(value) : undefined;
  }
  if (typeof value !== 'number') return undefined;
  const at = Math.round(millisecondsOf(value));
  return Math.abs(at) <= -EARLIEST_MS ? at : undefined;
}

/** What Date.parse says, in a fraction of the time: among all that is done with an event, it was measured to be a twentieth of it. */
function parsePlain(text: string): number {
  const digit = (at: number): number => text.charCodeAt(at) - 48;
  const pair = (at: number): number => digit(at) * 10 + digit(at + 1);
  const days = daysSince1970(pair(0) * 100 + pair(2), pair(5), pair(8));
  return (((days * 24 + pair(11)) * 60 + pair(14)) * 60 + pair(17)) * 1000 + pair(20) * 10 + digit(22);
}

/** By the Gregorian calendar. A 31 February is a day of March, as Date has it. */
function daysSince1970(year: number, month: number, day: number): number {
  // Counted from March on, so that the day that comes every fourth year is the last of its year, and the months' lengths follow a rule.
  const months = (month + 9) % 12;
  const years = month > 2 ? year : year - 1;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return years * 365 + leapDays + Math.floor((months * 153 + 2) / 5) + day - DAYS_UNTIL_1970;
}

/** From 1 March of the year 0, where {@link daysSince1970} begins to count, with days that begin at one. */
const DAYS_UNTIL_1970 = 719_469;

function parseIso(text: string): number | undefined {
  // Without a zone it is UTC: by the zone of whoever reads it, the page and the collector would differ by hours.
  const isLocal = !text.endsWith('Z') && TIME_WITHOUT_ZONE.test(text);
  const at = Date.parse(isLocal ? `${text}Z` : text);
  return Number.isNaN(at) ? undefined : at;
}

/**
 * When a message happened, by the collector's clock (RULES R15).
 *
 * @param timestamp as sent
 * @param sentAt when the request left, by the sender's clock; else, by the same, what `messageSentAt` says
 * @param receivedAt when it arrived, by ours, in milliseconds
 * @returns `occurredAt = min(timestamp, receivedAt)` in milliseconds, the sender's clock corrected when it is more than a minute off;
 * `readable: false` when there was no usable timestamp and receivedAt stands in
 */
export function occurredAt(timestamp: unknown, sentAt: unknown, receivedAt: number, messageSentAt?: unknown): { at: number; readable: boolean } {
  const claimed = readTimestamp(timestamp);
  if (claimed === undefined) return { at: receivedAt, readable: false };
  const sent = readSentAt(sentAt) ?? readTimestamp(messageSentAt);
  const skew = sent === undefined ? 0 : receivedAt - sent;
  const corrected = Math.abs(skew) > SKEW_MS ? claimed + skew : claimed;
  return { at: Math.max(EARLIEST_MS, Math.min(corrected, receivedAt)), readable: true };
}

/** All messages of a request left at once: the same text is not read a hundred times. */
function readSentAt(sentAt: unknown): number | undefined {
  if (sentAt !== lastSentAt) [lastSentAt, lastSent] = [sentAt, readTimestamp(sentAt)];
  return lastSent;
}

let lastSentAt: unknown;
let lastSent: number | undefined;
