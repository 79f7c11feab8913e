import {
  anonymousSince,
  DONE,
  isMerged,
  LATE_WINDOW_MS,
  NO_MERGE,
  nameMeantBy,
  NOBODY,
  RETENTION_MS,
  SAME_PERSON,
  TOO_LATE_TO_RESTORE,
  TOO_LONG_FOR_AN_ID,
  withoutPerson,
  type Campaign,
  type Command,
  type CommandResult,
  type Position,
  type Settings,
} from '../../merge/index.js';
import { isLongerThanId } from '../../wire/index.js';
import type { Administration } from '../ledger.js';
import type { Change, SqlDatabase, Statements } from './database.js';
import { claimKeyOf, createLookup, nameKeyOf, type Lookup } from './lookup.js';
import { logIn, placeAt } from './read.js';
import { commandIn, settingsIn, timesOf, type CommandRow, type MessageRow, type TimesRow } from './rows.js';
import { toColumn } from './text.js';
import { startWhatJoined } from './triggers.js';

/** What a place in the log leaves out of a command, for each kind of command. */
type Told<Kind = Command> = Kind extends Command ? Omit<Kind, 'receivedAt' | 'sequence'> : never;

type Commands = Pick<Administration, 'mergePeople' | 'undoMerge' | 'deletePerson' | 'suppress' | 'unsuppress' | 'changeSettings' | 'purge'>;

/** So many commands at a time are looked at for a person who is deleted. */
const PAGE_COMMANDS = 1000;

/** What an administrator may change, over any database: each command is one transaction, and an entry of the log. */
export function createCommands(database: SqlDatabase, atFirst: Settings, campaigns: Campaign[]): Commands {
  const change = <Result>(work: (change: Change, lookup: Lookup) => Promise<Result>): Promise<Result> =>
    database.change((statements) => work(statements, createLookup(statements)));

  function suppress(id: string, at: number, type: 'person_suppressed' | 'person_unsuppressed'): Promise<CommandResult> {
    return change(async (statements, lookup) => {
      // Somebody who is not known yet, too: nothing of them is to be kept.
      const root = await lookup.rootNamed(id);
      if (root === undefined && isLongerThanId(id)) return TOO_LONG_FOR_AN_ID;
      const person = root ?? nameMeantBy(id);
      const names = await lookup.namesFor(id);
      const place = await enter(statements, at, { type, person, names });
      if (type === 'person_suppressed') await suppressNames(names, place, statements);
      else await unsuppressNames(names, statements);
      return DONE;
    });
  }

  return {
    mergePeople: (primary, secondary, at) =>
      change(async (statements, lookup) => {
        const into = await lookup.rootNamed(primary);
        const from = await lookup.rootNamed(secondary);
        if (into === undefined || from === undefined) return NOBODY;
        if (into === from) return SAME_PERSON;
        const place = await enter(statements, at, { type: 'people_merged', primary: into, secondary: from });
        // Whoever is suppressed is so under each of their names, and these are theirs from here on.
        if ((await lookup.suppressed([into])).has(into)) await suppressNames(await lookup.namesFor(from), place, statements);
        const { bucket, name } = nameKeyOf(from);
        await statements.run('linkName', bucket, name, toColumn(into), place.receivedAt, place.sequence, 1);
        return DONE;
      }),
    undoMerge: (anonymousId, at) =>
      change(async (statements, lookup) => {
        const claim = await lookup.claimOn(anonymousId);
        if (claim?.person === undefined) return NO_MERGE;
        const { undoneAt } = claim;
        // By the clock of the log, which may be ahead of whoever asks.
        if (undoneAt !== undefined && (await statements.nextPlace(at)).receivedAt - undoneAt > RETENTION_MS) return TOO_LATE_TO_RESTORE;
        const type = undoneAt === undefined ? 'merge_undone' : 'merge_restored';
        const { receivedAt, sequence } = await enter(statements, at, { type, anonymousId, person: await lookup.rootOf(claim.person) });
        const { bucket, anonymous_id } = claimKeyOf(anonymousId);
        await statements.run('undoClaim', bucket, anonymous_id, ...(undoneAt === undefined ? [receivedAt, sequence] : [null, null]));
        if (undoneAt !== undefined) await startWhatJoined({ ...claim, undoneAt: undefined }, statements, lookup, campaigns);
        return DONE;
      }),
    async deletePerson(id, at) {
      const result = await change(async (statements, lookup): Promise<CommandResult> => {
        const person = await lookup.rootNamed(id);
        if (person === undefined) return NOBODY;
        const names = await lookup.namesFor(id);
        const anonymousIds: string[] = [];
        for (const name of names) for (const { anonymousId } of await lookup.claimsOf(name)) anonymousIds.push(anonymousId);
        await forgetCommands(names, anonymousIds, statements);
        const { receivedAt } = await enter(statements, at, { type: 'person_deleted', person, names, anonymousIds });
        for (const name of names) await erase(name, receivedAt, statements, lookup);
        return DONE;
      });
      if (result.done) await database.wipe?.();
      return result;
    },
    suppress: (id, at) => suppress(id, at, 'person_suppressed'),
    unsuppress: (id, at) => suppress(id, at, 'person_unsuppressed'),
    changeSettings: (wanted, at) =>
      change(async (statements) => {
        const now = settingsIn(await logIn(statements), atFirst);
        const settings = { ...now, ...wanted };
        if (settings.anonymousEventMerge === now.anonymousEventMerge) return settings;
        const { receivedAt, sequence } = await enter(statements, at, { type: 'settings_changed', settings });
        await statements.run('set', JSON.stringify(settings));
        if (!settings.anonymousEventMerge) await statements.run('closeClaims', receivedAt, sequence, receivedAt - LATE_WINDOW_MS);
        return settings;
      }),
    purge: (now, limit) => change((statements, lookup) => purge(now - RETENTION_MS, limit, statements, lookup)),
  };
}

/** Writes a command down, behind everything that is there. */
async function enter(statements: Change, at: number, command: Told): Promise<Position> {
  const place = await statements.takePlace(at);
  await statements.run('insertCommand', place.sequence, place.receivedAt, JSON.stringify(command));
  return place;
}

async function suppressNames(names: string[], { receivedAt, sequence }: Position, statements: Statements): Promise<void> {
  for (const { bucket, name } of names.map(nameKeyOf)) {
    await statements.run('suppressName', bucket, name, 1);
    await statements.run('closeClaimsOf', receivedAt, sequence, receivedAt - LATE_WINDOW_MS, name);
  }
}

async function unsuppressNames(names: string[], statements: Statements): Promise<void> {
  for (const { bucket, name } of names.map(nameKeyOf)) await statements.run('suppressName', bucket, name, 0);
}

/** A command about an anonymous id names its person as well: looking for the names is enough. */
async function forgetCommands(names: string[], anonymousIds: string[], statements: Statements): Promise<void> {
  const quoted = JSON.stringify(names.map((name) => JSON.stringify(name)));
  for (let below = { receivedAt: Number.MAX_SAFE_INTEGER, sequence: Number.MAX_SAFE_INTEGER }; ; ) {
    const found = (await statements.all<CommandRow>('commandsWith', below.receivedAt, below.sequence, PAGE_COMMANDS, quoted)).map(commandIn);
    for (const command of found) await forgetIn(command, names, anonymousIds, statements);
    const last = found[PAGE_COMMANDS - 1];
    if (!last) return;
    below = last;
  }
}

async function forgetIn(command: Command, names: string[], anonymousIds: string[], statements: Statements): Promise<void> {
  const left = withoutPerson(command, names, anonymousIds);
  if (left === command) return;
  await statements.run('deleteCommand', command.receivedAt, command.sequence);
  if (!left) return;
  const { receivedAt, sequence, ...told } = left;
  await statements.run('insertCommand', sequence, receivedAt, JSON.stringify(told));
}

async function erase(name: string, at: number, statements: Statements, lookup: Lookup): Promise<void> {
  for (const claim of await lookup.claimsOf(name)) {
    const { bucket, anonymous_id } = claimKeyOf(claim.anonymousId);
    const rows = await statements.all<TimesRow>('timesOn', bucket, anonymous_id);
    await deleteMessages(rows.filter((row) => isMerged(timesOf(row), claim)), statements);
    await statements.run('buryClaim', bucket, anonymous_id);
  }
  const { bucket, name: column } = nameKeyOf(name);
  await statements.run('deleteNaming', column);
  await statements.run('deleteTriggers', column);
  await statements.run('eraseName', bucket, column, at);
}

/** One step of deleting what stayed anonymous since before a time. */
async function purge(before: number, limit: number, statements: Statements, lookup: Lookup): Promise<{ deleted: number; isDone: boolean }> {
  const { purged_at, purged_sequence } = await logIn(statements);
  const rows = await statements.all<TimesRow & Pick<MessageRow, 'person'>>('old', purged_at, purged_sequence, before, limit);
  const anonymous = rows.filter(({ person }) => person === null);
  await lookup.prepare(anonymous.map(timesOf));
  const expired = anonymous.filter((row) => {
    const record = timesOf(row);
    const claim = lookup.claimFor(record);
    return !(claim && isMerged(record, claim)) && anonymousSince(record, claim) < before;
  });
  const deleted = await deleteMessages(expired, statements);
  const last = rows.at(-1);
  if (last) await statements.run('purgedTo', last.received_at, last.sequence);
  if (rows.length === limit) return { deleted, isDone: false };

  // What is deleted is not found again, so that no place has to be kept.
  const { receivedAt, sequence } = await placeAt(before, statements);
  const room = limit - rows.length;
  const given = await statements.all<TimesRow>('undone', receivedAt, sequence, room, before);
  return { deleted: deleted + (await deleteMessages(given, statements)), isDone: given.length < room };
}

async function deleteMessages(rows: TimesRow[], statements: Statements): Promise<number> {
  if (rows.length === 0) return 0;
  return statements.run('deleteMessages', JSON.stringify(rows.map(({ received_at, sequence }) => ({ received_at, sequence }))));
}
