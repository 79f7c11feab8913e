import { parseCampaigns, parseSegments, type Outcome } from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';
import { LedgerError } from '../error.js';
import type { LedgerOptions, RequestTime, WholeLedger } from '../ledger.js';
import { createAdministration } from './administration.js';
import type { SqlDatabase } from './database.js';
import { guarded } from './guarded.js';
import { createPeople } from './people.js';
import { createReader } from './read.js';
import { createTriggerQueue } from './triggers.js';

/** What a ledger is made of, whichever database it is in. */
export interface LedgerParts {
  database: SqlDatabase;
  append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]>;
  version(): Promise<string>;
  watch?(onChange: () => void): () => void;
  now?(): number;
  /** Lets go of the database, behind everything that is on its way. */
  end(): Promise<void>;
  options: Required<LedgerOptions>;
  /** What whoever asks a closed ledger is told. */
  closedMessage: string;
}

/** @throws TypeError with a sentence that names the place and the remedy, when campaigns or segments are not well-formed */
export function parseOptions({ anonymousEventMerge = true, campaigns = [], segments = [] }: LedgerOptions): Required<LedgerOptions> {
  return { anonymousEventMerge, campaigns: parseCampaigns(campaigns), segments: parseSegments(segments) };
}

/** A ledger over a database, until it is closed. */
export function ledgerOver({ database, append, version, watch, now, end, options, closedMessage }: LedgerParts): WholeLedger {
  const { campaigns, segments, anonymousEventMerge } = options;
  const atFirst = { anonymousEventMerge };
  const reader = createReader(database, atFirst, campaigns);
  let closing: Promise<void> | undefined;

  function open(): void {
    if (closing) throw new LedgerError('closed', closedMessage);
  }

  const { activity, live, messages, person } = reader;
  const { people, standing, counts, merged } = createPeople(database, segments);
  return {
    ...guarded({ append: async (messages: AcceptedMessage[], at: RequestTime) => (messages.length === 0 ? [] : append(messages, at)), activity, live, messages, person, people, standing, counts, merged, version }, open),
    ...(watch && { watch }),
    ...(now && { now }),
    administration: guarded(createAdministration(database, reader, atFirst, campaigns, segments), open),
    triggers: guarded(createTriggerQueue(database, campaigns), open),
    async close() {
      closing ??= end();
      await closing;
    },
  };
}
