import type { Outcome } from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';
import type { LedgerOptions, RequestTime, WholeLedger } from '../ledger.js';
import { ledgerOver, parseOptions } from '../sql/ledger.js';
import { createSqliteDatabase } from './database.js';
import type { AppendLog } from './facts.js';
import { emptyLog, openBeside, openDatabase } from './file.js';
import { APPEND } from './queries.js';
import { createWriter } from './write.js';

export interface SqliteLedgerOptions extends LedgerOptions {
  /** Where the database lies; made when it is not there. Its folder has to exist. */
  file: string;
}

/** @throws LedgerError */
export function createSqliteLedger({ file, ...options }: SqliteLedgerOptions): { ledger: WholeLedger; appendTexts(texts: string[], at: RequestTime): Promise<Outcome[]> } {
  const parsed = parseOptions(options);
  const { anonymousEventMerge, campaigns } = parsed;
  const writing = openDatabase(file);
  const reading = openBeside(file);
  const writer = createWriter(writing, file, { anonymousEventMerge }, campaigns);
  const database = createSqliteDatabase(writing, reading, writer, () => openBeside(file));
  const log = reading.prepare(APPEND.log);

  async function end(): Promise<void> {
    // Behind whatever is being written and read: a statement of libsql would go on working behind a closed database.
    await database.change(async () => {});
    await database.look(async () => {});
    // What reads the file on a connection of its own would keep its log from being emptied.
    await database.survey(async () => {});
    reading.close();
    emptyLog(writing);
    writing.close();
  }

  const ledger = ledgerOver({
    database,
    append: writer.append,
    async version() {
      const { name, last_sequence } = log.get() as AppendLog;
      return `${name}-${last_sequence}`;
    },
    end,
    options: parsed,
    closedMessage: closedMessage(file),
  });
  return {
    ledger,
    /** Appends messages that were written as JSON in another thread. */
    appendTexts(texts, at) {
      const messages = texts.map((text) => JSON.parse(text) as AcceptedMessage);
      return writer.append(messages, at, texts);
    },
  };
}

/** What whoever asks a closed ledger is told. */
export function closedMessage(file: string): string {
  return `The ledger in ${file} is closed; open it again with sqliteLedger.`;
}
