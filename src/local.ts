import type { LoadEngine, PageEngine } from './client/index.js';
import { createCore, isEventType, RETENTION_MS } from './merge/index.js';
import { messagesIn, parseKey, type Row } from './outbox/index.js';
import type { AcceptedMessage, JsonObject } from './wire/index.js';

/**
 * The merge engine over this browser's own messages, with no server: the outbox is its log. The log is replayed at
 * load, so that the 30 days outlive the page; other tabs tell of what they add. Replaying gives the same state in
 * whatever order, because merging is a function of the set of messages (RULES R16).
 */
export const loadEngine: LoadEngine = async (outbox, onChange, watch) => {
  console.info('hitherto: no endpoint and no writeKey, so events stay in this browser and merge in the page. Give both to use a collector.');
  const tabs = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('hitherto');
  // In Node it would keep a program from ending that has nothing else to do.
  (tabs as { unref?(): void } | undefined)?.unref?.();
  // Subscribed before the log is read: what another tab adds meanwhile comes twice, and counts once.
  const early: Row[] = [];
  let engine = createCore();
  let hear = (row: Row): void => void early.push(row);
  tabs?.addEventListener('message', ({ data }) => hear(data as Row));

  const rows = await outbox.read();
  rows.forEach(receive);
  const expired = new Set(expiredIn(rows));
  if (expired.size > 0) {
    engine = createCore();
    rows.filter((row) => !expired.has(row)).forEach(receive);
    void outbox.replace([...expired], []);
  }
  const tellCampaigns = watch?.(engine);
  hear = (row) => {
    receive(row);
    changed();
  };
  early.forEach(hear);
  tellCampaigns?.();

  function changed(): void {
    onChange();
    tellCampaigns?.();
  }

  function receive(row: Pick<Row, 'key' | 'text'>): void {
    const { time, tab } = parseKey(row.key)!;
    engine.receive(messagesIn(row) as unknown as AcceptedMessage[], { receivedAt: time, sequence: rankOf(tab) });
  }

  /** Rows of events that are anonymous for good: nobody claimed them in their 30 days (RULES R5). All others are kept. */
  function expiredIn(candidates: Row[]): Row[] {
    const old = candidates.filter(({ key }) => Date.now() - parseKey(key)!.time > RETENTION_MS);
    if (old.length === 0) return [];
    const attached = new Set(engine.events().flatMap(({ person, messageId }) => (person === undefined ? [] : messageId)));
    return old.filter((row) => (messagesIn(row) as unknown as AcceptedMessage[]).every(({ type, messageId }) => isEventType(type) && !attached.has(messageId)));
  }

  const pageEngine: PageEngine = {
    apply(row) {
      receive(row);
      tabs?.postMessage({ key: row.key, text: row.text });
      changed();
    },
    activity: (filter) => engine.placedActivity(filter).map(({ line }) => line),
    explain: (messageId) => engine.explain(messageId, undefined, Date.now()),
    message: (messageId) => engine.message(messageId) as JsonObject | undefined,
  };
  return pageEngine;
};

/** Two tabs may write in the same millisecond; every page must put them in the same order. Any order will do. */
function rankOf(tab: string): number {
  let rank = 0;
  for (let i = 0; i < tab.length; i++) rank = (rank * 31 + tab.charCodeAt(i)) % 0x1_0000_0000;
  return rank;
}
