import { createEngine } from '../merge/index.js';
import { LedgerError } from './error.js';
import type { Ledger } from './ledger.js';
import { isBelow, pageOf, readCursor } from './page.js';

/**
 * A ledger in memory: for tests, demonstrations and hosts that keep nothing. Everything is gone with the process.
 *
 * @example
 * ```ts
 * const collector = createCollector({ ledger: memoryLedger(), writeKeys: ['demo'] });
 * ```
 */
export function memoryLedger(): Ledger {
  const engine = createEngine();
  // Two ledgers never share a version, so that nobody takes a new one for an old one that has not changed.
  const name = crypto.randomUUID();
  let lastSequence = 0;
  let lastReceivedAt = -Infinity;
  let isClosed = false;

  function open(): void {
    if (isClosed) throw new LedgerError('closed', 'This ledger is closed; create another one.');
  }

  return {
    async append(messages, { receivedAt, sentAt }) {
      open();
      return messages.flatMap((message) => {
        // The order of the log is the order of the appends, whatever the clock does.
        const place = { receivedAt: Math.max(lastReceivedAt, receivedAt), sequence: lastSequence + 1 };
        const outcomes = engine.receive(message, { ...place, sentAt });
        if (outcomes[0]?.status === 'stored') {
          lastSequence = place.sequence;
          lastReceivedAt = place.receivedAt;
        }
        return outcomes;
      });
    },
    async activity({ before, limit, ...filter }) {
      open();
      const cursor = readCursor(before);
      return pageOf(engine.placedActivity(filter).filter((placed) => isBelow(placed, cursor)), limit);
    },
    async person(id) {
      open();
      return engine.person(id);
    },
    async version() {
      open();
      return `${name}-${lastSequence}`;
    },
    async close() {
      isClosed = true;
    },
  };
}
