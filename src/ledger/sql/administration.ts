import { namesMeantBy, type Campaign, type Segment, type Settings } from '../../merge/index.js';
import type { Administration } from '../ledger.js';
import { createCommands } from './commands.js';
import type { SqlDatabase } from './database.js';
import { createLookup } from './lookup.js';
import type { Reader } from './read.js';
import { segmentIn } from './segments.js';

/** What an administrator may ask and do, over any database. */
export function createAdministration(database: SqlDatabase, reader: Reader, atFirst: Settings, campaigns: Campaign[], segments: Segment[]): Administration {
  return {
    explain: reader.explain,
    message: reader.message,
    preview: reader.preview,
    settings: reader.settings,
    nameMeantBy: (id) => database.look(async (statements) => (await createLookup(statements).knownAmong(namesMeantBy(id)))[0]),
    async segment(name, now) {
      const segment = segments.find((candidate) => candidate.name === name);
      return segment && segmentIn(database, segment, now);
    },
    ...createCommands(database, atFirst, campaigns),
  };
}
