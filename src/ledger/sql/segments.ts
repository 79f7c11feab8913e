import { historyOf, isMember, segmentChanges, spellsIn, type Segment } from '../../merge/index.js';
import type { SegmentState } from '../ledger.js';
import type { SqlDatabase, Statements } from './database.js';
import { holdingsOf } from './holdings.js';
import { createLookup, type Lookup } from './lookup.js';
import { fromColumn } from './text.js';

/** So many people are asked for at a time; the past of one of them is in memory at a time. */
const PAGE_PEOPLE = 1000;

/** Works out a segment of everybody in a database. */
export function segmentIn(database: SqlDatabase, segment: Segment, now: number): Promise<SegmentState> {
  return database.survey(async (statements) => {
    const state: SegmentState = { members: [], changes: [] };
    const names = createLookup(statements);
    for await (const person of everybody(statements, names)) {
      // A lookup of its own, whose claims are let go of with the person.
      const lookup = createLookup(statements);
      const holdings = await holdingsOf(person, statements, lookup);
      const spells = spellsIn(segment, historyOf(holdings, lookup.claimFor, lookup.directory));
      if (isMember(spells, now)) state.members.push(person);
      for (const change of segmentChanges(person, spells, now)) state.changes.push(change);
    }
    state.members.sort();
    state.changes.sort((a, b) => a.at - b.at || (a.person < b.person ? -1 : Number(a.person > b.person)));
    return state;
  });
}

/** Everybody who goes by a name of their own: an alias leads to somebody else. */
async function* everybody(statements: Statements, lookup: Lookup): AsyncGenerator<string> {
  for (let after = ''; ; ) {
    const rows = await statements.all<{ name: string }>('peopleAfter', after, PAGE_PEOPLE);
    for (const name of rows.map((row) => fromColumn(row.name))) if ((await lookup.rootOf(name)) === name) yield name;
    const last = rows[PAGE_PEOPLE - 1];
    if (!last) return;
    after = last.name;
  }
}
