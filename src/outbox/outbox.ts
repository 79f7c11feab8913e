import { putOnBridge, readBridge, removeFromBridge } from './bridge.js';
import { openDatabase, type Database, type Entry } from './database.js';
import { formatKey, parseKey, ROW_KEYS } from './key.js';
import { createRow, foundRow, type Row } from './row.js';

/**
 * A row is not filled further than this, in characters, each of three bytes at most, so that one always fits into a
 * keepalive request beside its envelope; a burst becomes several rows of one transaction.
 */
const ROW_CHARACTERS = 16_000;
/** A browser that clears its storage closes the database, and refuses to open it for a moment. */
const REOPEN_MS = 1_000;
/** Lost so often in a row, with nothing written in between, it is not to be had. */
const LOSS_LIMIT = 5;
/** The copy of the anonymous id that outlives cookies and localStorage. */
export const ANONYMOUS_ID = 'anonymousId';

/** The scope of rows that were written while nobody had said where to send them; whoever knows an address takes them. */
export const UNADDRESSED = 'unaddressed';

export interface OutboxOptions {
  /** Whom the rows are for; {@link UNADDRESSED} when nobody can be told yet. Clients with different scopes leave each other's alone. */
  scope: string;
  /** `false`: messages stay in the memory of this page, and the browser is asked for nothing. */
  isPersistent: boolean;
  /** Names this page among all the pages of the origin. */
  tab: string;
  now(): number;
  /** Whether the anonymous id stands before the database is open. */
  settled: Promise<boolean>;
  /**
   * Asked once the database has answered, or is known not to: which anonymous id stands, given the one it remembers.
   *
   * @returns the id to remember
   */
  recoverId(remembered: string | undefined): string;
  /** Corrects what was serialised before that was known. */
  correct(text: string): string;
  /** A row has begun to exist. */
  onAppend(row: Row): void;
  /** Rows may be sent: they are as durable as they will get, or the database is not open yet and need not be. */
  onReady(): void;
  /** The database cannot be had, or refuses to write. */
  onTrouble(error: unknown): void;
}

/** Messages not yet delivered, kept in IndexedDB. */
export interface Outbox {
  /**
   * Takes a serialised message. The first one of a task is in the hands of the browser when this returns, the others
   * once the task ends: in the database, or in localStorage as long as that is not open.
   */
  append(text: string, hasIdentify: boolean): Row;
  /** Resolves once the database is open and the anonymous id known, or once it is known that there is no database. */
  opened: Promise<void>;
  /** Resolves once the anonymous id is known: often before the database is open. */
  identified: Promise<void>;
  /** Whether rows of other pages lay here when it was opened. */
  hasFound(): boolean;
  /** Rows of this scope and unaddressed ones, of whichever page, oldest first. */
  read(): Promise<Row[]>;
  /** Deletes rows for good, and keeps what is left of them, if anything, in one transaction. */
  replace(rows: Row[], parts: Row[]): Promise<void>;
  /** Keeps a copy of the anonymous id. */
  rememberId(anonymousId: string): void;
  /** Deletes these rows, and writes nothing any more, not even what is on its way. */
  close(rows: Row[]): void;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { scope, isPersistent, tab, now, settled, recoverId, correct, onAppend, onReady, onTrouble } = options;
  let database: Database | undefined;
  let isOpening = isPersistent;
  let lastTime = 0;
  /** The rows of this task that have no place yet. */
  let waiting: Row[] = [];
  let isInTask = false;
  /** The rows that wait for the database to open, in localStorage meanwhile. */
  let held: Row[] = [];
  /** The keys of the rows that lie in localStorage. */
  const bridged = new Set<string>();
  let losses = 0;
  let isClosed = false;
  let isIdentified = false;
  let hasFound = false;
  const opened = isPersistent ? open() : Promise.resolve(void recoverId(undefined));
  const identified = identify();

  function append(text: string, hasIdentify: boolean): Row {
    if (isInTask) return join(text, hasIdentify);
    isInTask = true;
    queueMicrotask(endTask);
    const row = begin(text, hasIdentify);
    writeWaiting();
    return row;
  }

  function begin(text: string, hasIdentify: boolean): Row {
    const row = createRow(text, hasIdentify);
    waiting.push(row);
    onAppend(row);
    return row;
  }

  function join(text: string, hasIdentify: boolean): Row {
    const last = waiting.at(-1);
    if (!last || last.isInFlight || last.text.length + text.length > ROW_CHARACTERS) return begin(text, hasIdentify);
    last.text += `,${text}`;
    last.count++;
    last.hasIdentify ||= hasIdentify;
    return last;
  }

  function endTask(): void {
    isInTask = false;
    writeWaiting();
  }

  function writeWaiting(): void {
    const rows = waiting;
    waiting = [];
    if (rows.length === 0 || isClosed) return;
    for (const row of rows) row.key = nextKey();
    if (database) write(database, rows);
    else if (isOpening) hold(rows);
    else settle(rows, 'memory');
  }

  function hold(rows: Row[]): void {
    held.push(...rows);
    for (const row of rows) {
      bridged.add(row.key!);
      putOnBridge(toEntry(row));
    }
    if (isIdentified) letGo(rows);
  }

  /** A visitor who is known, or certainly new, need not wait for the database: their rows are on the bridge, and may leave. */
  async function identify(): Promise<void> {
    isIdentified = await settled;
    if (isIdentified) letGo(held);
    else await opened;
  }

  function letGo(rows: Row[]): void {
    for (const row of rows) row.isReady = true;
    onReady();
  }

  function write(to: Database, rows: Row[]): void {
    try {
      to.put(rows.map(toEntry)).then(
        () => settle(rows, 'stored'),
        (error: unknown) => giveUp(rows, error),
      );
    } catch (error) {
      if (losses === LOSS_LIMIT) return giveUp(rows, error);
      // The connection is gone, and no close event has said so yet.
      reopen();
      hold(rows);
    }
  }

  /** Full, or failing: what the database does not take, memory keeps until it is delivered. */
  function giveUp(rows: Row[], error: unknown): void {
    settle(rows, 'memory');
    onTrouble(error);
  }

  function settle(rows: Row[], durability: 'stored' | 'memory'): void {
    if (durability === 'stored') {
      losses = 0;
      leaveBridge();
    }
    for (const row of rows) row.settleStored(durability);
    onReady();
  }

  /** Whatever waited in localStorage goes into the database with the first write, unless that has been lost again. */
  function leaveBridge(): void {
    if (isOpening) return;
    removeFromBridge(bridged);
    bridged.clear();
  }

  function leaveBridgeOf(rows: Row[]): void {
    if (!database || bridged.size > 0) removeFromBridge(keysOf(rows));
  }

  /** Keys never run backwards: the clock may be set back, and two rows may fall into one millisecond. */
  function nextKey(): string {
    lastTime = Math.max(now(), lastTime + 1);
    return formatKey({ scope, time: lastTime, tab });
  }

  function reopen(): void {
    if (isOpening || isClosed) return;
    isOpening = true;
    database = undefined;
    losses++;
    void open();
  }

  async function open(): Promise<void> {
    let first: Row[] = [];
    try {
      const opening = await openDatabase(reopen);
      // Of pages that begin at once, all decide in turn who the visitor is.
      await settled;
      await opening.update(ANONYMOUS_ID, ...ROW_KEYS, (remembered, lastKey) => {
        if (isClosed) return [];
        const anonymousId = recoverId(remembered);
        hasFound = lastKey !== undefined;
        // Another page that has just begun may have brought our own rows here, from the bridge.
        first = release(bridged.has(lastKey!) ? 0 : (parseKey(lastKey)?.time ?? 0));
        // With the id, so that the first message leaves one transaction earlier.
        return [...(anonymousId === remembered ? [] : [[ANONYMOUS_ID, anonymousId] as Entry]), ...first.map(toEntry)];
      });
      await cross(opening);
      if (!isClosed) database = opening;
    } catch (error) {
      if (isClosed) return;
      recoverId(undefined);
      hasFound = true;
      held.unshift(...first);
      first = [];
      onTrouble(error);
      if (losses > 0 && losses < LOSS_LIMIT) setTimeout(reopen, REOPEN_MS);
    }
    isOpening = false;
    if (first.length > 0) settle(first, 'stored');
    const rows = release(0);
    if (rows.length === 0) return;
    if (database) write(database, rows);
    else settle(rows, 'memory');
  }

  /** The rows that waited for the database, as they are to be written. */
  function release(storedTime: number): Row[] {
    lastTime = Math.max(lastTime, storedTime);
    // A page that left before the database opened has sent them from memory.
    const rows = held.filter(({ isDelivered }) => !isDelivered);
    held = [];
    // Of a row that another page has written meanwhile, no clock says that: ours keep their keys, under which it may have
    // brought them here too, from the bridge.
    const wasSetBack = storedTime > now();
    for (const row of rows) {
      row.text = correct(row.text);
      // The clock was set back since the last row was written: these get their places behind it.
      if (wasSetBack && parseKey(row.key)!.time <= storedTime) row.key = nextKey();
    }
    return rows;
  }

  /** What other pages left in localStorage, of this visitor if they had not come to know them. One that is alive writes the same row once more, under the same key. */
  async function cross(opening: Database): Promise<void> {
    const left = readBridge().flatMap(([key, text]): Entry[] => (bridged.has(key) ? [] : [[key, correct(text)]]));
    if (left.length === 0) return;
    hasFound = true;
    await opening.put(left);
    removeFromBridge(left.map(([key]) => key));
  }

  return {
    append,
    opened,
    identified,
    hasFound: () => hasFound,
    async read() {
      await opened;
      // Without a database, localStorage is the next best thing that pages have in common.
      let entries: Entry[] = database || !isPersistent || isClosed ? [] : readBridge();
      await attempt(async (from) => void (entries = await from.read(...ROW_KEYS)));
      return entries.filter(([key]) => isForUs(parseKey(key)?.scope)).map(([key, text]) => foundRow(key, text));
    },
    async replace(rows, parts) {
      // What nothing is left of goes at once; what is sent before the database is open may be on its way into it.
      if (parts.length === 0) leaveBridgeOf(rows);
      await opened;
      leaveBridgeOf(rows);
      // What cannot be deleted is sent once more by a later page, and recognised by its messageId.
      await attempt((to) => to.replace(keysOf(rows), parts.map(toEntry)));
    },
    rememberId(anonymousId) {
      void opened.then(() => attempt((to) => to.put([[ANONYMOUS_ID, anonymousId]])));
    },
    close(rows) {
      leaveBridgeOf(rows);
      void attempt((to) => to.replace(keysOf(rows), []));
      isClosed = true;
      database = undefined;
      held = [];
      waiting = [];
    },
  };

  function isForUs(other: string | undefined): boolean {
    return other === scope || other === UNADDRESSED;
  }

  async function attempt(work: (to: Database) => Promise<void>): Promise<void> {
    try {
      if (database) await work(database);
    } catch (error) {
      onTrouble(error);
    }
  }
}

function keysOf(rows: Row[]): string[] {
  return rows.flatMap(({ key }) => key ?? []);
}

function toEntry({ key, text }: Row): Entry {
  return [key!, text];
}
