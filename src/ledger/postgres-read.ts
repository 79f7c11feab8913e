import {
  activitiesOf,
  anonymousStream,
  isMerged,
  isShown,
  mergeActivity,
  mergingId,
  personOf,
  type Claim,
  type MessageRecord,
  type PlacedActivity,
} from '../merge/index.js';
import type { Activity, ActivityPage, Person } from '../wire/index.js';
import { bucketOf } from './bucket.js';
import { newestFirst, pieces, type Place } from './descent.js';
import type { ActivityQuery } from './ledger.js';
import { isBelow, pageOf, readCursor } from './page.js';
import { isPassing, type Database, type Query, type Value } from './postgres-connection.js';
import { QUERIES } from './postgres-queries.js';
import type { Tables } from './postgres-tables.js';
import { claimIn, recordOf, timesOf, type ClaimRow, type MessageRow, type TimesRow } from './sqlite-rows.js';
import { toColumn } from './sqlite-text.js';

/** Reads the log. */
export interface Reader {
  activity(query: ActivityQuery): Promise<ActivityPage>;
  person(id: string): Promise<Person | undefined>;
}

/** Above every position. */
const TOP = { receivedAt: Number.MAX_SAFE_INTEGER, sequence: 0 };
/** Rows are read in pieces of at least this many: a query costs as much as many rows. */
const PIECE_ROWS = 100;
/** One snapshot: what others commit meanwhile must not fall between two queries. */
const SNAPSHOT = 'ISOLATION LEVEL REPEATABLE READ READ ONLY';

/** What can be looked up in one snapshot. */
interface Rows {
  read<Row>(query: string, ...parameters: Value[]): Promise<Row[]>;
  claimsOn(anonymousIds: string[]): Promise<Claim[]>;
}

type ClaimOn = (anonymousId: string) => Claim | undefined;

/** The reading half of the Postgres ledger. */
export function createReader(database: Database, tables: Tables): Reader {
  return {
    activity: (query) => inSnapshot((rows) => activity(rows, query)),
    person: (id) => inSnapshot((rows) => person(rows, id)),
  };

  async function inSnapshot<Result>(work: (rows: Rows) => Promise<Result>): Promise<Result> {
    const attempt = (): Promise<Result> => database.transaction(SNAPSHOT, (query) => work(rowsIn(query)));
    try {
      return await attempt();
    } catch (error) {
      // A connection that was lost while nobody used it is noticed by the first who does.
      if (isPassing(error)) return attempt();
      throw error;
    }
  }

  function rowsIn(query: Query): Rows {
    return {
      read: (statement, ...parameters) => query(statement, parameters),
      claimsOn: (anonymousIds) => tables.claimsOn(query, anonymousIds),
    };
  }
}

async function activity(rows: Rows, { before, limit, ...filter }: ActivityQuery): Promise<ActivityPage> {
  const cursor = readCursor(before);
  // The line at the cursor's own place may have others below it.
  const top = cursor ? { receivedAt: cursor.receivedAt, sequence: cursor.sequence + 1 } : TOP;
  const found: PlacedActivity[] = [];
  for await (const place of newestFirst(await descents(rows, filter, top, Math.max(limit + 1, PIECE_ROWS)))) {
    for (const line of await place.lines()) {
      const placed = { sequence: place.sequence, line };
      if (isShown(line, filter) && isBelow(placed, cursor)) found.push(placed);
    }
    // One line more than the page has says that there is a next one.
    if (found.length > limit) break;
  }
  return pageOf(found, limit);
}

/** Where the lines that were asked for may stand. The claims come first: a merge stands above the identify that brought it. */
async function descents(
  rows: Rows,
  { tab, person }: Omit<ActivityQuery, 'before' | 'limit'>,
  top: typeof TOP,
  size: number,
): Promise<AsyncGenerator<Place>[]> {
  const known = new Map<string, Claim>();
  const records = (query: string, ...parameters: Value[]): AsyncGenerator<Place> =>
    pieces(
      async ({ receivedAt, sequence }) => {
        const found = (await rows.read<MessageRow>(query, receivedAt, sequence, size, ...parameters)).map(recordOf);
        const claimOn = await claimsOnThese(rows, found, known);
        return found.map((record) => ({ ...placeOf(record), lines: () => activitiesOf(record, claimFor(record, claimOn)) }));
      },
      size,
      top,
    );
  const merges = (query: string, ...parameters: string[]): AsyncGenerator<Place> =>
    pieces(
      async ({ receivedAt, sequence }) => {
        const found = (await rows.read<ClaimRow>(query, receivedAt, sequence, size, ...parameters)).map(claimIn);
        return found.map((claim) => ({ receivedAt: claim.at, sequence: claim.sequence, lines: () => mergeLine(rows, claim) }));
      },
      size,
      top,
    );

  if (tab === 'anonymous') {
    // Whatever has a person is on the other tab.
    return person === undefined ? [records(QUERIES.messagesAnonymous)] : [];
  }
  if (person === undefined) {
    return [merges(QUERIES.claims), records(tab === 'identified' ? QUERIES.messagesIdentified : QUERIES.messages)];
  }
  const id = toColumn(person);
  const theirs = await rows.read<ClaimRow>(QUERIES.claimsOf, id);
  return [
    merges(QUERIES.claimsNaming, id),
    records(QUERIES.messagesNaming, id),
    ...theirs.map((row) => records(QUERIES.messagesOn, bucketOn(claimIn(row)), row.anonymous_id)),
  ];
}

/** Counted when it is looked at: an event that joins late has nothing to update. */
async function mergeLine(rows: Rows, claim: Claim): Promise<Activity[]> {
  const times = await rows.read<TimesRow>(QUERIES.timesOn, bucketOn(claim), toColumn(claim.anonymousId));
  const merged = times.map((row) => timesOf(row, claim.anonymousId)).filter((record) => isMerged(record, claim));
  return [mergeActivity(claim, merged) ?? []].flat();
}

async function person(rows: Rows, id: string): Promise<Person | undefined> {
  const [claims, own] = await Promise.all([
    rows.read<ClaimRow>(QUERIES.claimsOf, toColumn(id)).then((found) => found.map(claimIn)),
    rows.read<MessageRow>(QUERIES.allNaming, toColumn(id)).then((found) => found.map(recordOf)),
  ]);
  if (claims.length === 0 && own.length === 0) return undefined;
  const merged = await Promise.all(claims.map((claim) => mergedInto(rows, claim)));
  const records = [...own, ...merged.flat()];
  const claimOn = await claimsOnThese(rows, records, new Map());
  return personOf(id, { claims, records, merged: [] }, (record) => claimFor(record, claimOn));
}

async function mergedInto(rows: Rows, claim: Claim): Promise<MessageRecord[]> {
  const found = await rows.read<MessageRow>(QUERIES.allOn, bucketOn(claim), toColumn(claim.anonymousId));
  return found.map(recordOf).filter((record) => isMerged(record, claim));
}

/** The claims on the anonymous ids of these records, in one query. */
async function claimsOnThese(rows: Rows, records: MessageRecord[], known: Map<string, Claim>): Promise<ClaimOn> {
  const ids = new Set(records.flatMap(({ message }) => mergingId(message) ?? []));
  const unknown = [...ids].filter((id) => !known.has(id));
  for (const claim of await rows.claimsOn(unknown)) known.set(claim.anonymousId, claim);
  return (anonymousId) => known.get(anonymousId);
}

function claimFor({ message }: MessageRecord, claimOn: ClaimOn): Claim | undefined {
  const merging = mergingId(message);
  return merging === undefined ? undefined : claimOn(merging);
}

function placeOf({ receivedAt, sequence }: MessageRecord): Omit<Place, 'lines'> {
  return { receivedAt, sequence };
}

function bucketOn({ anonymousId }: Claim): number {
  return bucketOf(anonymousStream(anonymousId));
}
