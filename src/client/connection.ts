import { newId, type Identity } from '../identity/index.js';
import {
  createFlusher,
  createOutbox,
  createPost,
  createTabs,
  keepaliveRoom,
  limitOf,
  readAttempts,
  UNADDRESSED,
  writeAttempts,
  type Outbox,
  type OutboxOptions,
  type Row,
} from '../outbox/index.js';
import { serialise, type JsonObject } from '../wire/index.js';
import { addressOf, type Destination } from './destination.js';
import { monotonic } from './monotonic.js';
import type { Report } from './report.js';
import { resendOf } from './resend.js';
import type { ClientOptions, Inspection, LoadEngine, PageEngine } from './types.js';

const FLUSH_INTERVAL_MS = 1_000;
const BATCH_SIZE = 500;
/** A page that is never idle starts its engine after this, milliseconds. */
const IDLE_MS = 2_000;
/** The scope of messages that stay in this browser. */
const PAGE = 'page';

/** Where serialised messages go: into the outbox, and from there to their destination. */
export interface Connection {
  append(text: string, hasIdentify: boolean): Row;
  rememberId(anonymousId: string): void;
  opened: Promise<void>;
  flush(): Promise<void>;
  /** Where they go, what waits, and why the last attempt failed; absent where stored is as far as they get. */
  look?(): Pick<Inspection, 'endpoint' | 'waiting' | 'queue' | 'failure'>;
  /** Stores and sends nothing any more. @returns the rows that were waiting */
  close(): Row[];
  /** The engine of this page, if it has one. */
  engine(): Promise<PageEngine | undefined>;
}

/** What a workspace says about its source. */
export interface Settings {
  endpoint?: string | undefined;
  writeKey?: string | undefined;
  /** As they came. */
  fetched?: JsonObject;
}

interface ConnectionOptions {
  destination: Destination;
  options: ClientOptions;
  /** Another endpoint, which somebody is being asked for; what comes later than that is kept waiting meanwhile. */
  settings: Promise<Settings> | undefined;
  /** Settles once it is known who the visitor was; nothing is sent before. */
  recalled?: Promise<void>;
  identity: Identity;
  /** Whether it is known who the visitor is before the database is open. */
  settled: Promise<boolean>;
  loadEngine: LoadEngine | undefined;
  report: Report;
  /** The activity log has changed. */
  onActivity(): void;
}

export function connect(connection: ConnectionOptions): Connection {
  const { destination, report } = connection;
  if (destination.kind === 'page') return inPage(connection);
  const sending = toCollector(connection, destination);
  if (destination.kind === 'collector') return sending;
  report('misconfigured', `${destination.problem} Until then events are kept.`);
  return { ...sending, flush: () => sending.opened };
}

/** Whom the messages of a client wait for: the clients of a page leave each other's alone. */
export function scopeOf(destination: Destination): string {
  if (destination.kind === 'collector') return `key:${destination.writeKey}`;
  return destination.kind === 'page' ? PAGE : UNADDRESSED;
}

/** Of what has nowhere to go, as much is kept as of what a collector does not take. */
function toCollector(connection: ConnectionOptions, destination: Exclude<Destination, { kind: 'page' }>): Connection {
  const { options, identity, report, settings, recalled } = connection;
  const { flushInterval = FLUSH_INTERVAL_MS, batchSize = BATCH_SIZE, persistence } = options;
  let { endpoint = '', writeKey = '' } = destination;
  let failure = '';
  let isGone = false;
  const readdress = ([given]: [Settings | undefined, unknown]): void => {
    endpoint = addressOf(given?.endpoint ?? endpoint) ?? endpoint;
    writeKey = given?.writeKey ?? writeKey;
  };
  const known = settings || options.firstPartyCookie ? Promise.all([settings, recalled]).then(readdress) : undefined;
  // Where to send what has nowhere to go, nobody will ever know.
  const addressed = destination.kind === 'nowhere' ? new Promise<never>(() => {}) : known;
  const scope = scopeOf(destination);
  const remembers = persistence !== 'memory';
  const post = createPost();
  const tab = newId();
  const tabs = createTabs(tab);
  const outbox = openOutbox(scope, tab, connection, {
    onAppend(row) {
      // A page without rows has nothing that others could take over.
      // One that is called while it goes is left behind at once: with the lock taken again, the next page would pass it by.
      if (!isGone) tabs.hold();
      flusher.add(row);
    },
    onReady: () => flusher.wake(),
  });
  const flusher = createFlusher({
    outbox,
    addressed,
    tabs,
    scope,
    flushInterval,
    batchSize,
    limit: limitOf(options.limit),
    estimate: async () => (await globalThis.navigator?.storage?.estimate().catch(() => undefined)) ?? {},
    attempts: remembers ? readAttempts(scope, Date.now()) : { failures: 0, waitMs: 0 },
    onAttempts: (attempts) => remembers && writeAttempts(scope, attempts, Date.now()),
    send: (messages, { dropped, ...about }) => post(`${endpoint}/v1/b`, envelope(identity.correct(messages), writeKey, dropped), about),
    room: keepaliveRoom,
    now: () => Date.now(),
    monotonic,
    random: () => Math.random(),
    onRefused: (refused) => {
      for (const { messageId, message } of refused) {
        report('message_refused', `${endpoint} refuses message ${messageId}: ${message}`);
      }
    },
    resend: (late) => resendOf(late, identity),
    onDropped: () => report('outbox_full', 'too many events wait in this browser; the oldest are given up. The next request says how many.'),
    onFailure: (reason) => {
      failure = reason;
      report('collector_unreachable', `${endpoint} takes no messages (${reason}); they are kept in this browser until it does.`);
    },
  });

  void outbox.identified.then(() => addressed).then(flusher.start);
  void outbox.opened.then(() => (outbox.hasFound() ? flusher.recover() : undefined));
  globalThis.addEventListener?.('online', () => {
    // Pages that ended meanwhile could deliver nothing.
    void flusher.recover();
    void flusher.flush();
  });
  globalThis.addEventListener?.('pagehide', () => {
    flusher.leave();
    tabs.release();
    isGone = true;
  });
  globalThis.addEventListener?.('pageshow', ({ persisted }) => {
    isGone = false;
    // At the first pageshow the page has just started; a persisted one comes out of the back/forward cache.
    if (persisted) void flusher.recover();
  });
  globalThis.document?.addEventListener('visibilitychange', () => {
    // On a phone this is the last event of a page's life that can be relied upon.
    if (document.visibilityState === 'hidden') flusher.hide();
    else flusher.wake();
  });

  return {
    ...outbox,
    flush: flusher.flush,
    look() {
      const { rows, waiting, hasFailed } = flusher.look();
      return { endpoint: endpoint || undefined, waiting, queue: rows.map(({ text, isInFlight = false }) => ({ text, isSending: isInFlight })), ...(hasFailed && { failure }) };
    },
    close() {
      const rows = flusher.clear();
      outbox.close(rows);
      tabs.release();
      return rows;
    },
    engine: noEngine(report, options),
  };
}

/** The inside of a batch, made whole. sentAt is the time of this attempt: from it the collector knows this browser's clock. */
function envelope(messages: string, writeKey: string, dropped: number): string {
  const about = serialise({ writeKey, sentAt: new Date().toISOString(), strict: true, ...(dropped > 0 && { dropped }) });
  return `{"batch":[${messages}],${about.slice(1)}`;
}

function inPage(connection: ConnectionOptions): Connection {
  const { options, report, loadEngine, onActivity } = connection;
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const engine = begun
    .then(() => loadEngine!(outbox, onActivity, options.campaigns))
    .catch((error: unknown) => report('engine_unavailable', `the merge engine did not start (${String(error)}); events are kept.`, error));
  const outbox = openOutbox(PAGE, newId(), connection, {
    onAppend: (row) => void arrive(row),
    onReady() {},
  });

  /** The outbox is the engine's log: what is stored has arrived. */
  async function arrive(row: Row): Promise<void> {
    await row.stored;
    row.settleDelivered([]);
    (await engine)?.apply(row);
  }

  // The page comes first: the log is replayed when somebody asks, or when there is nothing better to do.
  const whenIdle = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, IDLE_MS));
  const idle: unknown = whenIdle(begin, { timeout: IDLE_MS });
  // In Node, where it is a timer, a program is not to wait for that.
  (idle as { unref?(): void }).unref?.();

  return {
    ...outbox,
    // Stored is as far as they get.
    flush: () => outbox.opened,
    close() {
      outbox.close([]);
      return [];
    },
    engine() {
      begin();
      return engine;
    },
  };
}

function openOutbox(
  scope: string,
  tab: string,
  { identity: { recover, correct }, settled, report, options }: ConnectionOptions,
  events: Pick<OutboxOptions, 'onAppend' | 'onReady'>,
): Outbox {
  return createOutbox({
    scope,
    isPersistent: options.persistence !== 'memory',
    tab,
    now: () => Date.now(),
    settled,
    recoverId: recover,
    correct,
    ...events,
    onTrouble: (error) =>
      report(
        'storage_unavailable',
        `no IndexedDB here (${String(error)}): events are kept in memory until they are sent, and lost if the page closes first.`,
        error,
      ),
  });
}

function noEngine(report: Report, { campaigns }: ClientOptions): () => Promise<undefined> {
  const tell = async (): Promise<undefined> => report('no_engine', 'activity(), explain(), message() and campaigns need the engine in the page; a collector has its own.');
  if (campaigns) void tell();
  return tell;
}
