import { historyOf, isMember, isStanding, lateUntil, oldestFor, spellsIn, type Segment } from '../../merge/index.js';
import type { Counts, PeoplePage, PersonSummary, PersonTrigger, Standing } from '../../wire/index.js';
import type { PeopleQuery } from '../ledger.js';
import { newestStartFirst } from '../page.js';
import type { SqlDatabase, Statements } from './database.js';
import { holdingsOf } from './holdings.js';
import { claimKeyOf, createLookup } from './lookup.js';
import { activityIn, type View } from './read.js';
import { claimIn, type ClaimRow } from './rows.js';
import { compareColumns, fromColumn, toColumn } from './text.js';

/** Who is known, and what follows from what they did. */
export interface People {
  people(query: PeopleQuery): Promise<PeoplePage>;
  standing(id: string, now: number): Promise<Standing | undefined>;
  counts(from: number, until: number): Promise<Counts>;
  merged(from: number, until: number): Promise<number>;
}

/** So many claims are one question, and one text of their bounds. */
const COUNTED_CLAIMS = 1000;

interface TriggerRow {
  campaign: string;
  message_id: string;
  started_at: number;
  occurred_at: number;
  delivered_at: number | null;
}

export function createPeople(database: SqlDatabase, segments: Segment[]): People {
  const look = <Result>(work: (view: View) => Promise<Result>): Promise<Result> =>
    database.look((statements) => work({ statements, lookup: createLookup(statements) }));

  return {
    people: (query) => look((view) => peoplePage(view, query)),

    standing: (id, now) =>
      look(async ({ statements, lookup }) => {
        const root = await lookup.rootNamed(id);
        if (root === undefined) return undefined;
        const history = segments.length > 0 && historyOf(await holdingsOf(root, statements, lookup), lookup.claimFor, lookup.directory);
        const triggers: PersonTrigger[] = [];
        for (const name of await lookup.namesUnder(root)) for (const row of await statements.all<TriggerRow>('triggersFor', toColumn(name))) triggers.push(triggerIn(row));
        return {
          segments: segments.filter((segment) => history && isMember(spellsIn(segment, history), now)).map(({ name }) => name),
          triggers: triggers.sort(newestStartFirst),
        };
      }),

    counts: (from, until) =>
      look(async ({ statements }) => {
        const [events] = await statements.all<{ count: number }>('eventsBetween', from, until);
        const [claims] = await statements.all<{ count: number }>('claimsBetween', from, until);
        return { events: Number(events!.count), merges: Number(claims!.count) };
      }),

    merged: (from, until) =>
      look(async ({ statements }) => {
        const claims = (await statements.all<ClaimRow>('claimsMadeBetween', from, until)).map(claimIn).filter(isStanding);
        const bounds = claims.map((claim) => {
          const { receivedAt, sequence } = lateUntil(claim);
          return { ...claimKeyOf(claim.anonymousId), received_until: receivedAt, sequence_until: sequence, occurred_from: oldestFor(claim) };
        });
        let merged = 0;
        for (let begin = 0; begin < bounds.length; begin += COUNTED_CLAIMS) {
          const [found] = await statements.all<{ count: number }>('countMerged', JSON.stringify(bounds.slice(begin, begin + COUNTED_CLAIMS)));
          merged += Number(found!.count);
        }
        return merged;
      }),
  };
}

async function peoplePage(view: View, { search = '', before, limit }: PeopleQuery): Promise<PeoplePage> {
  const { lookup, statements } = view;
  const exact = search === '' ? [] : await peopleBehind(search, view);
  // Their ids may stand anywhere in the order, also behind all those that begin so, which follow in any case.
  const isAtTop = before === undefined || exact.includes(before);
  const found = isAtTop ? exact.slice(exact.indexOf(before!) + 1) : [];
  for await (const name of namesFrom(isAtTop ? search : before, search, statements)) {
    if ((await lookup.rootOf(name)) !== name || exact.includes(name)) continue;
    found.push(name);
    // One more than the page has says that there is a next one.
    if (found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  const items: PersonSummary[] = [];
  for (const id of shown) items.push(await summaryOf(id, view));
  return { items, next: found.length > limit ? shown.at(-1)! : null };
}

/** Whoever goes by this name, this email or this anonymous id. */
async function peopleBehind(search: string, { lookup }: View): Promise<string[]> {
  const claim = await lookup.claimOn(search);
  const owner = claim?.person === undefined || claim.undoneAt !== undefined ? undefined : await lookup.rootOf(claim.person);
  return [...new Set([await lookup.rootNamed(search), owner].flatMap((name) => name ?? []))];
}

/** The names that begin so, in order, from behind one on: a step by an index for each, however often it stands there. */
async function* namesFrom(after: string, prefix: string, statements: Statements): AsyncGenerator<string> {
  const begin = toColumn(prefix);
  const heads = { nextNaming: toColumn(after), nextClaiming: toColumn(after) } as Record<'nextNaming' | 'nextClaiming', string | undefined>;
  const step = async (statement: keyof typeof heads): Promise<void> => {
    const [row] = await statements.all<{ name: string }>(statement, heads[statement]!);
    heads[statement] = row?.name.startsWith(begin) ? row.name : undefined;
  };
  await step('nextNaming');
  await step('nextClaiming');
  for (;;) {
    const { nextNaming, nextClaiming } = heads;
    if (nextNaming === undefined && nextClaiming === undefined) return;
    const isNaming = nextClaiming === undefined || (nextNaming !== undefined && compareColumns(nextNaming, nextClaiming) <= 0);
    yield fromColumn((isNaming ? nextNaming : nextClaiming)!);
    if (isNaming) await step('nextNaming');
    if (!isNaming || nextNaming === nextClaiming) await step('nextClaiming');
  }
}

async function summaryOf(id: string, view: View): Promise<PersonSummary> {
  const [, ...names] = await view.lookup.namesUnder(id);
  const claims = (await Promise.all([id, ...names].map(view.lookup.claimsOf))).flat();
  const { items } = await activityIn(view, { person: id, limit: 1 });
  return { id, names, anonymousIds: claims.filter(({ undoneAt }) => undoneAt === undefined).length, ...(items[0] && { lastAt: items[0].at }) };
}

function triggerIn({ campaign, message_id, started_at, occurred_at, delivered_at }: TriggerRow): PersonTrigger {
  return { campaign: fromColumn(campaign), messageId: fromColumn(message_id), at: Number(started_at), occurredAt: Number(occurred_at), isDelivered: delivered_at !== null };
}
