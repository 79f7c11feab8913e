import {
  asksWhoIsKnown,
  createDirectory,
  emailBeside,
  mergingId,
  personNamedBy,
  TRIGGER_WINDOW_MS,
  type Campaign,
  type Claim,
  type Link,
  type MessageRecord,
  type Settings,
} from '../../merge/index.js';
import type { Statements } from '../sql/database.js';
import type { AppendFacts } from '../sql/facts.js';
import { recentOn } from '../sql/holdings.js';
import { claimKeyOf, nameKeyOf } from '../sql/lookup.js';
import { claimIn, linkIn, settingsIn, type ClaimRow, type NameRow } from '../sql/rows.js';
import { fromColumn, toColumn } from '../sql/text.js';
import { statementsOn, type Query } from './connection.js';
import { STATEMENTS } from './statements.js';
import type { Entry, Found, Tables } from './tables.js';

/** What a commit knows, and learns from what it decides. */
export interface CommitFacts extends AppendFacts {
  /** Remembers what was decided, also whom it names. */
  addRecord(record: MessageRecord): void;
}

/** Everything that was looked up for a commit. */
export interface Looked {
  found: Found;
  /** What anonymous ids did before, where campaigns ask for it. */
  past: Map<string, MessageRecord[]>;
}

/** What an empty database says. */
export const NOTHING: Looked = {
  found: { settings: '{}', command_at: 0, command_sequence: 0, links: 0, claims: [], names: [], known: [] },
  past: new Map(),
};

/** Looks up what the rules ask about some messages: nearly always in one round. */
export async function lookUp(query: Query, tables: Tables, entries: Entry[], campaigns: Campaign[]): Promise<Looked> {
  const messages = entries.map(({ message }) => message);
  const named = new Set(messages.flatMap((message) => [personNamedBy(message) ?? [], emailBeside(message) ?? []].flat()));
  const asking = messages.filter(asksWhoIsKnown);
  const known = new Set(asking.flatMap((message) => [personNamedBy(message) ?? [], emailBeside(message) ?? []].flat()));
  const found = await tables.find(query, {
    claims: distinct(messages.flatMap((message) => mergingId(message) ?? [])).map(claimKeyOf),
    names: [...named].map(nameKeyOf),
    known: [...known].map((name) => toColumn(name)),
  });
  await followLinks(query, found, named);
  return { found, past: campaigns.length > 0 ? await pastOf(statementsOn(query), entries, found.claims) : new Map() };
}

/** Adds the names that others lead to, and those of the holders of claims. */
async function followLinks(query: Query, found: Found, looked: Set<string>): Promise<void> {
  for (;;) {
    const people = [...found.claims, ...found.names].flatMap(({ person }) => (person === null ? [] : fromColumn(person)));
    const next = distinct(people).filter((name) => !looked.has(name));
    if (next.length === 0) return;
    for (const name of next) looked.add(name);
    found.names.push(...(await query<NameRow>(STATEMENTS.names, [JSON.stringify(next.map(nameKeyOf))])));
  }
}

async function pastOf(statements: Statements, entries: Entry[], claims: ClaimRow[]): Promise<Map<string, MessageRecord[]>> {
  const taken = new Set(claims.map((row) => fromColumn(row.anonymous_id)));
  const claiming = entries.flatMap(({ message: { type }, message }) => (type === 'identify' || type === 'alias' ? (mergingId(message) ?? []) : []));
  // A claim is not older than the request that brings it.
  const since = Math.min(...entries.map(({ at }) => at.receivedAt)) - TRIGGER_WINDOW_MS;
  const past = new Map<string, MessageRecord[]>();
  for (const id of distinct(claiming)) if (!taken.has(id)) past.set(id, await recentOn(id, since, statements));
  return past;
}

/** The facts of one attempt to decide on a commit. */
export function factsIn({ found, past }: Looked, atFirst: Settings): CommitFacts {
  const claims = new Map<string, Claim>(found.claims.map(claimIn).map((claim) => [claim.anonymousId, claim]));
  const rows = new Map<string, NameRow>(found.names.map((row) => [fromColumn(row.name), row]));
  const links = new Map<string, Link>();
  for (const [name, row] of rows) {
    const link = linkIn(row);
    if (link) links.set(name, link);
  }
  const known = new Set(found.known.map(fromColumn));
  const records = new Map([...past].map(([id, before]) => [id, [...before]]));
  const directory = createDirectory((name) => links.get(name));

  return {
    isMergingOff: !settingsIn(found, atFirst).anonymousEventMerge,
    directory,
    claimOn: (anonymousId) => claims.get(anonymousId!),
    hasNames: () => rows.size > 0 || links.size > 0,
    nameFacts(name) {
      const row = rows.get(name);
      return {
        root: directory.rootOf(name),
        isKnown: links.has(name) || known.has(name),
        erasedAt: row?.erased_at ?? undefined,
        isSuppressed: row?.is_suppressed === 1,
      };
    },
    isSuppressed: (name) => rows.get(name)?.is_suppressed === 1,
    recentOn: ({ anonymousId }) => records.get(anonymousId) ?? [],
    setClaim: (claim) => void claims.set(claim.anonymousId, claim),
    setLink(name, link) {
      links.set(name, link);
      known.add(link.person);
    },
    addRecord(record) {
      const { person, message } = record;
      if (person !== undefined) known.add(person);
      else if (message.anonymousId !== undefined) {
        const before = records.get(message.anonymousId);
        if (before) before.push(record);
        else records.set(message.anonymousId, [record]);
      }
    },
  };
}

function distinct<Value>(values: Value[]): Value[] {
  return [...new Set(values)];
}
