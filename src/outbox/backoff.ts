/** The first wait is somewhere below this. */
const FIRST_MS = 1_000;
/** No wait is longer: a collector that comes back is found within five minutes. */
export const LONGEST_MS = 300_000;

/**
 * How long to wait before trying again: full jitter, so that browsers that failed together do not come back together.
 *
 * @param attempt how many attempts have failed in a row, less one: 0 after the first
 * @param random between 0 and 1
 * @param retryAfterMs what the server asked for; waited at least, up to five minutes
 * @returns milliseconds
 */
export function backoffMs(attempt: number, random: number, retryAfterMs = 0): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.min(LONGEST_MS, Math.max(retryAfterMs, random * ceiling));
}

/**
 * Reads a Retry-After header: seconds, or an HTTP date.
 *
 * @returns milliseconds from `now`, or `undefined` when there is none that can be read
 */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  if (!header) return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
