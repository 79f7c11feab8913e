import type { AcceptedMessage } from '../wire/index.js';
import type { MessageRecord } from './record.js';

/** What is kept of one visitor, or of one person. */
export interface MessageList {
  records: MessageRecord[];
  /** By messageId, once there are many; nearly always one record, more when different people's messages share an id (RULES R14). */
  index: Map<string, MessageRecord | MessageRecord[]> | undefined;
}

/**
 * Up to here a list is looked through: most visitors do less than this, what they did last is at hand, and finding an id among those of
 * a million messages takes longer than all else that is done with one.
 */
const MOST_LOOKED_THROUGH = 16;

/** The record of a message that states the same identity and the same id (RULES R14). */
export function copyIn({ records, index }: MessageList, { messageId, userId }: AcceptedMessage): MessageRecord | undefined {
  const isCopy = ({ message }: MessageRecord): boolean => message.messageId === messageId && message.userId === userId;
  if (!index) return records.find(isCopy);
  const kept = index.get(messageId);
  return kept && [kept].flat().find(isCopy);
}

export function addTo(list: MessageList, record: MessageRecord): void {
  const before = list.records.at(-1);
  if (before) shareTexts(record.message, before.message);
  list.records.push(record);
  if (list.index) addToIndex(list.index, record);
  else if (list.records.length > MOST_LOOKED_THROUGH) indexAnew(list);
}

/** Forgets all others. */
export function keepIn(list: MessageList, isKept: (record: MessageRecord) => boolean): void {
  list.records = list.records.filter(isKept);
  if (list.index) indexAnew(list);
}

/** Forgets some; few of them without going through all the others. */
export function takeFrom(list: MessageList, gone: MessageRecord[]): void {
  if (gone.length > MOST_LOOKED_THROUGH) {
    const all = new Set(gone);
    return keepIn(list, (record) => !all.has(record));
  }
  for (const record of gone) {
    const at = list.records.indexOf(record);
    const last = list.records.pop()!;
    if (last !== record) list.records[at] = last;
    list.index?.delete(record.message.messageId);
  }
}

function indexAnew(list: MessageList): void {
  list.index = new Map();
  for (const record of list.records) addToIndex(list.index, record);
}

function addToIndex(index: NonNullable<MessageList['index']>, record: MessageRecord): void {
  const { messageId } = record.message;
  const others = index.get(messageId);
  // What names nobody by a userId is looked for in its stream, where no other has its id.
  if (others && record.message.userId === undefined) return;
  index.set(messageId, others ? [others, record].flat() : record);
}

/**
 * Lets a message point to the texts of the one before it, where they are the same: parsed from JSON, each has its own, and they are a
 * fifth of what a visitor's messages take.
 */
function shareTexts(message: AcceptedMessage, { anonymousId, context }: AcceptedMessage): void {
  try {
    if (anonymousId !== undefined && message.anonymousId === anonymousId) message.anonymousId = anonymousId;
    const userAgent = context?.['userAgent'];
    if (typeof userAgent === 'string' && message.context?.['userAgent'] === userAgent) message.context['userAgent'] = userAgent;
  } catch {
    // It is frozen, and stays as it is.
  }
}
