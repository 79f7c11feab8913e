import type { Outcome } from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';
import { LedgerError } from '../error.js';
import type { Administration, Ledger, RequestTime, TriggerQueue, WholeLedger } from '../ledger.js';
import { guarded } from '../sql/guarded.js';
import { parseOptions } from '../sql/ledger.js';
import { ADMINISTRATION, TRIGGERS } from '../sql/methods.js';
import { closedMessage, type SqliteLedgerOptions } from './ledger.js';
import { withOrdinary } from './outcomes.js';
import { startThread, type Thread } from './thread.js';

/**
 * How much may wait for the thread that writes, in characters: more than it commits in a second. Beyond that the sender keeps it,
 * who has more room, and tries again.
 */
const QUEUE_CHARACTERS = 32 * 1024 * 1024;

/** What only looks; it is asked of the other thread, so that a long look holds up nobody who appends. */
const LOOKS = ['activity', 'person', 'people', 'standing', 'counts', 'merged', 'live', 'messages'] as const satisfies (keyof Ledger)[];
const ADMINISTRATION_LOOKS: ReadonlySet<string> = new Set(['explain', 'message', 'preview', 'nameMeantBy', 'segment', 'settings'] satisfies (keyof Administration)[]);

/**
 * A ledger in two threads, one that writes and one that reads.
 *
 * @param script what runs in them
 * @throws LedgerError
 */
export async function openInThreads(script: URL, options: SqliteLedgerOptions): Promise<WholeLedger> {
  // What is wrong with them is said here, where it is the caller's own mistake.
  parseOptions(options);
  const writing = createKeptThread(() => startThread(script, options, writing.lose));
  const reading = createKeptThread(() => startThread(script, options, reading.lose));
  let waiting = 0;
  let closing: Promise<void> | undefined;
  await writing.thread();

  async function append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]> {
    if (messages.length === 0) return [];
    if (waiting > QUEUE_CHARACTERS) throw new LedgerError('not_stored', `More is sent than ${options.file} takes in, and too much is waiting; append it again in a few seconds.`);
    // As text, which is what is stored: to copy the objects from thread to thread takes longer than to write and read them.
    const texts = messages.map((message) => JSON.stringify(message));
    const characters = texts.reduce((sum, text) => sum + text.length, 0);
    waiting += characters;
    try {
      const thread = await writing.thread();
      return withOrdinary((await thread.ask('append', texts, at)) as (Outcome | null)[], messages);
    } finally {
      waiting -= characters;
    }
  }

  async function end(): Promise<void> {
    await reading.close();
    await writing.close();
  }

  function open(): void {
    if (closing) throw new LedgerError('closed', closedMessage(options.file));
  }

  function asked<Methods extends object>(names: readonly (keyof Methods & string)[], threadFor: (name: string) => KeptThread): Methods {
    const entries = names.map((name) => [name, async (...parameters: unknown[]) => (await threadFor(name).thread()).ask(name, ...parameters)]);
    return guarded(Object.fromEntries(entries) as Methods, open);
  }

  return {
    ...guarded({ append }, open),
    ...asked<Required<Pick<Ledger, (typeof LOOKS)[number]>>>(LOOKS, () => reading),
    // Whoever asks whether the ledger can take something in does not wait for a long look.
    ...asked<Pick<Ledger, 'version'>>(['version'], () => writing),
    administration: asked<Administration>(ADMINISTRATION, (name) => (ADMINISTRATION_LOOKS.has(name) ? reading : writing)),
    triggers: asked<TriggerQueue>(TRIGGERS, () => writing),
    async close() {
      closing ??= end();
      await closing;
    },
  };
}

/** A thread that is started when it is first needed, and again when it was lost. */
interface KeptThread {
  thread(): Promise<Thread>;
  /** To be told that it has ended. */
  lose(): void;
  close(): Promise<void>;
}

function createKeptThread(start: () => Promise<Thread>): KeptThread {
  let started: Promise<Thread> | undefined;
  return {
    thread: () => (started ??= start()),
    lose() {
      started = undefined;
    },
    async close() {
      // One that could not be started has nothing to close; whoever asked has been told why.
      const thread = await started?.catch(() => undefined);
      await thread?.close();
    },
  };
}
