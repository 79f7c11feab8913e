import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { createAdaptorServer } from '@hono/node-server';
import { createCollector, type Collector, type LogEntry } from './collector/index.js';
import { ConfigError, inFile, readConfig } from './config.js';
import type { Ledger, LedgerOptions } from './ledger/index.js';
import { openPostgresLedger } from './ledger/postgres.js';
import { LedgerError, sqliteLedger } from './ledger/sqlite.js';
import { snippet, tag, type SnippetOptions } from './loader/index.js';
import { createSite, integrityOf } from './site.js';

const HELP = `hitherto: a collector, its activity log and a demo shop

  hitherto serve [options]       starts the collector

    --port PORT          where to listen, 0 for any free port   (4321, or PORT)
    --host HOST          on which address                       (127.0.0.1)
    --data FOLDER        where everything is kept               (.hitherto)
    --database URL       a Postgres that keeps it instead       (none, or HITHERTO_DATABASE)
    --config FILE        campaigns, segments, webhook: JSON     (none, or HITHERTO_CONFIG)
    --write-key KEY      what pages send with it; public        (demo, or HITHERTO_WRITE_KEY)
    --admin-token TOKEN  what the activity log is read with     (made and printed, or HITHERTO_ADMIN_TOKEN)

  On an address that others can reach, --write-key and --admin-token are required.

  hitherto snippet [options]     prints what a page pastes

    --endpoint URL       the collector                          (none: events stay in the page)
    --write-key KEY      the key that goes with it
    --src URL            the address of the script              (the collector's own)
    --global NAME        what the client is called in the page  (cioanalytics)
    --consent STATE      pending: wait for the visitor's answer (granted)
    --auto-page          track page views
    --nonce NONCE        what a Content Security Policy allows scripts by
    --integrity          with the hash of the script of this version

  hitherto --help
  hitherto --version
`;

const SNIPPET_OPTIONS = {
  'endpoint': { type: 'string' },
  'write-key': { type: 'string' },
  'src': { type: 'string' },
  'global': { type: 'string' },
  'consent': { type: 'string' },
  'auto-page': { type: 'boolean' },
  'nonce': { type: 'string' },
  'integrity': { type: 'boolean' },
} as const;

const SERVE_OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  data: { type: 'string', default: '.hitherto' },
  database: { type: 'string' },
  config: { type: 'string' },
  'write-key': { type: 'string' },
  'admin-token': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** How long requests that are under way have to finish when the process is told to stop. */
const STOP_MS = 3000;

/** What the user can mend; told in one line, without a stack. */
class UsageError extends Error {}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ConfigError || error instanceof LedgerError)) throw error;
  process.stderr.write(`hitherto: ${oneLine(error.message)}\n`);
  process.exit(1);
}

async function run(args: string[]): Promise<void> {
  if (args[0] === 'snippet') return void process.stdout.write(snippetFor(args.slice(1)));
  const { values, positionals } = readArguments(args, SERVE_OPTIONS);
  const [command, surplus] = positionals;
  if (values.version) process.stdout.write(`${versionOfPackage()}\n`);
  else if (values.help || command === undefined) process.stdout.write(HELP);
  else if (command !== 'serve') throw new UsageError(`there is no command "${command}"; "hitherto serve" starts the collector, "hitherto --help" tells the rest.`);
  else if (surplus !== undefined) throw new UsageError(`serve takes options only, not "${surplus}"; see "hitherto --help".`);
  else await serve(readSettings(values));
}

type Values = ReturnType<typeof readArguments<typeof SERVE_OPTIONS>>['values'];

function readArguments<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    // The first sentence says what is wrong; those behind it are about the parser.
    const [reason] = (error as Error).message.split('. ');
    throw new UsageError(`${reason}; "hitherto --help" lists the options.`);
  }
}

/** Two ways to load the client, to choose from. */
function snippetFor(args: string[]): string {
  const { values, positionals } = readArguments(args, SNIPPET_OPTIONS);
  if (positionals[0] !== undefined) throw new UsageError(`snippet takes options only, not "${positionals[0]}"; see "hitherto --help".`);
  const { endpoint, src, global, consent, nonce, 'write-key': writeKey, 'auto-page': autoPage } = values;
  if ((endpoint === undefined) !== (writeKey === undefined)) {
    throw new UsageError('--endpoint and --write-key go together; leave out both to merge in the page.');
  }
  for (const [name, address] of Object.entries({ endpoint, src })) {
    if (address !== undefined && !(URL.canParse(address) && new URL(address).protocol.startsWith('http'))) throw new UsageError(`--${name} is no address: "${address}"; write it as in https://collector.example.`);
  }
  if (consent !== undefined && !['granted', 'pending', 'denied'].includes(consent)) {
    throw new UsageError(`--consent is granted, pending or denied, not "${consent}".`);
  }
  const file = endpoint === undefined ? 'hitherto.min.js' : 'hitherto.remote.min.js';
  // A hash goes with an address at which the script never changes.
  const folder = values.integrity ? `v${versionOfPackage()}/` : '';
  const address = src ?? (endpoint && `${endpoint.replace(/\/+$/, '')}/${folder}${file}`);
  if (address === undefined) throw new UsageError('--src is missing: where pages get the script from, as in --src https://shop.example/hitherto.min.js.');
  const options: SnippetOptions = {
    src: address,
    ...(writeKey !== undefined && { writeKey }),
    ...(endpoint !== undefined && { endpoint }),
    ...(global !== undefined && { global }),
    ...(consent !== undefined && { consent }),
    ...(autoPage && { autoPage }),
    ...(nonce !== undefined && { nonce }),
    ...(values.integrity && { integrity: integrityOfScript(src === undefined ? file : (src.split('/').at(-1) ?? file)) }),
  };
  return `<!-- Calls can be made from here on, and wait for the client: -->\n${snippet(options)}\n\n<!-- Or one tag, and no code in the page: -->\n${tag(options)}\n`;
}

/** The hash of a script as it came with this version. */
function integrityOfScript(file: string): string {
  try {
    return integrityOf(readFileSync(new URL(file, import.meta.url)));
  } catch {
    throw new UsageError(`--integrity needs a --src that ends in the name of a script of ours, such as hitherto.min.js, not "${file}".`);
  }
}

interface Settings {
  port: number;
  host: string;
  data: string;
  /** The address of a Postgres; absent: SQLite, in the data folder. */
  database?: string;
  /** A file of JSON. */
  config?: string;
  writeKey: string;
  /** Absent: one is made and kept with the data. */
  adminToken?: string;
}

function readSettings(values: Values): Settings {
  const { host, data } = values;
  const writeKey = values['write-key'] ?? process.env['HITHERTO_WRITE_KEY'];
  const adminToken = values['admin-token'] ?? process.env['HITHERTO_ADMIN_TOKEN'];
  if (writeKey?.trim() === '') throw new UsageError('--write-key is blank; give it a value or leave it out.');
  if (adminToken?.trim() === '') throw new UsageError('--admin-token is blank; give it a value or leave it out.');
  if (!isLoopback(host) && (writeKey === undefined || adminToken === undefined)) {
    throw new UsageError(`others can reach ${host}, so --write-key and --admin-token are required there; choose both, or leave out --host.`);
  }
  const database = values.database ?? process.env['HITHERTO_DATABASE'];
  const config = values.config ?? process.env['HITHERTO_CONFIG'];
  return {
    port: readPort(values.port),
    host,
    data,
    writeKey: writeKey ?? 'demo',
    ...(database !== undefined && { database }),
    ...(config !== undefined && { config }),
    ...(adminToken !== undefined && { adminToken }),
  };
}

function readPort(flag: string | undefined): number {
  const text = flag ?? (process.env['PORT'] || '4321');
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) {
    throw new UsageError(`${flag === undefined ? 'PORT' : '--port'} is a number from 0 to 65535, not "${text}".`);
  }
  return Number(text);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

async function serve(settings: Settings): Promise<void> {
  const { data, writeKey } = settings;
  makeFolder(data);
  const adminToken = settings.adminToken ?? keptToken(data);
  const { webhook, ...options } = settings.config === undefined ? {} : readConfig(settings.config);
  const { ledger, place } = await openLedger(settings, options);
  const site = createSite({ dist: fileURLToPath(new URL('.', import.meta.url)), writeKey, version: versionOfPackage() });
  const collector = inFile(settings.config, () =>
    createCollector({ ledger, writeKeys: [writeKey], adminToken, ...(webhook && { webhook }), site, log: report }),
  );
  const server = createAdaptorServer({ fetch: (request) => collector.fetch(request) }) as Server;
  try {
    await listen(server, settings);
  } catch (error) {
    await collector.close();
    throw error;
  }
  stopOnSignal(server, collector);
  const home = addressOf(server, settings.host);
  // A token that was given is known to whoever gave it, and stays out of the logs.
  const token = settings.adminToken === undefined ? `#token=${adminToken}` : '';
  process.stdout.write(`hitherto is ready.  Activity log: ${home}${token}  Demo shop: ${home}demo/  Data: ${place}\n`);
}

/** Where everything is kept, and how that is told: the address of a database holds its password. */
async function openLedger({ data, database }: Settings, options: LedgerOptions): Promise<{ ledger: Ledger; place: string }> {
  const file = join(data, 'hitherto.db');
  if (database === undefined) return { ledger: sqliteLedger({ file, ...options }), place: file };
  const ledger = await openPostgresLedger({ url: database, ...options });
  const { host, pathname } = new URL(database);
  return { ledger, place: `Postgres at ${host}${pathname}` };
}

function makeFolder(data: string): void {
  try {
    // What people did is nobody else's business.
    mkdirSync(data, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw folderError(data, error);
  }
}

/** The token of this data folder: made at the first start, so that an address that was opened once stays good. */
function keptToken(data: string): string {
  const file = join(data, 'admin-token');
  const draft = `${file}.${process.pid}`;
  try {
    // Under its name only once it is whole: of several that start at once, nobody reads half of another's.
    writeFileSync(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
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

function folderError(data: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  return new UsageError(`${data} cannot be the data folder (${code}); name one that can be written, as in --data FOLDER.`);
}

function listen(server: Server, { port, host }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)));
    server.listen(port, host, () => resolve());
  });
}

function listenError({ code, message }: NodeJS.ErrnoException, port: number, host: string): UsageError {
  if (code === 'EADDRINUSE') return new UsageError(`port ${port} is in use; stop what uses it, or choose another: --port ${port === 4321 ? 4322 : 4321}`);
  if (code === 'EACCES') return new UsageError(`port ${port} is not yours to listen on; choose one above 1023: --port 4321`);
  return new UsageError(`cannot listen on ${host} (${code ?? message}); leave out --host, or name an address of this machine.`);
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

function stopOnSignal(server: Server, collector: Collector): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => server.closeAllConnections(), STOP_MS).unref();
    server.close(() => void collector.close().then(() => process.exit(0)));
    // A browser holds connections open that it may never use again.
    server.closeIdleConnections();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** One line of JSON, which escapes whatever could forge another line. */
function report({ level, code, message, error }: LogEntry): void {
  const causes: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, code, message, causes })}\n`);
}

function versionOfPackage(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
