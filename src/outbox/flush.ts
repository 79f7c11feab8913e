import { BATCH_BYTES, utf8Bytes, type JsonObject, type Refusal } from '../wire/index.js';
import type { Attempts } from './attempts.js';
import { backoffMs, LONGEST_MS } from './backoff.js';
import { parseKey, partKey } from './key.js';
import { cutsFor, LITTLE, sizeOf, tightened, type Limit } from './limit.js';
import type { Outbox } from './outbox.js';
import { outcomeOf, type Response } from './outcome.js';
import { foundRow, messagesIn, textOf, type Row } from './row.js';
import type { Tabs } from './tabs.js';

/** The envelope around the messages, and some room for a server that counts differently. */
const ENVELOPE_BYTES = 1_024;
/** Without Web Locks nobody knows which pages are alive; a row that old was left behind. */
const LEFT_BEHIND_MS = 10_000;

const GIVEN_UP = { code: 'outbox_full', message: 'Too many events wait in this browser; the oldest are given up.' };

export interface FlusherOptions {
  outbox: Outbox;
  /** Resolves once it is known where to send to. */
  addressed?: Promise<unknown> | undefined;
  tabs: Tabs;
  scope: string;
  /** Sends the inside of a batch. Never rejects. */
  send(messages: string, about: Sending): Promise<Response>;
  /** How many bytes can be sent so that the request outlives the page. */
  room(): number;
  /** How much may wait; over it the oldest events go. */
  limit: Limit;
  /** How much room the browser has; asked once, when much is waiting. */
  estimate(): Promise<StorageEstimate>;
  /** What the last pages knew of this collector. */
  attempts: Attempts;
  /** For the next pages. */
  onAttempts(attempts: Attempts): void;
  /** Least time between two requests, milliseconds; the first leaves at once. */
  flushInterval: number;
  /** So many waiting messages leave at once. */
  batchSize: number;
  now(): number;
  /** Milliseconds that no change of the clock touches. */
  monotonic(): number;
  random(): number;
  /** Messages that the collector will never take. */
  onRefused(refused: (Refusal & { sent?: unknown })[]): void;
  /** What takes the place of messages that came after their late window, serialised; `undefined` when they stay as they are. */
  resend(late: JsonObject[]): string | undefined;
  /** The limit was reached, and so many events were given up. */
  onDropped(count: number): void;
  /** Requests fail; `reason` says how, for a person. */
  onFailure(reason: string): void;
}

/** What a request is told about itself. */
export interface Sending {
  /** The collector has said that it reads gzip, and there is time to compress. */
  gzip: boolean;
  /** How many events were given up since the last delivery. */
  dropped: number;
  /** Whether it is still to be made. */
  isWanted(): boolean;
}

/** Sends what the outbox holds, oldest first, one request at a time, and deletes what was acknowledged. */
export interface Flusher {
  add(row: Row): void;
  /** A row may be sent, behind the page's own work. */
  wake(): void;
  /** It is known who the visitor is, and where to send to. What waited for that leaves in this task, which is nobody else's, if it is time. */
  start(): void;
  /** Sends everything now. Resolves once it is delivered, or once an attempt has failed. */
  flush(): Promise<void>;
  /** Takes over what pages that are gone have left behind. */
  recover(): Promise<void>;
  /** The page is out of sight, on a phone perhaps for good: sends what a request that outlives it can carry. */
  hide(): void;
  /** The page is going: the same, and to a collector that fails once more, unless that has said when to come back. */
  leave(): void;
  /** Forgets everything that waits, and takes nothing more. @returns what it was */
  clear(): Row[];
  /** What waits, oldest first; how many messages that are; and whether the last attempt failed. */
  look(): { rows: Row[]; waiting: number; hasFailed: boolean };
}

export function createFlusher(options: FlusherOptions): Flusher {
  const { outbox, tabs, scope, send, room, flushInterval, batchSize, now, monotonic, random } = options;
  const { estimate, onAttempts, onRefused, onDropped, onFailure, resend } = options;
  /** Oldest first, those in flight included. */
  let queue: Row[] = [];
  /** Before, nothing is sent. */
  let isStarted = false;
  let running: Promise<unknown> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer rings; nobody has to set it again for that. */
  let rings = Infinity;
  /** When to look again for what other pages have left behind. */
  let later: ReturnType<typeof setTimeout> | undefined;
  let { failures } = options.attempts;
  let nextAt = monotonic() + options.attempts.waitMs;
  /** Until then the collector has asked to be left alone. */
  let askedAt = nextAt;
  /** Fewer after a refused batch, until one goes through. */
  let rowLimit = Infinity;
  /** Fewer once a collector has found one too large: trying again for each batch would send much of the queue in vain each time. */
  let byteLimit = BATCH_BYTES;
  let { limit } = options;
  let isEstimated = false;
  let dropped = 0;
  let gzip = false;
  /** Nothing waits any more, nor shall: what is under way changes nothing. */
  let isCleared = false;

  function wake(): void {
    if (!queue.some(isReady)) return;
    const { messages } = keepLimit();
    if (running || !isStarted) return;
    const isFull = failures === 0 && messages >= batchSize;
    const at = isFull ? 0 : nextAt;
    if (rings === at) return;
    clearTimeout(timer);
    rings = at;
    timer = setTimeout(() => void run(), Math.max(0, at - monotonic()));
  }

  function start(): void {
    isStarted = true;
    if (queue.some(isReady) && nextAt <= monotonic()) void run();
    else wake();
  }

  async function tighten(): Promise<void> {
    limit = tightened(limit, await estimate());
    wake();
  }

  /** Gives up the oldest events when too much is waiting. */
  function keepLimit(): Limit {
    const size = sizeOf(queue);
    if (size.characters > LITTLE && !isEstimated) {
      isEstimated = true;
      void tighten();
    }
    if (size.messages <= limit.messages && size.characters <= limit.characters) return size;
    const cuts = cutsFor(queue.filter(isReady), size, limit);
    const parts = cuts.flatMap(({ row, rest, dropped: events }) => {
      dropped += events.length;
      return divide(row, rest ? [rest] : [], events.map(({ messageId }) => ({ messageId: String(messageId), index: 0, ...GIVEN_UP })));
    });
    if (cuts.length === 0) return size;
    void outbox.replace(cuts.map(({ row }) => row), parts);
    onDropped(dropped);
    return sizeOf(queue);
  }

  async function flush(): Promise<void> {
    // What was tracked a moment ago is still on its way into the database, or came too late for the request under way.
    await outbox.identified;
    await options.addressed;
    const last = queue.at(-1);
    if (!last?.isReady) await last?.stored;
    if (running) {
      await running;
      // A page that seemed to leave may have made another request meanwhile.
      return flush();
    }
    await run();
  }

  function run(): Promise<unknown> {
    clearTimeout(timer);
    rings = Infinity;
    return running ?? occupy(drain());
  }

  function occupy(work: Promise<unknown>): Promise<unknown> {
    const mine: Promise<unknown> = work.finally(() => {
      // Otherwise a page that leaves has made another request meanwhile, which comes to this in its turn.
      if (running !== mine) return;
      running = undefined;
      wake();
    });
    return (running = mine);
  }

  async function drain(): Promise<void> {
    // What comes in meanwhile waits for its own turn: few large requests cost the page less than many small ones.
    const last = queue.findLast(isReady)?.key;
    if (last === undefined) return;
    const isDue = (row: Row): boolean => isReady(row) && row.key! <= partKey(last, Infinity);
    while (queue.some(isDue)) {
      nextAt = monotonic() + flushInterval;
      const rows = await takeBatch();
      // A page that leaves may have sent them meanwhile.
      if (rows.length === 0 || !(await deliver(rows))) return;
    }
  }

  /** The oldest rows that fit into a request. Before an identify goes everything older, whoever wrote it (RULES R17). */
  async function takeBatch(): Promise<Row[]> {
    // The newest: others behind the first one may go in the same request.
    const newest = queue.reduce((latest, row) => (row.hasIdentify && isReady(row) && row.key! > latest ? row.key! : latest), '');
    if (newest) adopt((await outbox.read()).filter(({ key }) => key! < newest));
    let rows = queue.filter(isReady);
    // One that came while they were read has others before it.
    const late = rows.findIndex(({ hasIdentify, key }) => hasIdentify && key! > newest);
    if (late >= 0) rows = rows.slice(0, late);
    return rows.slice(0, Math.max(1, Math.min(rowLimit, fitting(rows, byteLimit))));
  }

  /** @returns whether to go on with the next batch at once */
  async function deliver(rows: Row[], isLeaving = false): Promise<boolean> {
    for (const row of rows) row.isInFlight = true;
    // Taken by this request alone: a page that leaves makes a second one beside it.
    const given = dropped;
    dropped = 0;
    const response = await send(rows.map(({ text }) => text).join(','), { gzip: gzip && !isLeaving, dropped: given, isWanted: () => !isCleared });
    for (const row of rows) row.isInFlight = false;
    if (isCleared) return false;

    const outcome = outcomeOf(response);
    if (outcome.kind !== 'delivered') dropped += given;
    switch (outcome.kind) {
      case 'delivered':
        if (failures > 0) {
          failed(0);
          // Pages that ended meanwhile could deliver nothing.
          if (!isLeaving) void recover();
        }
        rowLimit = Infinity;
        ({ gzip } = outcome);
        await settle(rows, outcome.refused, outcome.late);
        return true;
      case 'halve':
        if (outcome.isTooLarge && rows.length > 1) byteLimit = Math.min(byteLimit, sizeInBytes(rows)) / 2;
        await halve(rows, outcome.reason);
        return true;
      case 'park':
        failed(failures + 1);
        nextAt = monotonic() + LONGEST_MS;
        onFailure(outcome.reason);
        return false;
      case 'retry':
        nextAt = monotonic() + backoffMs(failures, random(), outcome.retryAfterMs);
        askedAt = outcome.retryAfterMs ? nextAt : 0;
        failed(failures + 1, outcome.retryAfterMs);
        onFailure(outcome.reason);
        return false;
    }
  }

  function failed(inARow: number, waitMs = 0): void {
    failures = inARow;
    onAttempts({ failures, waitMs });
  }

  async function settle(rows: Row[], refused: Refusal[], late: string[] = []): Promise<void> {
    const parts = late.length > 0 ? again(rows, new Set(late)) : [];
    const settled = new Set(rows);
    queue = [...queue.filter((row) => !settled.has(row)), ...parts];
    if (refused.length > 0) onRefused(refused);
    for (const row of rows) row.settleDelivered(refused);
    // In one transaction, so that what is sent again is neither forgotten nor sent again twice (RULES R13).
    await outbox.replace(rows, parts);
  }

  /** The row of what is sent again because it came too late to merge. */
  function again(rows: Row[], late: Set<string>): Row[] {
    const messages = rows.flatMap(messagesIn).filter(({ messageId }) => late.has(messageId as string));
    const text = resend(messages);
    const key = rows.at(-1)!.key;
    return text !== undefined && key !== undefined ? [foundRow(partKey(key, 0), text)] : [];
  }

  async function halve(rows: Row[], reason: string): Promise<void> {
    rowLimit = Math.ceil(rows.length / 2);
    if (rows.length > 1) return;
    const row = rows[0]!;
    const messages = messagesIn(row);
    if (messages.length > 1) {
      const middle = Math.ceil(messages.length / 2);
      await outbox.replace(rows, divide(row, [messages.slice(0, middle), messages.slice(middle)].map(textOf)));
    } else {
      await settle(rows, [{ messageId: String(messages[0]?.['messageId']), index: 0, code: 'refused', message: reason }]);
    }
  }

  /** Puts parts in the place of a row, which is delivered when they are; `refused` has gone already. */
  function divide(row: Row, texts: string[], refused: Refusal[] = []): Row[] {
    const parts = texts.map((text, i) => Object.assign(foundRow(partKey(row.key!, i), text), { durability: row.durability }) as Row);
    queue = queue.flatMap((queued) => (queued === row ? parts : queued));
    void Promise.all(parts.map(({ delivered }) => delivered)).then((found) => row.settleDelivered([...found.flat(), ...refused]));
    return parts;
  }

  /** Those of these rows that nobody here knows of yet. */
  function unknownOf(rows: Row[]): Row[] {
    const known = new Set(queue.map(({ key }) => key));
    return rows.filter(({ key }) => !known.has(key));
  }

  /** Takes rows of other pages into the queue, each in its place. */
  function adopt(rows: Row[]): Row[] {
    const added = isCleared ? [] : unknownOf(rows);
    // Rows without a key are the newest: they are not written yet.
    if (added.length > 0) queue = [...queue, ...added].sort((a, b) => ((a.key ?? '~') < (b.key ?? '~') ? -1 : 1));
    return added;
  }

  async function recover(): Promise<void> {
    // What is taken over is held until the page goes: without a lock of its own it would be let go at once.
    tabs.hold();
    await tabs.exclusively(`recovery.${scope}`, async () => {
      const rows = unknownOf(await outbox.read());
      // Asked after reading: a page that has opened meanwhile wrote none of these.
      const alive = await tabs.alive();
      const isLeftBehind = ({ key }: Row): boolean => {
        const { tab, time } = parseKey(key)!;
        return alive ? !alive.has(tab) : Math.abs(now() - time) > LEFT_BEHIND_MS;
      };
      const adopted = adopt(rows.filter(isLeftBehind));
      if (!alive && !rows.every(isLeftBehind)) {
        // Too young to tell. Whoever left them may have been this visitor's last page but this one.
        clearTimeout(later);
        later = setTimeout(() => void recover(), LEFT_BEHIND_MS);
      }
      wake();
      // The lock is held until they are gone, so that no other page sends them as well.
      await Promise.all(adopted.map(({ delivered }) => delivered));
    });
  }

  /** @param at until then a collector that fails is left alone; what is stored can wait, what only memory holds would be lost */
  function sendLast(at: number): void {
    if (!isStarted) return;
    const rows = queue.filter(({ isInFlight }) => !isInFlight);
    if (failures > 0 && monotonic() < at && rows.every(({ durability }) => durability !== 'memory')) return;
    const sent = rows.slice(0, Math.min(fitting(rows, room()), Math.max(1, fitting(rows, byteLimit))));
    // What is called later waits for both, so that no identify overtakes them (RULES R17). One among them may leave beside an
    // older request: held back, it could wait for a visitor who never returns, and what comes late is sent again (R13).
    if (sent.length > 0) void occupy(Promise.all([running, deliver(sent, true)]));
  }

  return {
    add: (row) => queue.push(row),
    wake,
    start,
    flush,
    recover,
    hide: () => sendLast(nextAt),
    leave: () => sendLast(askedAt),
    clear() {
      clearTimeout(timer);
      clearTimeout(later);
      isCleared = true;
      const rows = queue;
      queue = [];
      return rows;
    },
    look: () => ({ rows: queue, waiting: sizeOf(queue).messages, hasFailed: failures > 0 }),
  };
}

function sizeInBytes(rows: Row[]): number {
  return rows.reduce((bytes, { text }) => bytes + utf8Bytes(text) + 1, ENVELOPE_BYTES);
}

/** How many of these rows go into a request of so many bytes. */
function fitting(rows: Row[], room: number): number {
  let bytes = ENVELOPE_BYTES;
  const over = rows.findIndex(({ text }) => (bytes += utf8Bytes(text) + 1) > room);
  return over < 0 ? rows.length : over;
}

function isReady(row: Row): boolean {
  return row.isReady === true && !row.isInFlight;
}
