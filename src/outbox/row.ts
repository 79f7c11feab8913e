import { isObject, serialise, type JsonObject, type Refusal } from '../wire/index.js';

/**
 * Where a message is safe: `stored` in IndexedDB, or with the collector already; in `memory` only, because the browser
 * gives no storage; `dropped`, because it was not a message at all, or may not be kept.
 */
export type Durability = 'stored' | 'memory' | 'dropped';

/** Messages that are written, sent and deleted together. Only the outbox that wrote a row, or took it over, deletes it. */
export interface Row {
  /** Serialised messages, with commas between them: the inside of a batch. */
  text: string;
  /** How many messages, nearly: a row of another tab is counted by the look of it. */
  count: number;
  /** Holds an identify or an alias, which everything older must go before (RULES R17). */
  hasIdentify: boolean;
  /** Absent until it has its place in the database. */
  key?: string;
  /** Absent until it is known. */
  durability?: Durability;
  /** May be sent: it is stored, or cannot be, or is on its way and the id in it stands. */
  isReady?: boolean;
  /** A request carries it: nothing is added to it. */
  isInFlight?: boolean;
  isDelivered?: boolean;
  /** Resolves once it is durable, or cannot be. */
  stored: Promise<Durability>;
  /** Resolves once it is delivered, with the messages that the collector will never take. Stays open while it waits. */
  delivered: Promise<Refusal[]>;
  settleStored(durability: Durability): void;
  settleDelivered(refused: Refusal[]): void;
}

/** A row that goes nowhere, with the reason for each of its messages. */
export function droppedRow(text: string, code: string, message: string): Row {
  const row = createRow(text, false);
  refuseRow(row, code, message);
  return row;
}

/** Tells those who wait for the delivery of a row that there will be none. */
export function refuseRow(row: Row, code: string, message: string): void {
  row.settleStored(row.durability ?? 'dropped');
  row.settleDelivered(messagesIn(row).map(({ messageId }, index) => ({ messageId: String(messageId), index, code, message })));
}

export function createRow(text: string, hasIdentify: boolean): Row {
  const row = { text, count: 1, hasIdentify } as Row;
  row.stored = new Promise((resolve) => {
    row.settleStored = (durability) => {
      row.durability = durability;
      row.isReady = true;
      resolve(durability);
    };
  });
  row.delivered = new Promise((resolve) => {
    row.settleDelivered = (refused) => {
      row.isDelivered = true;
      // It may have left before the database was open: where it is now, nothing gets lost.
      row.settleStored(row.durability ?? 'stored');
      resolve(refused);
    };
  });
  return row;
}

/** A row that another page left behind, as read from the database. */
export function foundRow(key: string, text: string): Row {
  const row = createRow(text, /"type":"(identify|alias)"/.test(text));
  row.count = text.match(/"messageId":"/g)?.length ?? 1;
  row.key = key;
  row.settleStored('stored');
  return row;
}

/** The messages in a row, as the collector will read them; none in one that something else has spoiled. */
export function messagesIn({ text }: Pick<Row, 'text'>): JsonObject[] {
  try {
    return (JSON.parse(`[${text}]`) as unknown[]).filter(isObject);
  } catch {
    // Whoever asks has nothing to send, and lets the row go.
    return [];
  }
}

/** The text of a row that holds these messages. */
export function textOf(messages: JsonObject[]): string {
  return messages.map(serialise).join(',');
}
