import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCollector, type Collector } from '../../src/collector/index.js';
import { prometheusMeter } from '../../src/command-line/metrics.js';
import { memoryLedger, type Ledger } from '../../src/ledger/index.js';
import type { AcceptedMessage } from '../../src/wire/index.js';
import { HOUR, identify, MINUTE, NOON, SECOND, track } from './messages.js';

describe('the metric of merged events', () => {
  let ledger: Ledger;
  let clock: number;
  const collectors: Collector[] = [];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    ledger = memoryLedger();
    clock = NOON;
  });
  afterEach(async () => {
    await Promise.all(collectors.splice(0).map((collector) => collector.close()));
    vi.useRealTimers();
  });

  function start() {
    const meter = prometheusMeter();
    collectors.push(createCollector({ ledger, writeKeys: ['demo'], now: () => clock, meter }));
    /** What it says after another round. */
    return async (at: number): Promise<number> => {
      clock = at;
      await vi.advanceTimersByTimeAsync(15 * SECOND);
      return Number(/^hitherto_ledger_merged_events_total (\d+)$/m.exec(await meter.text!())![1]);
    };
  }
  const append = (at: number, ...messages: AcceptedMessage[]) => ledger.append(messages, { receivedAt: at });

  it('is of what joined before the claim and within its late window, counted once, when that is over', async () => {
    const mergedAt = start();
    await append(NOON, ...Array.from({ length: 20 }, (_, i) => track(`e${i}`, { anonymousId: 'v' })));
    await append(NOON + MINUTE, identify('ada', { anonymousId: 'v' }));
    await append(NOON + 6 * MINUTE, track('in time', { anonymousId: 'v' }));
    await append(NOON + 6 * MINUTE + 1, track('late', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }));
    expect(await mergedAt(NOON + 6 * MINUTE)).toBe(0);
    expect(await mergedAt(NOON + 6 * MINUTE + 10 * SECOND + 1)).toBe(21);
    expect(await mergedAt(NOON + 7 * MINUTE)).toBe(21);
    expect(await mergedAt(NOON + 3 * HOUR)).toBe(21);
  });

  it('goes on where it was when the ledger did not answer', async () => {
    const mergedAt = start();
    await append(NOON, track('one', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }));
    const { merged } = ledger;
    ledger.merged = () => Promise.reject(new Error('It is away.'));
    expect(await mergedAt(NOON + HOUR)).toBe(0);
    ledger.merged = merged!;
    expect(await mergedAt(NOON + 2 * HOUR)).toBe(1);
  });

  it('is of the claims whose late window was open when the process began, and of no older ones', async () => {
    await append(NOON, track('one', { anonymousId: 'old' }), identify('ada', { anonymousId: 'old' }));
    await append(NOON + HOUR, track('two', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }));
    clock = NOON + HOUR + 2 * MINUTE;
    expect(await start()(NOON + 2 * HOUR)).toBe(1);
  });
});
