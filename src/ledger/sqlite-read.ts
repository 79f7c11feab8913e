import type Database from 'libsql';
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
import type { ActivityQuery } from './ledger.js';
import { isBelow, pageOf, readCursor } from './page.js';
import { inTransaction } from './sqlite-file.js';
import { QUERIES } from './sqlite-queries.js';
import { claimIn, recordOf, timesOf, type ClaimRow, type LogRow, type MessageRow, type TimesRow } from './sqlite-rows.js';
import { toColumn } from './sqlite-text.js';

/** Reads the log. */
export interface Reader {
  activity(query: ActivityQuery): ActivityPage;
  person(id: string): Person | undefined;
  version(): string;
}

/** Above every sequence. */
const TOP = Number.MAX_SAFE_INTEGER;
/** Rows are read in pieces of at least this many: a query costs as much as several rows. */
const PIECE_ROWS = 100;

/** Whatever gives lines at one place of the log: a message, or a claim. */
interface Place {
  sequence: number;
  /** Topmost first. */
  lines(): Activity[];
}

/** The reading half of the SQLite ledger. */
export function createReader(database: Database.Database): Reader {
  const log = database.prepare(QUERIES.log);
  const selectClaim = database.prepare(QUERIES.claim);
  const claimsOf = database.prepare(QUERIES.claimsOf);
  const messages = database.prepare(QUERIES.messages);
  const messagesAnonymous = database.prepare(QUERIES.messagesAnonymous);
  const messagesIdentified = database.prepare(QUERIES.messagesIdentified);
  const messagesNaming = database.prepare(QUERIES.messagesNaming);
  const messagesOn = database.prepare(QUERIES.messagesOn);
  const claims = database.prepare(QUERIES.claims);
  const claimsNaming = database.prepare(QUERIES.claimsNaming);
  const timesOn = database.prepare(QUERIES.timesOn);

  function activity({ before, limit, ...filter }: ActivityQuery): ActivityPage {
    const cursor = readCursor(before);
    const top = cursor ? cursor.sequence + 1 : TOP;
    // One snapshot: what another process commits meanwhile must not fall between two pieces.
    return inTransaction(database, 'DEFERRED', () => pageOf(lines(), limit));

    function* lines(): Generator<PlacedActivity> {
      for (const place of newestFirst(places(filter, top, Math.max(limit + 1, PIECE_ROWS)))) {
        for (const line of place.lines()) {
          const placed = { sequence: place.sequence, line };
          if (isShown(line, filter) && isBelow(placed, cursor)) yield placed;
        }
      }
    }
  }

  /** Where the lines that were asked for may stand. The claims come first: a merge stands above the identify that brought it. */
  function places({ tab, person }: Omit<ActivityQuery, 'before' | 'limit'>, top: number, rows: number): Iterator<Place>[] {
    const claimOn = rememberedClaims();
    const toRecord = (row: MessageRow): Place => {
      const record = recordOf(row);
      return { sequence: row.sequence, lines: () => activitiesOf(record, claimFor(record, claimOn)) };
    };
    const inPieces = <Row extends { sequence: number }>(
      query: Database.Statement<unknown[]>,
      toPlace: (row: Row) => Place,
      ...parameters: unknown[]
    ): Iterator<Place> => pieces((below) => query.all(...parameters, below, rows) as Row[], rows, top, toPlace);

    if (tab === 'anonymous') {
      // Whatever has a person is on the other tab.
      return person === undefined ? [inPieces(messagesAnonymous, toRecord)] : [];
    }
    if (person === undefined) {
      return [inPieces(claims, toMerge), inPieces(tab === 'identified' ? messagesIdentified : messages, toRecord)];
    }
    const id = toColumn(person);
    return [
      inPieces(claimsNaming, toMerge, id),
      inPieces(messagesNaming, toRecord, id),
      ...(claimsOf.all(id) as ClaimRow[]).map((row) => inPieces(messagesOn, toRecord, bucketOn(claimIn(row)), row.anonymous_id)),
    ];
  }

  function toMerge(row: ClaimRow): Place {
    return { sequence: row.sequence, lines: () => [mergeLine(claimIn(row)) ?? []].flat() };
  }

  /** Counted when it is looked at: an event that joins late has nothing to update. */
  function mergeLine(claim: Claim): Activity | undefined {
    const rows = timesOn.all(bucketOn(claim), toColumn(claim.anonymousId)) as TimesRow[];
    return mergeActivity(claim, rows.map((row) => timesOf(row, claim.anonymousId)).filter((record) => isMerged(record, claim)));
  }

  function person(id: string): Person | undefined {
    return inTransaction(database, 'DEFERRED', () => {
      const theirs = (claimsOf.all(toColumn(id)) as ClaimRow[]).map(claimIn);
      const own = (messagesNaming.all(toColumn(id), TOP, -1) as MessageRow[]).map(recordOf);
      if (theirs.length === 0 && own.length === 0) return undefined;
      const claimOn = rememberedClaims();
      return personOf(id, theirs, [...own, ...theirs.flatMap(mergedInto)], (record) => claimFor(record, claimOn));
    });
  }

  function mergedInto(claim: Claim): MessageRecord[] {
    const rows = messagesOn.all(bucketOn(claim), toColumn(claim.anonymousId), TOP, -1) as MessageRow[];
    return rows.map(recordOf).filter((record) => isMerged(record, claim));
  }

  /** The claims on anonymous ids, each looked up once. */
  function rememberedClaims(): (anonymousId: string) => Claim | undefined {
    const known = new Map<string, Claim | undefined>();
    return (anonymousId) => {
      if (!known.has(anonymousId)) {
        const row = selectClaim.get(bucketOf(anonymousStream(anonymousId)), toColumn(anonymousId)) as ClaimRow | undefined;
        known.set(anonymousId, row && claimIn(row));
      }
      return known.get(anonymousId);
    };
  }

  function version(): string {
    const { name, last_sequence } = log.get() as LogRow;
    return `${name}-${last_sequence}`;
  }

  return { activity, person, version };
}

function claimFor({ message }: MessageRecord, claimOn: (anonymousId: string) => Claim | undefined): Claim | undefined {
  const merging = mergingId(message);
  return merging === undefined ? undefined : claimOn(merging);
}

function bucketOn({ anonymousId }: Claim): number {
  return bucketOf(anonymousStream(anonymousId));
}

/** Walks down the log, a piece at a time. */
function* pieces<Row extends { sequence: number }>(
  read: (below: number) => Row[],
  size: number,
  top: number,
  toPlace: (row: Row) => Place,
): Generator<Place> {
  for (let below = top; ; ) {
    const rows = read(below);
    for (const row of rows) yield toPlace(row);
    const last = rows[size - 1];
    if (!last) return;
    below = last.sequence;
  }
}

/** Weaves several descents of the log into one; at the same place, the earlier of them goes first. */
function* newestFirst(descents: Iterator<Place>[]): Generator<Place> {
  const heads = descents.map((descent) => descent.next().value as Place | undefined);
  for (;;) {
    let next = -1;
    heads.forEach((head, index) => {
      if (head && head.sequence > (heads[next]?.sequence ?? -1)) next = index;
    });
    const head = heads[next];
    if (!head) return;
    yield head;
    heads[next] = descents[next]!.next().value as Place | undefined;
  }
}
