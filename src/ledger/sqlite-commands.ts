import type Database from 'libsql';
import {
  anonymousStream,
  DONE,
  emailName,
  isMerged,
  LATE_WINDOW_MS,
  NO_MERGE,
  NOBODY,
  RETENTION_MS,
  SAME_PERSON,
  TOO_LATE_TO_RESTORE,
  userName,
  type Command,
  type CommandResult,
  type Settings,
} from '../merge/index.js';
import { bucketOf } from './bucket.js';
import type { Administration } from './ledger.js';
import { inTransaction } from './sqlite-file.js';
import { nameStream, type Lookup } from './sqlite-lookup.js';
import { QUERIES } from './sqlite-queries.js';
import { claimIn, settingsIn, timesOf, type ClaimRow, type TimesRow } from './sqlite-rows.js';
import { toColumn } from './sqlite-text.js';

/** What a place in the log leaves out of a command, for each kind of command. */
type Told<Kind = Command> = Kind extends Command ? Omit<Kind, 'receivedAt' | 'sequence'> : never;
/** Claims are read in pieces of this many. */
const PIECE_ROWS = 100;

type Commands = Omit<Administration, 'explain' | 'preview' | 'settings'>;

/** The commands of the SQLite ledger: each is one transaction, and an entry of the log. */
export function createCommands(database: Database.Database, lookUp: () => Lookup, atFirst: Settings): Commands {
  const advance = database.prepare(QUERIES.advance);
  const insertCommand = database.prepare(QUERIES.insertCommand);
  const undoClaim = database.prepare(QUERIES.undoClaim);
  const buryClaim = database.prepare(QUERIES.buryClaim);
  const claims = database.prepare(QUERIES.claims);
  const closeClaim = database.prepare(QUERIES.closeClaim);
  const linkName = database.prepare(QUERIES.linkName);
  const eraseName = database.prepare(QUERIES.eraseName);
  const suppressName = database.prepare(QUERIES.suppressName);
  const deleteMessage = database.prepare(QUERIES.deleteMessage);
  const deleteNaming = database.prepare(QUERIES.deleteNaming);
  const timesOn = database.prepare(QUERIES.timesOn);
  const set = database.prepare(QUERIES.set);
  const oldAnonymous = database.prepare(QUERIES.oldAnonymous);
  const undoneBefore = database.prepare(QUERIES.undoneBefore);
  const purgedTo = database.prepare(QUERIES.purgedTo);

  function change<Result>(work: (lookup: Lookup) => Result): Result {
    return inTransaction(database, 'IMMEDIATE', () => work(lookUp()));
  }

  /** Writes a command down, behind everything that is there. */
  function enter(lookup: Lookup, at: number, command: Told): { receivedAt: number; sequence: number } {
    const { last_received_at, last_sequence } = lookup.log();
    const place = { receivedAt: Math.max(at, last_received_at), sequence: last_sequence + 1 };
    insertCommand.run(place.sequence, place.receivedAt, JSON.stringify(command));
    advance.run(place.sequence, place.receivedAt);
    return place;
  }

  /** Switching merging off closes the late windows that are open. */
  function closeWindows(at: number): void {
    for (let below = Number.MAX_SAFE_INTEGER; ; ) {
      const rows = claims.all(below, PIECE_ROWS) as ClaimRow[];
      const open = rows.filter((row) => row.at + LATE_WINDOW_MS >= at);
      for (const row of open) if (row.closed_at === null) closeClaim.run(at, bucketOf(anonymousStream(claimIn(row).anonymousId)), row.anonymous_id);
      // The log is in the order of time, and so are the claims in it.
      if (open.length < PIECE_ROWS) return;
      below = rows.at(-1)!.sequence;
    }
  }

  function erase(name: string, at: number, lookup: Lookup): void {
    for (const claim of lookup.claimsOf(name)) {
      const key = [bucketOf(anonymousStream(claim.anonymousId)), toColumn(claim.anonymousId)];
      for (const row of timesOn.all(...key) as TimesRow[]) if (isMerged(timesOf(row, claim.anonymousId), claim)) deleteMessage.run(row.sequence);
      buryClaim.run(...key);
    }
    deleteNaming.run(toColumn(name));
    eraseName.run(bucketOf(nameStream(name)), toColumn(name), at);
  }

  function suppress(id: string, at: number, type: 'person_suppressed' | 'person_unsuppressed'): CommandResult {
    return change((lookup) => {
      const person = lookup.rootNamed(id) ?? (id.includes('@') ? emailName(id)! : userName(id));
      const names = lookup.namesUnder(person);
      for (const name of names) suppressName.run(bucketOf(nameStream(name)), toColumn(name), Number(type === 'person_suppressed'));
      enter(lookup, at, { type, person, names });
      return DONE;
    });
  }

  return {
    async mergePeople(primary, secondary, at) {
      return change((lookup) => {
        const [into, from] = [lookup.rootNamed(primary), lookup.rootNamed(secondary)];
        if (into === undefined || from === undefined) return NOBODY;
        if (into === from) return SAME_PERSON;
        const { receivedAt, sequence } = enter(lookup, at, { type: 'people_merged', primary: into, secondary: from });
        linkName.run(bucketOf(nameStream(from)), toColumn(from), toColumn(into), receivedAt, sequence, 1);
        return DONE;
      });
    },
    async undoMerge(anonymousId, at) {
      return change((lookup) => {
        const claim = lookup.claimOn(anonymousId);
        if (claim?.person === undefined) return NO_MERGE;
        const { undoneAt } = claim;
        if (undoneAt !== undefined && at - undoneAt > RETENTION_MS) return TOO_LATE_TO_RESTORE;
        const type = undoneAt === undefined ? 'merge_undone' : 'merge_restored';
        const { receivedAt } = enter(lookup, at, { type, anonymousId, person: lookup.directory.rootOf(claim.person) });
        undoClaim.run(undoneAt === undefined ? receivedAt : null, bucketOf(anonymousStream(anonymousId)), toColumn(anonymousId));
        return DONE;
      });
    },
    async deletePerson(id, at) {
      return change((lookup) => {
        const person = lookup.rootNamed(id);
        if (person === undefined) return NOBODY;
        const names = lookup.namesUnder(person);
        const anonymousIds = names.flatMap((name) => lookup.claimsOf(name).map(({ anonymousId }) => anonymousId));
        const { receivedAt } = enter(lookup, at, { type: 'person_deleted', person, names, anonymousIds });
        for (const name of names) erase(name, receivedAt, lookup);
        return DONE;
      });
    },
    suppress: async (id, at) => suppress(id, at, 'person_suppressed'),
    unsuppress: async (id, at) => suppress(id, at, 'person_unsuppressed'),
    async changeSettings(wanted, at) {
      return change((lookup) => {
        const now = settingsIn(lookup.log(), atFirst);
        const settings = { ...now, ...wanted };
        if (settings.anonymousEventMerge === now.anonymousEventMerge) return settings;
        const { receivedAt } = enter(lookup, at, { type: 'settings_changed', settings });
        set.run(JSON.stringify(settings));
        if (!settings.anonymousEventMerge) closeWindows(receivedAt);
        return settings;
      });
    },
    async purge(now, limit) {
      return change((lookup) => {
        const before = now - RETENTION_MS;
        const rows = oldAnonymous.all(lookup.log().purged_sequence, before, limit) as (TimesRow & { anonymous_id: string | null })[];
        let deleted = 0;
        for (const row of rows) {
          const anonymousId = row.anonymous_id === null ? '' : row.anonymous_id;
          const claim = row.anonymous_id === null ? undefined : lookup.claimInColumn(row.anonymous_id);
          // Of an undone merge, what had joined through it has its own clock, which starts at the undo.
          const isHeld = claim !== undefined && isMerged(timesOf(row, anonymousId), { ...claim, undoneAt: undefined });
          if (!isHeld) deleted += deleteMessage.run(row.sequence).changes;
        }
        if (rows.length > 0) purgedTo.run(rows.at(-1)!.sequence);
        if (rows.length === limit) return { deleted, isDone: false };
        for (const claim of (undoneBefore.all(before) as ClaimRow[]).map(claimIn)) {
          for (const row of timesOn.all(bucketOf(anonymousStream(claim.anonymousId)), toColumn(claim.anonymousId)) as TimesRow[]) {
            if (row.received_at < before) deleted += deleteMessage.run(row.sequence).changes;
          }
        }
        return { deleted, isDone: true };
      });
    },
  };
}
