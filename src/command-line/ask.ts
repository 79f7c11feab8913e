import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createCollector } from '../collector/index.js';
import type { LedgerOptions } from '../ledger/index.js';
import { NobodyError, textIn, UsageError, type Options, type Values } from './command.js';
import { DEFAULT_DATA, openLedger, STORAGE_OPTIONS } from './storage.js';

/** Whom the commands that read and change are about: a collector that runs, or what it keeps. */
export const ASK_OPTIONS = {
  url: { value: 'URL', help: 'ask a collector that runs, at its address', otherwise: 'none: look into the data itself' },
  'admin-token': { value: 'TOKEN', help: 'goes with --url', otherwise: 'none' },
  ...STORAGE_OPTIONS,
  config: { value: 'FILE', help: 'the file that the collector is started with', otherwise: 'none' },
} satisfies Options;

/**
 * Asks the admin API: of a collector that runs, else of one in this process, over the data. SQLite and Postgres may both be read
 * and changed while a collector runs on them.
 */
export async function asking(values: Values, ledgerOptions: LedgerOptions | undefined, work: (ask: Ask) => Promise<void>): Promise<void> {
  const url = textIn(values, 'url');
  if (url !== undefined) return work(askRemote(url, textIn(values, 'admin-token')));
  const storage = { data: textIn(values, 'data') ?? DEFAULT_DATA, database: textIn(values, 'database') };
  if (storage.database === undefined && !existsSync(join(storage.data, 'hitherto.db'))) {
    throw new UsageError(`${storage.data} holds no data of a collector; name its folder with --data, or its address with --url.`);
  }
  const { ledger } = await openLedger(storage, ledgerOptions);
  const adminToken = crypto.randomUUID();
  const collector = createCollector({ ledger, writeKeys: [crypto.randomUUID()], adminToken });
  try {
    await work((method, path) => collector.fetch(new Request(`http://localhost${path}`, { method, headers: { Authorization: `Bearer ${adminToken}` } })));
  } finally {
    await collector.close();
  }
}

export type Ask = (method: 'GET' | 'POST', path: string) => Promise<Response>;

function askRemote(url: string, token: string | undefined): Ask {
  if (!URL.canParse(url) || !new URL(url).protocol.startsWith('http')) throw new UsageError(`--url is no address: "${url}"; write it as in http://127.0.0.1:4321.`);
  if (token === undefined) throw new UsageError('--url goes with --admin-token, or with HITHERTO_ADMIN_TOKEN.');
  return async (method, path) => {
    let response: Response;
    try {
      // The token goes to the address that was named, and to no other.
      response = await fetch(url.replace(/\/+$/, '') + path, { method, redirect: 'error', headers: { Authorization: `Bearer ${token}` } });
    } catch (cause) {
      throw new UsageError(`nothing answers at ${url}; start a collector there, or check the address.`, { cause });
    }
    if (response.status === 401) throw new UsageError(`the collector at ${url} does not accept this admin token.`);
    return response;
  };
}

/** What was answered, or what was wrong with the question. */
export async function answerOf<Answer>(response: Response): Promise<Answer> {
  // Whatever stands in front of a collector may answer with a page.
  const answer = (await response.json().catch(() => ({}))) as Answer & { code?: string; message?: string };
  if (answer.code === 'nobody' && answer.message !== undefined) throw new NobodyError(answer.message);
  if (!response.ok) throw new UsageError(answer.message ?? `the collector answered ${response.status}; perhaps it is none.`);
  return answer;
}
