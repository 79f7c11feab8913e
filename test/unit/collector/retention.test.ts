import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCollector } from '../../../src/collector/index.js';
import { NO_METER } from '../../../src/collector/meter.js';
import { createRetention } from '../../../src/collector/retention.js';
import { memoryLedger, type Ledger } from '../../../src/ledger/index.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('what has expired', () => {
  const purge = vi.fn(async () => ({ deleted: 0, isDone: true }));
  const memory = memoryLedger();
  const ledger: Ledger = { ...memory, administration: { ...memory.administration, purge } };
  const callsAfter = (ms: number): number => {
    vi.advanceTimersByTime(ms);
    return purge.mock.calls.length;
  };
  beforeEach(() => {
    purge.mockClear();
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it('is deleted within five minutes, at a moment of its own, and then once an hour', () => {
    const retention = createRetention(ledger, () => 0, () => undefined, NO_METER, () => 0.5);
    expect([2.5 * MINUTE - 1, 1, HOUR - 1, 1, HOUR].map(callsAfter)).toEqual([0, 1, 1, 2, 3]);
    retention.stop();
    expect(callsAfter(HOUR)).toBe(3);
  });

  it('is deleted by every collector by itself', async () => {
    const collector = createCollector({ ledger, writeKeys: ['WK'] });
    expect(callsAfter(5 * MINUTE)).toBe(1);
    await collector.close();
  });
});
