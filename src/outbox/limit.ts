import type { JsonObject } from '../wire/index.js';
import { messagesIn, textOf, type Row } from './row.js';

/** How much may wait in a browser. */
export interface Limit {
  /** @defaultValue 10,000 */
  messages: number;
  /** Of the serialised messages. @defaultValue 10,000,000 */
  characters: number;
}

/** More than a visitor does in weeks, and less than browsers give to a site without asking. */
export const DEFAULT_LIMIT: Limit = { messages: 10_000, characters: 10_000_000 };
/** Below so many characters, nobody has to ask how much room a browser has. */
export const LITTLE = 1_000_000;

/** Without the others nobody knows whose these are. */
const EVENTS = new Set<unknown>(['track', 'page', 'screen']);

/** A row that has to give something up. */
export interface Cut {
  row: Row;
  /** The messages that go. */
  dropped: JsonObject[];
  /** What is left of the row, serialised; empty when it goes whole. */
  rest: string;
}

/** What is no number above nothing is the usual one. */
export function limitOf(given: Partial<Limit> | null | undefined): Limit {
  return { ...DEFAULT_LIMIT, ...Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value > 0)) };
}

/** Half of what a browser still has for this site, where that is less than the limit. */
export function tightened(limit: Limit, { quota, usage = 0 }: StorageEstimate): Limit {
  return quota === undefined ? limit : { ...limit, characters: Math.min(limit.characters, (quota - usage) / 2) };
}

export function sizeOf(rows: Row[]): Limit {
  let messages = 0;
  let characters = 0;
  for (const { count, text } of rows) {
    messages += count;
    characters += text.length;
  }
  return { messages, characters };
}

/**
 * What has to go so that the outbox keeps its limit: the oldest events first. Never an identify, an alias or a group.
 *
 * @param rows those that may be touched, oldest first
 * @param whole how much there is, those included that may not
 */
export function cutsFor(rows: Row[], whole: Limit, limit: Limit): Cut[] {
  const size = { ...whole };
  const cuts: Cut[] = [];
  for (const row of rows) {
    if (size.messages <= limit.messages && size.characters <= limit.characters) break;
    const messages = messagesIn(row);
    const dropped = messages.filter(({ type }) => EVENTS.has(type));
    if (dropped.length === 0) continue;
    const rest = textOf(messages.filter((message) => !dropped.includes(message)));
    size.messages -= dropped.length;
    size.characters -= row.text.length - rest.length;
    cuts.push({ row, dropped, rest });
  }
  return cuts;
}
