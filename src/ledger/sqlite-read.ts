import type Database from 'libsql';
import {
  activitiesOf,
  anonymousStream,
  commandActivity,
  explanationOf,
  isMerged,
  isShown,
  mergeActivity,
  personOf,
  previewOf,
  UNKNOWN_MESSAGE,
  type Claim,
  type Holdings,
  type MessageRecord,
  type PlacedActivity,
  type Preview,
  type Settings,
} from '../merge/index.js';
import type { Activity, ActivityPage, Explanation, Person } from '../wire/index.js';
import { bucketOf } from './bucket.js';
import type { ActivityQuery } from './ledger.js';
import { isBelow, pageOf, readCursor } from './page.js';
import { inTransaction } from './sqlite-file.js';
import type { Lookup } from './sqlite-lookup.js';
import { QUERIES } from './sqlite-queries.js';
import { claimIn, commandIn, recordOf, settingsIn, timesOf, type ClaimRow, type CommandRow, type MessageRow, type TimesRow } from './sqlite-rows.js';
import { toColumn } from './sqlite-text.js';

/** Reads the log. */
export interface Reader {
  activity(query: ActivityQuery): ActivityPage;
  person(id: string): Person | undefined;
  explain(messageId: string, anonymousId: string | undefined, now: number): Explanation;
  preview(person: string, anonymousId: string, now: number): Preview;
  settings(): Settings;
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
export function createReader(database: Database.Database, lookUp: () => Lookup, atFirst: Settings): Reader {
  const messages = database.prepare(QUERIES.messages);
  const messagesAnonymous = database.prepare(QUERIES.messagesAnonymous);
  const messagesIdentified = database.prepare(QUERIES.messagesIdentified);
  const messagesNaming = database.prepare(QUERIES.messagesNaming);
  const messagesOn = database.prepare(QUERIES.messagesOn);
  const claims = database.prepare(QUERIES.claims);
  const claimsNaming = database.prepare(QUERIES.claimsNaming);
  const commands = database.prepare(QUERIES.commands);
  const timesOn = database.prepare(QUERIES.timesOn);
  const copies = database.prepare(QUERIES.copies);

  /** One snapshot: what another process commits meanwhile must not fall between two queries. */
  function look<Result>(work: (lookup: Lookup) => Result): Result {
    return inTransaction(database, 'DEFERRED', () => work(lookUp()));
  }

  function activity({ before, limit, tab, person }: ActivityQuery): ActivityPage {
    const cursor = readCursor(before);
    const top = cursor ? cursor.sequence + 1 : TOP;
    return look((lookup) => {
      const root = person === undefined ? undefined : (lookup.rootNamed(person) ?? person);
      const filter = { ...(tab && { tab }), ...(root !== undefined && { person: root }) };
      return pageOf(lines(), limit);

      function* lines(): Generator<PlacedActivity> {
        for (const place of newestFirst(places(filter, top, Math.max(limit + 1, PIECE_ROWS), lookup))) {
          for (const line of place.lines()) {
            const placed = { sequence: place.sequence, line };
            if (isShown(line, filter) && isBelow(placed, cursor)) yield placed;
          }
        }
      }
    });
  }

  /** Where the lines that were asked for may stand. The claims come first: a merge stands above the identify that brought it. */
  function places({ tab, person }: Omit<ActivityQuery, 'before' | 'limit'>, top: number, rows: number, lookup: Lookup): Iterator<Place>[] {
    const toRecord = (row: MessageRow): Place => {
      const record = recordOf(row);
      return { sequence: row.sequence, lines: () => activitiesOf(record, lookup.claimFor(record), lookup.directory) };
    };
    const toMerge = (row: ClaimRow): Place => ({ sequence: row.sequence, lines: () => [mergeLine(claimIn(row), lookup) ?? []].flat() });
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
      return [inPieces(claims, toMerge), inPieces(tab === 'identified' ? messagesIdentified : messages, toRecord), inPieces(commands, toCommand)];
    }
    return [
      ...lookup.namesUnder(person).flatMap((name) => [
        inPieces(claimsNaming, toMerge, toColumn(name)),
        inPieces(messagesNaming, toRecord, toColumn(name)),
        ...lookup.claimsOf(name).map((claim) => inPieces(messagesOn, toRecord, bucketOn(claim), toColumn(claim.anonymousId))),
      ]),
      inPieces(commands, toCommand),
    ];
  }

  /** Counted when it is looked at: an event that joins late has nothing to update. */
  function mergeLine(claim: Claim, { directory }: Lookup): Activity | undefined {
    const rows = timesOn.all(bucketOn(claim), toColumn(claim.anonymousId)) as TimesRow[];
    const merged = rows.map((row) => timesOf(row, claim.anonymousId)).filter((record) => isMerged(record, claim));
    return mergeActivity(claim, merged, directory);
  }

  function personNamed(id: string, lookup: Lookup): Person | undefined {
    const root = lookup.rootNamed(id);
    return root === undefined ? undefined : personOf(root, holdingsOf(root, lookup), lookup.claimFor, lookup.directory);
  }

  /** What is kept under a name and under those that lead to it. */
  function holdingsOf(name: string, lookup: Lookup): Holdings {
    const own = (messagesNaming.all(toColumn(name), TOP, -1) as MessageRow[]).map(recordOf);
    const theirs = lookup.claimsOf(name).filter(({ undoneAt }) => undoneAt === undefined);
    const holdings: Holdings = { claims: theirs, records: [...own, ...theirs.flatMap((claim) => recordsOn(claim.anonymousId).filter((record) => isMerged(record, claim)))], merged: [] };
    for (const { name: alias, link } of lookup.aliasesOf(name)) {
      const others = holdingsOf(alias, lookup);
      if (link.isMerge) holdings.merged.push({ at: link, holdings: others });
      else {
        holdings.claims.push(...others.claims);
        holdings.records.push(...others.records);
        holdings.merged.push(...others.merged);
      }
    }
    return holdings;
  }

  function recordsOn(anonymousId: string): MessageRecord[] {
    return (messagesOn.all(bucketOf(anonymousStream(anonymousId)), toColumn(anonymousId), TOP, -1) as MessageRow[]).map(recordOf);
  }

  function explain(messageId: string, anonymousId: string | undefined, now: number): Explanation {
    return look((lookup) => {
      const records = (copies.all(toColumn(messageId)) as MessageRow[]).map(recordOf).sort((a, b) => a.sequence - b.sequence);
      const record = anonymousId === undefined ? records[0] : records.find(({ message }) => message.anonymousId === anonymousId);
      if (!record) return UNKNOWN_MESSAGE;
      const isMergingOn = settingsIn(lookup.log(), atFirst).anonymousEventMerge;
      const explanation = explanationOf(record, lookup.claimFor(record), now, isMergingOn);
      return explanation.person === undefined ? explanation : { ...explanation, person: lookup.directory.rootOf(explanation.person) };
    });
  }

  function preview(person: string, anonymousId: string, now: number): Preview {
    return look((lookup) => {
      const log = lookup.log();
      const known = personNamed(person, lookup);
      const facts = {
        anonymousId,
        claim: lookup.claimOn(anonymousId),
        isMergingOn: settingsIn(log, atFirst).anonymousEventMerge,
        records: recordsOn(anonymousId),
        person: known?.id ?? person,
        traits: known?.traits ?? {},
        campaigns: [],
        directory: lookup.directory,
      };
      return previewOf(facts, { receivedAt: now, sequence: log.last_sequence + 1 });
    });
  }

  return {
    activity,
    person: (id) => look((lookup) => personNamed(id, lookup)),
    explain,
    preview,
    settings: () => settingsIn(lookUp().log(), atFirst),
    version: () => {
      const { name, last_sequence } = lookUp().log();
      return `${name}-${last_sequence}`;
    },
  };
}

function toCommand(row: CommandRow): Place {
  return { sequence: row.sequence, lines: () => [commandActivity(commandIn(row))] };
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
