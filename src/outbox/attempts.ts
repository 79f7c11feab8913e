import { LONGEST_MS } from './backoff.js';
import { readStored, writeStored } from './storage.js';

/**
 * What the pages of an origin remember of a collector that fails: an address that an ad blocker closes is asked once or
 * twice a page load, and a server that wants to be left alone is, also by the next page.
 */
export interface Attempts {
  /** How many failed in a row, over page loads. */
  failures: number;
  /** How long the server still wants to be left alone, milliseconds; never more than five minutes, whatever the clock did. */
  waitMs: number;
}

export function readAttempts(scope: string, now: number): Attempts {
  const [failures = 0, until = 0] = (readStored(nameOf(scope)) ?? '').split(' ').map(Number);
  const waitMs = until - now;
  // No page writes more: the clock was set back since.
  return { failures: failures || 0, waitMs: waitMs > 0 && waitMs <= LONGEST_MS ? waitMs : 0 };
}

export function writeAttempts(scope: string, { failures, waitMs }: Attempts, now: number): void {
  writeStored(nameOf(scope), failures === 0 ? undefined : `${failures} ${now + Math.min(LONGEST_MS, waitMs)}`);
}

function nameOf(scope: string): string {
  return `attempts.${scope}`;
}
