import cluster from 'node:cluster';
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { createCollector, type Collector, type CollectorOptions, type Meter } from '../collector/index.js';
import { inFile } from '../config.js';
import { createSite } from '../site.js';
import { BATCH_BYTES, MESSAGE_BYTES } from '../wire/index.js';
import { textIn, UsageError, type Command } from './command.js';
import { createLogger, logEverything, LOG_LEVELS, type LogLevel } from './log.js';
import { prometheusMeter } from './metrics.js';
import { versionOfPackage } from './package.js';
import { readyText } from './ready.js';
import { settled, type Settled } from './settings.js';
import { countedByAll } from './shared-metrics.js';
import { DEFAULT_DATA, makeFolder, openLedger, STORAGE_OPTIONS, type Storage } from './storage.js';
import { keptToken } from './token.js';
import { countsForAll, startWorkers } from './workers.js';

export const serve: Command = {
  summary: 'starts the collector, with its activity log and a demo shop',
  about: `Each option may also stand in the environment (--write-key: HITHERTO_WRITE_KEY; lists with commas) or in the file that --config
names ("writeKey"). A flag comes before the environment, and that before the file.
On an address that others can reach, --write-key and --admin-token are required.`,
  options: {
    port: { value: 'PORT', help: 'where to listen, 0 for any free port', otherwise: '4321, or PORT' },
    host: { value: 'HOST', help: 'on which address', otherwise: '127.0.0.1' },
    ...STORAGE_OPTIONS,
    config: { value: 'FILE', help: 'settings, campaigns, segments, webhook: JSON', otherwise: 'none' },
    'write-key': { value: 'KEY', help: 'what pages send with; public', otherwise: 'demo', many: true },
    'secret-key': { value: 'KEY', help: 'what servers send with; the Track API needs one', otherwise: 'none', many: true },
    'admin-token': { value: 'TOKEN', help: 'what the log is read and administered with', otherwise: 'made and printed' },
    'allow-origin': { value: 'ORIGIN', help: 'a site whose pages may send, as https://*.shop.example', otherwise: 'any', many: true },
    'rate-limit': { value: 'REQUESTS', help: 'from one address in a minute; 0 for none', otherwise: '6000' },
    'message-bytes': { value: 'BYTES', help: 'how large a message may be', otherwise: '32768' },
    'batch-bytes': { value: 'BYTES', help: 'how large a request may be, unpacked', otherwise: '512000' },
    'header-seconds': { value: 'SECONDS', help: 'how long a request may take until its headers are there', otherwise: '15' },
    'trust-proxy': { help: 'X-Forwarded-For says who asks; only behind a proxy of yours' },
    identity: { value: 'STRENGTH', help: 'open, traits, all: what pages need a token for', otherwise: 'open' },
    'identity-secret': { value: 'SECRET', help: 'what your server signs those tokens with', otherwise: 'none', many: true },
    'identity-public-key': { value: 'FILE', help: 'the public key instead, as PEM', otherwise: 'none' },
    'identity-seconds': { value: 'SECONDS', help: 'how long such a token may hold at most', otherwise: '86400' },
    workers: { value: 'NUMBER', help: 'processes on this machine; more than one needs Postgres', otherwise: '1' },
    'log-level': { value: 'LEVEL', help: 'info (every request), warning, error or silent', otherwise: 'warning' },
  },
  examples: [
    'hitherto serve',
    'hitherto serve --host 0.0.0.0 --write-key WRITE_KEY --admin-token TOKEN --data /var/lib/hitherto',
    'HITHERTO_DATABASE=postgres://… hitherto serve --config hitherto.json --workers 4',
  ],
  async run(given) {
    const all = settled(given, serve.options);
    const settings = readSettings(all);
    if (settings.workers > 1 && cluster.isPrimary) return startWorkers(settings.workers);
    return start(settings, all, textIn(given, 'config') ?? process.env['HITHERTO_CONFIG']);
  },
};

/** How long requests that are under way have to finish when the process is told to stop: within the 10 seconds that a host gives. */
const STOP_MS = 8000;
const GIVE_UP_MS = 9500;
/** Whoever sends requests here has to notice that this one is not ready any more. */
const DRAIN_MS = 500;
/** Each of many requests is held in memory while it is read. */
const LARGEST_REQUEST_BYTES = 16 * 1024 * 1024;
/** Headers take one round trip, on a bad line a few; a body may be slow, and the collector says so itself after 30 seconds. */
const HEADER_SECONDS = 15;
const REQUEST_SECONDS = 60;
/**
 * A proxy that sends on a connection at the moment at which it is closed here answers 502. So it is the proxy that closes one that is
 * not used: nginx and the balancers of clouds do so after a minute, Caddy after two. Node would after five seconds.
 */
const IDLE_SECONDS = 125;
/** Node looks for connections that are over their time so often; by itself twice a minute, which would make 45 seconds of 15. */
const CHECK_MS = 1000;

interface Settings extends Storage {
  port: number;
  host: string;
  /** Absent: one is made and kept with the data. */
  adminToken: string | undefined;
  headerSeconds: number;
  trustsProxy: boolean;
  workers: number;
  logLevel: LogLevel;
  /** As createCollector takes them. */
  options: Pick<CollectorOptions, 'writeKeys' | 'secretKeys' | 'allowedOrigins' | 'rateLimits' | 'sizeLimits' | 'signedIdentity'>;
}

function readSettings(given: Settled): Settings {
  const { values, sourceOf } = given;
  const host = textIn(values, 'host') ?? '127.0.0.1';
  const database = textIn(values, 'database');
  const adminToken = textIn(values, 'admin-token');
  const writeKeys = values['write-key'] as string[] | undefined;
  const workers = numberIn(given, 'workers', 1, 1, 128);
  if (!isLoopback(host) && (writeKeys === undefined || adminToken === undefined)) {
    throw new UsageError(`others can reach ${host}, so --write-key and --admin-token are required there; choose both, or leave out ${sourceOf('host')}.`);
  }
  if (workers > 1 && database === undefined) throw new UsageError(`several workers share a Postgres: give --database too, or leave out ${sourceOf('workers')}.`);
  const perMinute = numberIn(given, 'rate-limit', undefined, 0, 10_000_000);
  const allowedOrigins = values['allow-origin'] as string[] | undefined;
  return {
    port: readPort(given),
    host,
    data: textIn(values, 'data') ?? DEFAULT_DATA,
    database,
    adminToken,
    headerSeconds: numberIn(given, 'header-seconds', HEADER_SECONDS, 1, REQUEST_SECONDS),
    trustsProxy: values['trust-proxy'] === true,
    workers,
    logLevel: oneOf(given, LOG_LEVELS, 'log-level', 'warning'),
    options: {
      writeKeys: writeKeys ?? ['demo'],
      secretKeys: (values['secret-key'] as string[] | undefined) ?? [],
      ...(allowedOrigins && { allowedOrigins }),
      ...(perMinute !== undefined && { rateLimits: { perAddress: perMinute || Infinity } }),
      sizeLimits: sizesIn(given),
      ...identityIn(given),
    },
  };
}

function sizesIn(given: Settled): Required<CollectorOptions>['sizeLimits'] {
  const batchBytes = numberIn(given, 'batch-bytes', BATCH_BYTES, 1024, LARGEST_REQUEST_BYTES);
  return { batchBytes, messageBytes: numberIn(given, 'message-bytes', Math.min(MESSAGE_BYTES, batchBytes), 1024, batchBytes) };
}

function identityIn(given: Settled): Pick<CollectorOptions, 'signedIdentity'> {
  const { values, sourceOf } = given;
  const file = textIn(values, 'identity-public-key');
  const secret = values['identity-secret'] as string[] | undefined;
  const require = oneOf(given, ['open', 'traits', 'all'] as const, 'identity', 'open');
  const tokenSeconds = numberIn(given, 'identity-seconds', undefined, 1, 999_999_999);
  if (file === undefined && secret === undefined) {
    if (require === 'open') return {};
    throw new UsageError(`${sourceOf('identity')} is ${require}, which needs --identity-secret or --identity-public-key: what the tokens are checked by.`);
  }
  return { signedIdentity: { require, ...(tokenSeconds !== undefined && { tokenSeconds }), ...(secret && { secret }), ...(file !== undefined && { publicKey: readKey(file, sourceOf('identity-public-key')) }) } };
}

/** The key is looked at here, so that a wrong one is told at the start and not with the first token. */
function readKey(file: string, source: string): string {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code}); ${source} is a file with the key as PEM.`, { cause });
  }
  if (!/BEGIN PUBLIC KEY/.test(pem) || !canVerify(pem)) {
    throw new UsageError(`${file} holds no public key as PEM, of Ed25519, P-256 or RSA from 2,048 bits; "openssl pkey -in private.pem -pubout" writes one.`);
  }
  return pem;
}

function canVerify(pem: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails = {} } = createPublicKey(pem);
    if (asymmetricKeyType === 'rsa') return asymmetricKeyDetails.modulusLength! >= 2048;
    return asymmetricKeyType === 'ed25519' || asymmetricKeyDetails.namedCurve === 'prime256v1';
  } catch {
    // It does not say what it is: the sentence above does.
    return false;
  }
}

/** Hosts set PORT, and all programs heed it. */
function readPort(given: Settled): number {
  if (given.values['port'] === undefined && process.env['PORT']) return wholeNumber(process.env['PORT'], 'PORT', 0, 65_535);
  return numberIn(given, 'port', 4321, 0, 65_535);
}

function numberIn<Fallback>({ values, sourceOf }: Settled, name: string, fallback: Fallback, least: number, most: number): number | Fallback {
  const text = textIn(values, name);
  return text === undefined ? fallback : wholeNumber(text, sourceOf(name), least, most);
}

function wholeNumber(text: string, source: string, least: number, most: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least || Number(text) > most) throw new UsageError(`${source} is a number from ${least} to ${most}, not "${text}".`);
  return Number(text);
}

function oneOf<Word extends string>({ values, sourceOf }: Settled, words: readonly Word[], name: string, fallback: Word): Word {
  const text = textIn(values, name) ?? fallback;
  const found = words.find((word) => word === text);
  if (found === undefined) throw new UsageError(`${sourceOf(name)} is ${words.join(', ')}, not "${text}".`);
  return found;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

async function start(settings: Settings, { config, sourceOf }: Settled, file: string | undefined): Promise<void> {
  const { webhook, ...ledgerOptions } = config;
  const { data, database, options } = settings;
  if (database === undefined || settings.adminToken === undefined) makeFolder(data);
  const adminToken = settings.adminToken ?? keptToken(data);
  const { ledger, place } = await openLedger(settings, ledgerOptions);
  const site = createSite({ dist: fileURLToPath(new URL('.', import.meta.url)), writeKey: options.writeKeys[0]!, version: versionOfPackage() });
  const { log, answered } = createLogger(settings.logLevel);
  const meter = meterThatTells(answered);
  logEverything(log);
  const collector = inFile(file, () =>
    usable(sourceOf, () => createCollector({ ...options, ledger, adminToken, ...(webhook && { webhook }), site, log, meter })),
  );
  const server = createAdaptorServer({
    fetch: (request, { incoming }) => collector.fetch(request, { address: callerOf(incoming, settings.trustsProxy) }),
    // HTTP/1.0 needs no Host, and the health checks of some balancers, HAProxy's among them, send none.
    hostname: 'localhost',
    serverOptions: { headersTimeout: settings.headerSeconds * 1000, requestTimeout: REQUEST_SECONDS * 1000, keepAliveTimeout: IDLE_SECONDS * 1000, connectionsCheckingInterval: CHECK_MS },
  }) as Server;
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
  if (cluster.isPrimary || cluster.worker?.id === 1) {
    // Pages that are not on this machine reach it by a name that only whoever runs it knows.
    const endpoint = isLoopback(settings.host) ? home.slice(0, -1) : 'https://YOUR-COLLECTOR';
    process.stdout.write(readyText({ home, token, place, endpoint, writeKey: options.writeKeys[0]! }, process.stdout.isTTY));
  }
}

/** Counts each request, and says so. */
function meterThatTells(answered: Meter['answered']): Meter {
  const { registry, merged, ...meter } = prometheusMeter();
  return {
    ...meter,
    ...(countsForAll() && merged && { merged }),
    answered(...request) {
      meter.answered(...request);
      answered(...request);
    },
    ...(cluster.isWorker && { text: countedByAll(registry) }),
  };
}

/** The options of createCollector that it may find fault with, as they are called here. */
const OPTIONS: Record<string, string> = { writeKeys: 'write-key', secretKeys: 'secret-key', adminToken: 'admin-token', allowedOrigins: 'allow-origin' };

/** What createCollector says of its options is for whoever gave the flags. */
function usable(sourceOf: Settled['sourceOf'], create: () => Collector): Collector {
  try {
    return create();
  } catch (error) {
    if (!(error instanceof TypeError) || error.message.startsWith('webhook')) throw error;
    const message = error.message.replace(/\b[a-z]+[A-Z][a-z]+\b/g, (word) => (Object.hasOwn(OPTIONS, word) ? sourceOf(OPTIONS[word]!) : word));
    throw new UsageError(message, { cause: error });
  }
}

/** A proxy adds whom it heard from to the end of the list; what stands before that, anybody may have made up. */
function callerOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>, trustsProxy: boolean): string | undefined {
  const forwarded = trustsProxy ? String(headers['x-forwarded-for'] ?? '').split(',').at(-1)!.trim() : '';
  return forwarded || socket.remoteAddress;
}

function listen(server: Server, { port, host }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)));
    server.listen(port, host, () => resolve());
  });
}

function listenError({ code, message }: NodeJS.ErrnoException, port: number, host: string): UsageError {
  if (code === 'EADDRINUSE') return new UsageError(`port ${port} is in use; stop what uses it, or choose another; --port 0 takes one that is free`);
  if (code === 'EACCES') return new UsageError(`port ${port} is not yours to listen on; choose one above 1023: --port 4321`);
  return new UsageError(`cannot listen on ${host} (${code ?? message}); leave out --host, or name an address of this machine.`);
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

/**
 * Stops without losing anything that was acknowledged: says that it is not ready, takes no new connections, answers what is under
 * way, closes the ledger. A second signal does not wait; a worker leaves that to the first process, since a signal that goes to
 * all of them reaches it twice.
 */
function stopOnSignal(server: Server, collector: Collector): void {
  let isStopping = false;
  const answering = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.prependListener('request', (_, response) => {
    if (isStopping) response.shouldKeepAlive = false;
    answering.add(response);
    response.once('close', () => answering.delete(response));
  });
  const stop = (): void => {
    if (isStopping && cluster.isPrimary) process.exit(1);
    if (isStopping) return;
    isStopping = true;
    collector.drain();
    for (const response of answering) response.shouldKeepAlive = false;
    setTimeout(() => server.closeAllConnections(), STOP_MS).unref();
    // A database that does not answer must not hold it up; what it was asked was not acknowledged.
    setTimeout(() => process.exit(1), GIVE_UP_MS).unref();
    setTimeout(() => {
      server.close(() => void collector.close().then(() => process.exit(0)));
      // A browser holds connections open that it may never use again, or has opened for the case that it will: Node takes those on which
      // nothing has come yet for busy ones. So does whoever listens to the stream, which has ended only when its answer has.
      server.closeIdleConnections();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      for (const response of answering) response.once('close', () => server.closeIdleConnections());
      void collector.close();
    }, DRAIN_MS);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
