import type { Attempts } from '../../../src/outbox/attempts.js';
import { createFlusher, type Flusher, type FlusherOptions, type Sending } from '../../../src/outbox/flush.js';
import { formatKey } from '../../../src/outbox/key.js';
import { DEFAULT_LIMIT } from '../../../src/outbox/limit.js';
import type { Outbox } from '../../../src/outbox/outbox.js';
import type { Response } from '../../../src/outbox/outcome.js';
import { createRow, foundRow, messagesIn, type Row } from '../../../src/outbox/row.js';
import type { Refusal } from '../../../src/wire/index.js';

export const MY_TAB = 'tab-of-this-page';
export const SCOPE = 'key:KEY';
export const DELIVERED: Response = { status: 200, body: '{"success":true}' };

interface Named {
  messageId: string;
}

/** A flusher on the bench: its outbox is a Map, its collector a queue of answers, its clock vitest's. */
export interface Bench {
  flusher: Flusher;
  outbox: Outbox;
  /** What lies in the database: key and text. */
  stored: Map<string, string>;
  /** The ids of the messages in each request, in order. */
  requests: string[][];
  /** The next answers; when there is none left, everything is delivered. */
  answers: (Response | Promise<Response> | ((ids: string[]) => Response))[];
  refused: (Refusal & { sent?: unknown })[];
  failures: string[];
  /** What is remembered for the next pages, each time. */
  attempts: Attempts[];
  /** What each request was told about itself. */
  sendings: Sending[];
  /** How many events had been given up, each time some were. */
  dropped: number[];
  /** Tracks messages of these names in one row, which is stored at once. */
  call(names: string | string[], more?: { isIdentify?: boolean; padding?: number }): Row;
  /** The same, but the row is not stored yet. */
  append(names: string | string[], more?: { isIdentify?: boolean; padding?: number }): Row;
  /** Lets the database have a row that was appended. */
  store(row: Row): void;
  /** What another page has written. */
  storeOf(tab: string, names: string | string[], time: number): string;
  /** Ids of the messages in the database, in the order of their rows. */
  kept(): string[];
}

export function putOnBench(overrides: Partial<FlusherOptions> = {}): Bench {
  const stored = new Map<string, string>();
  const requests: string[][] = [];
  const answers: Bench['answers'] = [];
  const refused: Refusal[] = [];
  const failures: string[] = [];
  const attempts: Attempts[] = [];
  const sendings: Sending[] = [];
  const dropped: number[] = [];
  let lastTime = 1_000;

  const outbox: Outbox = {
    opened: Promise.resolve(),
    identified: Promise.resolve(),
    hasFound: () => true,
    append: () => createRow('', false),
    rememberId() {},
    close() {},
    read: () => Promise.resolve([...stored].toSorted().map(([key, text]) => foundRow(key, text))),
    replace(rows, parts) {
      for (const { key } of rows) stored.delete(key!);
      for (const { key, text } of parts) stored.set(key!, text);
      return Promise.resolve();
    },
  };
  const flusher = createFlusher({
    outbox,
    tabs: { hold() {}, release() {}, alive: () => Promise.resolve(new Set([MY_TAB])), exclusively: (_, work) => work() },
    scope: SCOPE,
    limit: DEFAULT_LIMIT,
    estimate: () => Promise.resolve({}),
    attempts: { failures: 0, waitMs: 0 },
    onAttempts: (latest) => attempts.push(latest),
    async send(messages, about) {
      sendings.push(about);
      const ids = idsIn(messages);
      requests.push(ids);
      const answer = answers.shift() ?? DELIVERED;
      return typeof answer === 'function' ? answer(ids) : answer;
    },
    room: () => 48 * 1024,
    flushInterval: 1_000,
    batchSize: 100,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: () => 0.5,
    onRefused: (list) => refused.push(...list),
    resend: () => undefined,
    onDropped: (count) => dropped.push(count),
    onFailure: (reason) => failures.push(reason),
    ...overrides,
  });

  // Known from the start, unless a test says when.
  if (overrides.addressed) void overrides.addressed.then(flusher.start);
  else flusher.start();

  function append(names: string | string[], { isIdentify = false, padding = 0 } = {}): Row {
    const row = createRow(textOf([names].flat(), isIdentify ? 'identify' : 'track', padding), isIdentify);
    row.count = [names].flat().length;
    flusher.add(row);
    return row;
  }

  function store(row: Row): void {
    row.key = formatKey({ time: ++lastTime, tab: MY_TAB, scope: SCOPE });
    stored.set(row.key, row.text);
    row.settleStored('stored');
    flusher.wake();
  }

  return {
    flusher,
    outbox,
    stored,
    requests,
    answers,
    refused,
    failures,
    attempts,
    sendings,
    dropped,
    append,
    store,
    call(names, more) {
      const row = append(names, more);
      store(row);
      return row;
    },
    storeOf(tab, names, time) {
      const key = formatKey({ time, tab, scope: SCOPE });
      stored.set(key, textOf([names].flat(), 'track'));
      return key;
    },
    kept: () => [...stored].toSorted().flatMap(([, text]) => idsIn(text)),
  };
}

/** An answer that is given when the test says so. */
export function openAnswer(): { answer: Promise<Response>; give(response: Response): void } {
  let give!: (response: Response) => void;
  const answer = new Promise<Response>((resolve) => (give = resolve));
  return { answer, give };
}

/** A collector that answers 400 to every batch that holds one of these messages. */
export function refusing(...poison: string[]): (ids: string[]) => Response {
  return (ids) => (ids.some((id) => poison.includes(id)) ? { status: 400, body: '{"message":"properties is an object"}' } : DELIVERED);
}

function idsIn(text: string): string[] {
  return (messagesIn({ text }) as unknown as Named[]).map(({ messageId }) => messageId);
}

function textOf(names: string[], type: string, padding = 0): string {
  return names.map((messageId) => JSON.stringify({ type, messageId, ...(padding > 0 && { padding: 'x'.repeat(padding) }) })).join(',');
}
