import { describe, expect, it } from 'vitest';
import { makeTime, relativeTime } from '../../../src/activity/time.js';

const NOW = Date.UTC(2026, 10, 23, 12);

describe('a relative time', () => {
  it.each([
    [-5_000, 'just now'],
    [4_999, 'just now'],
    [5_000, '5 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [3_600_000, '1 h ago'],
    [86_400_000, '1 d ago'],
    [31 * 86_400_000 - 1, '30 d ago'],
  ])('%i ms ago reads "%s"', (ageMs, words) => expect(relativeTime(NOW - ageMs, NOW)).toBe(words));

  it('is a date once it is older than a merge looks back', () => {
    expect(relativeTime(NOW - 31 * 86_400_000, NOW)).toContain('2026');
  });

  it('says so where there is no such moment', () => {
    expect(makeTime(NaN).textContent).toBe('unknown time');
    expect(makeTime(8.64e15 + 1).textContent).toBe('unknown time');
  });
});
