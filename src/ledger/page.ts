import type { MessageRecord, PlacedActivity } from '../merge/index.js';
import { readTimestamp, type Activity, type ActivityPage, type PersonTrigger } from '../wire/index.js';
import { LedgerError } from './error.js';
import type { ActivityQuery, LiveActivity, LiveQuery, MessagePage, StoredMessage } from './ledger.js';

/**
 * A place between two lines of the log: below the line of this rank at this position. The time is part of it, since where
 * several collectors number for themselves, the order of the sequences is not that of the log.
 */
export interface Cursor {
  receivedAt: number;
  sequence: number;
  rank: number;
}

/**
 * Reads the `before` of a query.
 *
 * A cursor names a line's place and not a distance from the top, so that pages neither repeat nor skip a line while
 * new ones arrive above, or while a merge that nothing had joined yet shows up below.
 *
 * @throws LedgerError `bad_cursor`
 */
export function readCursor(before: string | undefined): Cursor | undefined {
  if (before === undefined) return undefined;
  const [, receivedAt, sequence, rank] = /^(\d{1,16})-(\d{1,15})-([0-2])$/.exec(before) ?? [];
  if (receivedAt === undefined) throw new LedgerError('bad_cursor', 'before is the "next" of an earlier page, unchanged.');
  return { receivedAt: Number(receivedAt), sequence: Number(sequence), rank: Number(rank) };
}

/** Whether a line stands below a cursor. */
export function isBelow({ sequence, line }: PlacedActivity, cursor: Cursor | undefined): boolean {
  if (!cursor) return true;
  return (line.at - cursor.receivedAt || sequence - cursor.sequence || rankOf(line) - cursor.rank) < 0;
}

/** Takes the first lines as a page; reads one line more than it gives, to know whether there is anything older. */
export function pageOf(lines: Iterable<PlacedActivity>, limit: number): ActivityPage {
  const items: Activity[] = [];
  let last: PlacedActivity | undefined;
  for (const placed of lines) {
    if (last && items.length >= limit) return { items, next: cursorOf(last) };
    items.push(placed.line);
    last = placed;
  }
  return { items, next: null };
}

/** A page that ends where whoever looked for its lines has given up for now. */
export function cutPage(found: PlacedActivity[], lastLookedAt: PlacedActivity): ActivityPage {
  return { items: found.map(({ line }) => line), next: cursorOf(lastLookedAt) };
}

/** Whether a line has the name and the anonymous id, and is of the time, that were asked for. */
export function isAsked(line: Activity, { name, anonymousId, since, until }: Pick<ActivityQuery, 'name' | 'anonymousId' | 'since' | 'until'>): boolean {
  return (
    (name === undefined || (line.name !== undefined && line.name.toLowerCase().includes(name.toLowerCase()))) &&
    (anonymousId === undefined || line.anonymousId === anonymousId) &&
    (since === undefined || line.at >= since) &&
    (until === undefined || line.at < until)
  );
}

/**
 * What came into the log behind a cursor, oldest first.
 *
 * @param newestFirst the log from its head on; read no further than is needed
 * @param after the cursor of a line that was seen; absent: the head of the log
 * @param lookBackMs so much in front of the cursor as well
 */
export async function liveOf(newestFirst: AsyncIterable<PlacedActivity> | Iterable<PlacedActivity>, after: string | undefined, { limit, lookBackMs }: LiveQuery): Promise<LiveActivity> {
  const cursor = readCursor(after);
  const newer: PlacedActivity[] = [];
  const before: Activity[] = [];
  let isGap = false;
  for await (const placed of newestFirst) {
    if (!cursor || isNewer(placed, cursor)) {
      isGap = cursor !== undefined && newer.length === limit;
      if (newer.length === limit) break;
      newer.push(placed);
    } else {
      const isLookedAt = lookBackMs > 0 && placed.line.at >= cursor.receivedAt - lookBackMs;
      if (!isLookedAt || before.length === limit) break;
      before.push(placed.line);
    }
  }
  const lines = newer.map((placed) => ({ cursor: cursorOf(placed), line: placed.line }));
  return { lines: lines.reverse(), before: before.reverse(), isGap };
}

/** The order in which a person's campaigns are told; of those that started at once, one that every ledger can tell. */
export function newestStartFirst(a: PersonTrigger, b: PersonTrigger): number {
  const [left, right] = [a, b].map(({ messageId, campaign }) => JSON.stringify([messageId, campaign]));
  return b.at - a.at || b.occurredAt - a.occurredAt || (left! < right! ? -1 : 1);
}

function isNewer(placed: PlacedActivity, cursor: Cursor): boolean {
  return !isBelow(placed, cursor) && cursorOf(placed) !== `${cursor.receivedAt}-${cursor.sequence}-${cursor.rank}`;
}

function cursorOf({ line, sequence }: PlacedActivity): string {
  return `${line.at}-${sequence}-${rankOf(line)}`;
}

/** What is kept, as it is given out. */
export function exportedPage(records: MessageRecord[], limit: number): MessagePage {
  const last = records[limit - 1];
  return {
    items: records.map(storedMessage),
    next: last ? `${last.receivedAt}-${last.sequence}-0` : null,
  };
}

/** One that says it happened later than it arrived has when it arrived as its timestamp, and its own word beside it (RULES R15). */
function storedMessage({ message, receivedAt, occurredAt }: MessageRecord): StoredMessage {
  const [received, occurred] = [receivedAt, occurredAt].map((at) => new Date(at).toISOString()) as [string, string];
  const { timestamp, originalTimestamp = timestamp } = message;
  const isAhead = timestamp !== undefined && occurredAt === receivedAt && (readTimestamp(timestamp) ?? receivedAt) > receivedAt;
  return { ...message, ...(isAhead && { timestamp: received, originalTimestamp: originalTimestamp! }), receivedAt: received, occurredAt: occurred };
}

/** The order of the lines that share a sequence, the topmost highest: the merge an identify brought, its failure, the call. */
function rankOf({ type }: Activity): number {
  if (type === 'anon_merge') return 2;
  return type === 'failed_attribute_change' ? 1 : 0;
}
