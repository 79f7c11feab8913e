/** A number above this is milliseconds, not seconds: as seconds it would be the year 5138 (RULES R15). */
const SECONDS_CEILING = 1e11;
/** Clocks that differ by less than this are left alone (RULES R15). */
const SKEW_MS = 60_000;

/**
 * Reads a moment as it travels: ISO 8601 text, unix seconds, or milliseconds above 1e11.
 *
 * @returns milliseconds since 1970, or `undefined` when it cannot be read
 */
export function readTimestamp(value: unknown): number | undefined {
  if (typeof value === 'string') {
    // Only a text with four digits of a year is a date: engines read '1' and 'may' as one, each its own way.
    const at = /^[+-]?\d{4}/.test(value) ? Date.parse(value) : NaN;
    return Number.isNaN(at) ? undefined : at;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const at = Math.abs(value) > SECONDS_CEILING ? value : value * 1000;
  // The range of Date; beyond it toISOString throws.
  return Math.abs(at) <= 8.64e15 ? at : undefined;
}

/**
 * When a message happened, by the collector's clock (RULES R15).
 *
 * @param timestamp as sent
 * @param sentAt when the request left, by the sender's clock
 * @param receivedAt when it arrived, by ours, in milliseconds
 * @returns `occurredAt = min(timestamp, receivedAt)` in milliseconds, the sender's clock corrected when it is more than a minute off;
 * `readable: false` when there was no usable timestamp and receivedAt stands in
 */
export function occurredAt(timestamp: unknown, sentAt: unknown, receivedAt: number): { at: number; readable: boolean } {
  const claimed = readTimestamp(timestamp);
  if (claimed === undefined) return { at: receivedAt, readable: false };
  const sent = sentAt === undefined ? undefined : readTimestamp(sentAt);
  const skew = sent === undefined ? 0 : receivedAt - sent;
  const corrected = Math.abs(skew) > SKEW_MS ? claimed + skew : claimed;
  return { at: Math.min(corrected, receivedAt), readable: true };
}
