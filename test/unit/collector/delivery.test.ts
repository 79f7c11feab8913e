import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDelivery, type Delivery } from '../../../src/collector/delivery.js';
import type { LogEntry } from '../../../src/collector/index.js';
import type { Answer } from '../../../src/collector/webhook.js';
import type { StartedTrigger, TriggerQueue } from '../../../src/ledger/index.js';

const MINUTE = 60_000;
const TRIGGER: StartedTrigger = { key: '["user:ada","m"]', campaign: 'basket', person: 'ada', messageId: 'm', at: 0, occurredAt: 0 };

describe('what campaigns start', () => {
  const entries: LogEntry[] = [];
  const send = vi.fn(async (): Promise<Answer> => ({ isTaken: true }));
  let waiting: StartedTrigger[] = [];
  let isOut = false;
  const queue: TriggerQueue = {
    async take() {
      if (isOut) throw new Error('the database is away');
      return waiting;
    },
    async delivered() {
      waiting = [];
    },
    settle: async () => undefined,
  };
  let delivery: Delivery;
  beforeEach(() => {
    vi.useFakeTimers();
    entries.length = 0;
    waiting = [];
    isOut = false;
    send.mockClear();
    delivery = createDelivery(queue, { send }, () => Date.now(), (entry) => entries.push(entry));
  });
  afterEach(async () => {
    await delivery.stop();
    vi.useRealTimers();
  });

  it('is told at once again after the ledger was out of reach for long, and the next time that it is, is said', async () => {
    isOut = true;
    await vi.advanceTimersByTimeAsync(30 * MINUTE);
    isOut = false;
    await vi.advanceTimersByTimeAsync(5 * MINUTE);

    waiting = [TRIGGER];
    delivery.nudge();
    await vi.advanceTimersByTimeAsync(1000);
    expect(send).toHaveBeenCalledOnce();

    isOut = true;
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(entries.map(({ code }) => code)).toEqual(['triggers_waiting', 'triggers_waiting']);
  });

  it('is kept by a collector that stops while the webhook does not answer: it waits for that a while, and says nothing to the ledger after its end', async () => {
    let answer!: (answer: Answer) => void;
    send.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    waiting = [TRIGGER];
    delivery.nudge();
    await vi.advanceTimersByTimeAsync(1000);
    const stopped = vi.fn();
    void delivery.stop().then(stopped);
    await vi.advanceTimersByTimeAsync(4999);
    expect(stopped).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(stopped).toHaveBeenCalled();

    answer({ isTaken: true });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(waiting).toEqual([TRIGGER]);
    expect(entries).toEqual([]);
  });
});
