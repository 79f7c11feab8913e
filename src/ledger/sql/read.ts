import {
  activitiesOf,
  commandActivity,
  countedActivity,
  explainClosed,
  explanationOf,
  isShown,
  isStanding,
  lateUntil,
  nameMeantBy,
  oldestFor,
  personOf,
  previewOf,
  UNKNOWN_MESSAGE,
  type Campaign,
  type Claim,
  type Command,
  type MessageRecord,
  type PlacedActivity,
  type Preview,
  type Settings,
} from '../../merge/index.js';
import type { AcceptedMessage, Activity, ActivityPage, Explanation, Person } from '../../wire/index.js';
import type { ActivityQuery, LiveActivity, LiveQuery, MessagePage } from '../ledger.js';
import { cutPage, exportedPage, isAsked, isBelow, liveOf, pageOf, readCursor } from '../page.js';
import type { SqlDatabase, Statements, Value } from './database.js';
import { newestFirst, pieces, type Below, type Descent, type Place } from './descent.js';
import { holdingsOf, recordsOn } from './holdings.js';
import { claimKeyOf, createLookup, nameKeyOf, type Lookup } from './lookup.js';
import { claimIn, commandIn, recordOf, settingsIn, type ClaimRow, type CommandRow, type LogRow, type MessageRow, type NameRow } from './rows.js';
import { fromColumn, toColumn } from './text.js';

/** Reads the log. */
export interface Reader {
  activity(query: ActivityQuery): Promise<ActivityPage>;
  live(after: string | undefined, query: LiveQuery): Promise<LiveActivity>;
  messages(query: { after?: string; limit: number }): Promise<MessagePage>;
  person(id: string): Promise<Person | undefined>;
  explain(messageId: string, anonymousId: string | undefined, now: number): Promise<Explanation>;
  message(messageId: string, anonymousId: string | undefined): Promise<AcceptedMessage | undefined>;
  preview(person: string, anonymousId: string, now: number): Promise<Preview>;
  settings(): Promise<Settings>;
}

/** Above every place. */
const TOP: Below = { receivedAt: Number.MAX_SAFE_INTEGER, sequence: Number.MAX_SAFE_INTEGER };
/** Below every place: no sequence is 0. */
const BOTTOM: Below = { receivedAt: -1, sequence: 0 };
/** Rows are read in pieces of at least this many: a query costs as much as several rows. */
const PIECE_ROWS = 100;
/** Where rows are wanted from many places at once, so many of each at first. */
const FIRST_ROWS = 4;

/** A page looks at no more lines than this for a name or an anonymous id that is rare, so that no request walks the whole log. */
const SCAN_LINES = 5000;

/** Everything that is asked in one snapshot. */
export interface View {
  statements: Statements;
  lookup: Lookup;
}

/** The reading half of a ledger in a database. */
export function createReader(database: SqlDatabase, atFirst: Settings, campaigns: Campaign[]): Reader {
  const look = <Result>(work: (view: View) => Promise<Result>): Promise<Result> =>
    database.look((statements) => work({ statements, lookup: createLookup(statements) }));

  return {
    activity: (query) => look((view) => activityIn(view, query)),
    live: (after, query) => look(async (view) => liveOf(placedFrom(view, {}, TOP, PIECE_ROWS), after, query)),
    messages: ({ after, limit }) =>
      look(async ({ statements }) => {
        const { receivedAt, sequence } = readCursor(after) ?? BOTTOM;
        return exportedPage((await statements.all<MessageRow>('messagesAbove', receivedAt, sequence, limit)).map(recordOf), limit);
      }),
    person: (id) => look((view) => personNamed(view, id)),
    settings: () => look(async ({ statements }) => settingsIn(await logIn(statements), atFirst)),
    explain: (messageId, anonymousId, now) =>
      look(async ({ statements, lookup }) => {
        const record = await recordNamed(statements, messageId, anonymousId);
        if (!record) return UNKNOWN_MESSAGE;
        await lookup.prepare([record]);
        const claim = lookup.claimFor(record);
        const { anonymousEventMerge } = settingsIn(await logIn(statements), atFirst);
        const closing = claim && (await closingOf(claim, statements));
        const explanation = explanationOf(record, claim, now, anonymousEventMerge, (record, claim) => explainClosed(record, claim, closing));
        return explanation.person === undefined ? explanation : { ...explanation, person: lookup.directory.rootOf(explanation.person) };
      }),
    message: (messageId, anonymousId) => look(async ({ statements }) => (await recordNamed(statements, messageId, anonymousId))?.message),
    preview: (person, anonymousId, now) =>
      look(async (view) => {
        const { statements, lookup } = view;
        const known = await personNamed(view, person);
        const name = nameMeantBy(person);
        const named = await statements.all<NameRow>('names', JSON.stringify([person, name].map(nameKeyOf)));
        const records = await recordsOn(anonymousId, statements);
        await lookup.prepare(records);
        const facts = {
          anonymousId,
          claim: await lookup.claimOn(anonymousId),
          isMergingOn: settingsIn(await logIn(statements), atFirst).anonymousEventMerge,
          records,
          asked: person,
          path: { root: known?.id ?? name, isKnown: known !== undefined, isSuppressed: named.some(({ is_suppressed }) => is_suppressed === 1) },
          traits: known?.traits ?? {},
          campaigns,
          directory: lookup.directory,
        };
        return previewOf(facts, { receivedAt: now, sequence: TOP.sequence });
      }),
  };
}

/** What closed the late window of a claim early, if anything did. */
async function closingOf({ closedAt, closedSequence }: Claim, statements: Statements): Promise<Command | undefined> {
  if (closedAt === undefined || closedSequence === undefined) return undefined;
  const [row] = await statements.all<CommandRow>('commands', closedAt, closedSequence + 1, 1);
  return row?.sequence === closedSequence ? commandIn(row) : undefined;
}

export async function logIn(statements: Statements): Promise<LogRow> {
  return (await statements.all<LogRow>('log'))[0]!;
}

/** The first of them, where several were sent under one id; with an anonymous id, its own. */
async function recordNamed(statements: Statements, messageId: string, anonymousId: string | undefined): Promise<MessageRecord | undefined> {
  const records = (await statements.all<MessageRow>('copies', toColumn(messageId))).map(recordOf);
  records.sort((a, b) => a.receivedAt - b.receivedAt || a.sequence - b.sequence);
  return anonymousId === undefined ? records[0] : records.find(({ message }) => message.anonymousId === anonymousId);
}

async function personNamed({ statements, lookup }: View, id: string): Promise<Person | undefined> {
  const root = await lookup.rootNamed(id);
  if (root === undefined) return undefined;
  return personOf(root, await holdingsOf(root, statements, lookup), lookup.claimFor, lookup.directory);
}

export async function activityIn(view: View, query: ActivityQuery): Promise<ActivityPage> {
  const { before, limit, tab, person, anonymousId, since = -Infinity, until } = query;
  const cursor = readCursor(before);
  // The line at the cursor's own place may have others below it.
  const below = cursor ? { receivedAt: cursor.receivedAt, sequence: cursor.sequence + 1 } : TOP;
  const top = until === undefined || until > below.receivedAt ? below : lower(below, await placeAt(until, view.statements));
  const root = person === undefined ? undefined : ((await view.lookup.rootNamed(person)) ?? person);
  const filter = { ...(tab && { tab }), ...(root !== undefined && { person: root }) };
  const found: PlacedActivity[] = [];
  let looked = 0;
  for await (const placed of placedFrom(view, { ...filter, ...(anonymousId !== undefined && { anonymousId }) }, top, Math.max(limit + 1, PIECE_ROWS))) {
    if (placed.line.at < since) break;
    if (isShown(placed.line, filter) && isBelow(placed, cursor) && isAsked(placed.line, query)) found.push(placed);
    // One line more than the page has says that there is a next one.
    if (found.length > limit) break;
    if (++looked >= SCAN_LINES) return cutPage(found, placed);
  }
  return pageOf(found, limit);
}

/** Nothing that was received before a time stands above it: whoever asks for last month does not walk through this one. */
export async function placeAt(time: number, statements: Statements): Promise<Below> {
  const [place] = await statements.all<{ received_at: number; sequence: number }>('placeAt', time);
  return { receivedAt: place!.received_at, sequence: place!.sequence };
}

/** What narrows the places to look at. The lines that they give are looked at once more. */
type Narrowed = Pick<ActivityQuery, 'tab' | 'person' | 'anonymousId'>;

/** The lines of the log, newest first, read as far as they are asked for. */
async function* placedFrom(view: View, filter: Narrowed, top: Below, size: number): AsyncGenerator<PlacedActivity> {
  for await (const place of newestFirst(await descents(view, filter, top, size))) {
    for (const line of await place.lines()) yield { sequence: place.sequence, line };
  }
}

/** Where the lines that were asked for may stand. The claims come first: a merge stands above the identify that brought it. */
async function descents({ statements, lookup }: View, { tab, person, anonymousId }: Narrowed, top: Below, size: number): Promise<Descent[]> {
  type PageOf = Parameters<Statements['all']>[0];
  const inPieces = <Row>(toPlaces: (rows: Row[]) => Promise<Place[]>, from: Below, query: PageOf, ...values: Value[]): Descent => {
    const read = async ({ receivedAt, sequence }: Below, rows: number): Promise<Place[]> =>
      toPlaces(await statements.all<Row>(query, receivedAt, sequence, rows, ...values));
    // One of a thousand anonymous ids gives a page a line or two; the log as a whole gives it all of them.
    return { top: from, places: from === top ? pieces(read, size, size, top) : pieces(read, FIRST_ROWS, size, above(from)) };
  };
  const records = async (rows: MessageRow[]): Promise<Place[]> => {
    const found = rows.map(recordOf);
    await lookup.prepare(found);
    return found.map((record) => ({ ...placeOf(record), lines: () => activitiesOf(record, lookup.claimFor(record), lookup.directory) }));
  };
  const merges = async (rows: ClaimRow[]): Promise<Place[]> => {
    const found = rows.map(claimIn);
    await lookup.prepare([], found);
    return found.map((claim) => ({ receivedAt: claim.at, sequence: claim.sequence, lines: () => mergeLine({ statements, lookup }, claim) }));
  };

  if (tab === 'anonymous') {
    // Whatever has a person is on the other tab, and so is what administrators do to them.
    if (person !== undefined) return [];
    if (anonymousId === undefined) return [inPieces(records, top, 'messagesAnonymous')];
    const { bucket, anonymous_id } = claimKeyOf(anonymousId);
    return [inPieces(records, top, 'messagesOn', bucket, anonymous_id)];
  }
  if (person === undefined) {
    return [inPieces(merges, top, 'claims'), inPieces(records, top, tab === 'identified' ? 'messagesIdentified' : 'messages'), inPieces(commands, top, 'commands')];
  }
  const theirs: Descent[] = [];
  for (const name of (await lookup.namesUnder(person)).map((name) => toColumn(name))) {
    theirs.push(inPieces(merges, top, 'claimsNaming', name), inPieces(records, top, 'messagesNaming', name));
    for (const { anonymous_id, received_at, sequence } of await statements.all<HeadRow>('heads', top.receivedAt, top.sequence, name)) {
      theirs.push(inPieces(records, { receivedAt: received_at, sequence }, 'messagesOn', claimKeyOf(fromColumn(anonymous_id)).bucket, anonymous_id));
    }
  }
  return [...theirs, inPieces(commands, top, 'commands')];
}

async function commands(rows: CommandRow[]): Promise<Place[]> {
  return rows.map(commandIn).map((command) => ({ ...placeOf(command), lines: () => [commandActivity(command)] }));
}

/** The newest message of an anonymous id. */
interface HeadRow {
  anonymous_id: string;
  received_at: number;
  sequence: number;
}

/** Counted when it is looked at: an event that joins late has nothing to update. */
async function mergeLine({ statements, lookup }: View, claim: Claim): Promise<Activity[]> {
  if (!isStanding(claim)) return [];
  const { bucket, anonymous_id } = claimKeyOf(claim.anonymousId);
  const { receivedAt, sequence } = lateUntil(claim);
  const [found] = await statements.all<{ count: number; oldest: number }>('countOn', bucket, anonymous_id, receivedAt, sequence, oldestFor(claim));
  return [countedActivity(claim, { count: found!.count, oldestMs: found!.oldest }, lookup.directory) ?? []].flat();
}

function placeOf({ receivedAt, sequence }: Below): Below {
  return { receivedAt, sequence };
}

function lower(a: Below, b: Below): Below {
  return (a.receivedAt - b.receivedAt || a.sequence - b.sequence) < 0 ? a : b;
}

/** So that a piece which starts below it has the place itself. */
function above({ receivedAt, sequence }: Below): Below {
  return { receivedAt, sequence: sequence + 1 };
}
