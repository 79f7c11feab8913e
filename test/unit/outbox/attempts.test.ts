import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readAttempts, writeAttempts } from '../../../src/outbox/attempts.js';

const NONE = { failures: 0, waitMs: 0 };

beforeEach(() => localStorage.clear());

describe('what pages remember of a collector that fails', () => {
  it('is how often it failed, and how long it wants to be left alone', () => {
    writeAttempts('key:A', { failures: 3, waitMs: 7_000 }, 1_000);
    expect(readAttempts('key:A', 3_000)).toEqual({ failures: 3, waitMs: 5_000 });
    expect(readAttempts('key:A', 60_000)).toEqual({ failures: 3, waitMs: 0 });
    expect(readAttempts('key:B', 3_000)).toEqual(NONE);
  });

  it('is forgotten with the first success', () => {
    writeAttempts('key:A', { failures: 3, waitMs: 7_000 }, 1_000);
    writeAttempts('key:A', NONE, 2_000);
    expect(localStorage).toHaveLength(0);
  });

  it('is a wait of five minutes at most', () => {
    writeAttempts('key:A', { failures: 1, waitMs: 3_600_000 }, 0);
    expect(readAttempts('key:A', 0).waitMs).toBe(300_000);
  });

  it('is no wait where the clock was set back: each page of the next year would begin with it', () => {
    writeAttempts('key:A', { failures: 1, waitMs: 1_000 }, Date.now());
    expect(readAttempts('key:A', Date.now() - 365 * 86_400_000)).toEqual({ failures: 1, waitMs: 0 });
  });

  it.each(['', 'x y', '{}', '-'])('is nothing where something else wrote %j', (text) => {
    localStorage.setItem('hitherto.attempts.key:A', text);
    expect(readAttempts('key:A', 0)).toEqual(NONE);
  });

  it('is nothing where there is no localStorage', () => {
    vi.stubGlobal('localStorage', undefined);
    writeAttempts('key:A', { failures: 1, waitMs: 0 }, 0);
    expect(readAttempts('key:A', 0)).toEqual(NONE);
    vi.unstubAllGlobals();
  });
});
