import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './command.js';
import { folderError } from './storage.js';

/** The token of a data folder: made at the first start, so that an address that was opened once stays good. */
export function keptToken(data: string): string {
  const file = join(data, 'admin-token');
  const draft = `${file}.${process.pid}`;
  try {
    // Under its name only once it is whole: of several that start at once, nobody reads half of another's.
    // In hexadecimal: one that began with a hyphen would be taken for an option.
    writeFileSync(draft, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw folderError(data, error);
  } finally {
    rmSync(draft, { force: true });
  }
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw folderError(data, error);
  }
  if (token === '') throw new UsageError(`${file} is empty; delete it, and a new token is made.`);
  return token;
}
