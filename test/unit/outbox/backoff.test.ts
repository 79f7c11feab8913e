// @vitest-environment node
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, LONGEST_MS, readRetryAfter } from '../../../src/outbox/backoff.js';

/** The largest number that Math.random() gives. */
const ALMOST_ONE = 1 - Number.EPSILON;
const attempts = fc.nat({ max: 5_000 });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoffMs', () => {
  it('waits less than a second after the first failure', () => {
    expect(backoffMs(0, ALMOST_ONE)).toBeLessThan(1_000);
    expect(backoffMs(0, 0.25)).toBe(250);
  });

  it('doubles what it may wait at each failure', () => {
    expect([1, 2, 3, 8].map((attempt) => backoffMs(attempt, 0.5))).toEqual([1_000, 2_000, 4_000, 128_000]);
  });

  it('stands just below five minutes after nine failures, and stays there', () => {
    expect(backoffMs(8, ALMOST_ONE)).toBeLessThan(256_000);
    expect(backoffMs(9, ALMOST_ONE)).toBeCloseTo(300_000);
    expect(backoffMs(10_000, ALMOST_ONE)).toBeCloseTo(300_000);
  });

  it('spreads its waits over everything from nothing to the ceiling', () => {
    expect(backoffMs(4, 0)).toBe(0);
    expect(backoffMs(4, 0.125)).toBe(2_000);
    expect(backoffMs(4, 0.875)).toBe(14_000);
  });

  it('waits as long as the server asks, when that is longer', () => {
    expect(backoffMs(0, 0.5, 499)).toBe(500);
    expect(backoffMs(0, 0.5, 501)).toBe(501);
  });

  it('waits five minutes for a server that asks for more', () => {
    expect(backoffMs(0, 0.5, LONGEST_MS)).toBe(300_000);
    expect(backoffMs(0, 0.5, LONGEST_MS + 1)).toBe(300_000);
    expect(backoffMs(0, 0.5, Infinity)).toBe(300_000);
  });

  it('is a time between nothing and five minutes, whatever has happened', () => {
    fc.assert(
      fc.property(attempts, randoms, fc.double({ min: 0, noNaN: true }), (attempt, random, retryAfterMs) => {
        const wait = backoffMs(attempt, random, retryAfterMs);
        expect(wait).toBeGreaterThanOrEqual(Math.min(retryAfterMs, LONGEST_MS));
        expect(wait).toBeLessThanOrEqual(LONGEST_MS);
      }),
    );
  });
});

describe('readRetryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');

  it('reads seconds', () => {
    expect(readRetryAfter('120', now)).toBe(120_000);
    expect(readRetryAfter('0', now)).toBe(0);
  });

  it('reads an HTTP date', () => {
    expect(readRetryAfter('Thu, 01 Jan 2026 00:01:30 GMT', now)).toBe(90_000);
  });

  it('waits for nothing that is over', () => {
    expect(readRetryAfter('Wed, 31 Dec 2025 23:59:59 GMT', now)).toBe(0);
    expect(readRetryAfter('-5', now)).toBe(0);
  });

  it.each([null, '', 'soon'])('is silent about %j', (header) => {
    expect(readRetryAfter(header, now)).toBeUndefined();
  });
});
