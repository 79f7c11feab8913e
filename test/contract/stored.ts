import { cpSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import type postgres from 'postgres';

/** What lies in a ledger's file, whatever the collector makes of it. */
export interface Stored {
  /** "ok", or what is wrong with the file. */
  integrity: string;
  /** Each as often as it is there. */
  messageIds: string[];
}

/** @param data a folder that no collector is at work in */
export function storedIn(data: string): Stored {
  const database = new Libsql(join(data, 'hitherto.db'));
  const [{ integrity_check: integrity }] = database.pragma('integrity_check') as [{ integrity_check: string }];
  const rows = database.prepare('SELECT body FROM messages').all() as { body: string }[];
  database.close();
  return { integrity, messageIds: rows.map(({ body }) => (JSON.parse(body) as { messageId: string }).messageId).sort() };
}

/** The same of a schema in Postgres, which looks after its files itself. */
export async function storedInSchema(sql: postgres.Sql, schema: string): Promise<Stored> {
  const rows = await sql.unsafe<{ body: string }[]>(`SELECT body FROM ${schema}.messages`);
  return { integrity: 'ok', messageIds: rows.map(({ body }) => (JSON.parse(body) as { messageId: string }).messageId).sort() };
}

/**
 * What a crash at this moment would leave, of a collector that is at rest.
 *
 * @param copy an empty folder: a database that is opened is changed, and the collector is to find it as it left it
 */
export function storedBeside(data: string, copy: string): Stored {
  for (const name of ['hitherto.db', 'hitherto.db-wal']) cpSync(join(data, name), join(copy, name));
  return storedIn(copy);
}
