import { createRow, droppedRow, messagesIn, refuseRow, type Row } from '../outbox/index.js';
import { isObject, readable, serialise, type JsonObject } from '../wire/index.js';
import type { Connection } from './connection.js';
import type { Context } from './context.js';
import type { Report } from './report.js';
import type { ClientOptions } from './types.js';

/**
 * Whether the visitor may be tracked. `pending`: nobody has asked yet; calls wait in this page's memory, and the browser
 * is asked for nothing. `denied`: nothing is kept, and what was kept is deleted.
 */
export type Consent = 'granted' | 'pending' | 'denied';

/** What the visitor agreed to, purpose by purpose: `{ analytics: true, advertising: false }`. */
export type ConsentCategories = Record<string, boolean>;

/** Lets messages through to the connection as far as the visitor has agreed. */
export interface Gate {
  state(): Consent;
  /** What goes into the context of each message. */
  categories(): JsonObject | undefined;
  connection(): Connection | undefined;
  /** What waits in memory until the visitor answers. */
  held(): Row[];
  append(text: string, hasIdentify: boolean): Row;
  /** Takes a message elsewhere, as it was stored: now, once the visitor agrees, or never. */
  pass(context: Context, work: () => void): void;
  decide(consent: Consent | ConsentCategories): Promise<void>;
  /** The visitor has said no to another page, which has deleted what was kept, and told everybody. */
  follow(): void;
}

interface GateOptions {
  initial: Consent;
  report: Report;
  /** The visitor has agreed: from now on the browser may be asked. @param running the connection of an earlier grant */
  begin(running?: Connection): Connection;
  /** Nobody knows any more whether the visitor agrees: the browser is not asked for anything new. */
  pause(): void;
  /** Puts the anonymous id that stands where a message was written with another. */
  correct(text: string): string;
  /** Deletes every trace. */
  erase(): Promise<void>;
  /** Forgets the visitor, whom another page has deleted. */
  forget(): void;
  /** Has the other pages of this origin do so too. */
  tell(): void;
}

const STATES: unknown[] = ['granted', 'pending', 'denied'] satisfies Consent[];

/** So many calls wait in memory for an answer: a visitor who reads on for hours without one. */
const HELD_LIMIT = 1_000;

const NOT_CONSENTED = ['not_consented', 'The visitor has not agreed to be tracked; nothing of it was kept.'] as const;

export function createGate({ initial, report, begin, pause, correct, erase, forget, tell }: GateOptions): Gate {
  let state = initial;
  let connection: Connection | undefined;
  let categories: ConsentCategories | undefined;
  let held: Row[] = [];
  /** What else is to be done with calls that wait. */
  let passing: (() => void)[] = [];
  let erasing: Promise<unknown> | undefined;
  if (state === 'granted') connection = begin();
  // What earlier pages kept goes too, unless this one has an answer of its own at once.
  if (state === 'denied') queueMicrotask(() => state === 'denied' && void deny());

  function hold(text: string, hasIdentify: boolean): Row {
    const row = createRow(text, hasIdentify);
    row.settleStored('memory');
    held.push(row);
    if (held.length > HELD_LIMIT) giveUpOldest();
    return row;
  }

  /** As the outbox does: who somebody is goes last. */
  function giveUpOldest(): void {
    const oldest = held.find((row) => !row.hasIdentify) ?? held[0]!;
    held = held.filter((row) => row !== oldest);
    const problem = `more than ${HELD_LIMIT} calls wait for the visitor's consent; the oldest are given up.`;
    refuseRow(oldest, 'outbox_full', problem);
    report('outbox_full', problem);
  }

  function release(to: Connection): Row[] {
    const rows = held;
    held = [];
    return rows.map((row) => {
      const sent = to.append(asStored(row.text), row.hasIdentify);
      void sent.delivered.then(row.settleDelivered);
      return sent;
    });
  }

  /** What was collected before the visitor answered says what they answered, and who they are. */
  function asStored(text: string): string {
    if (!categories) return correct(text);
    const [message] = messagesIn({ text });
    return correct(serialise({ ...message, context: { ...(message?.['context'] as JsonObject), consent: { categoryPreferences: categories } } }));
  }

  async function grant(): Promise<void> {
    // What a denial is still deleting would take along what is kept from now on.
    if (erasing) return erasing.then(grant);
    if (state !== 'granted') return;
    connection = begin(connection);
    const rows = release(connection);
    for (const work of passing.splice(0)) work();
    await Promise.all(rows.map(({ stored }) => stored));
  }

  function stop(): void {
    for (const row of held) refuseRow(row, ...NOT_CONSENTED);
    held = [];
    passing = [];
    for (const row of connection?.close() ?? []) refuseRow(row, ...NOT_CONSENTED);
    connection = undefined;
  }

  async function deny(): Promise<void> {
    stop();
    // Not of a denial that is taken back in the same task.
    queueMicrotask(() => state === 'denied' && tell());
    const mine = (erasing = Promise.all([erasing, erase()]));
    await mine;
    if (erasing === mine) erasing = undefined;
  }

  return {
    state: () => state,
    categories: () => categories && { categoryPreferences: categories },
    connection: () => connection,
    held: () => held,
    append(text, hasIdentify) {
      if (state === 'denied') return droppedRow(text, ...NOT_CONSENTED);
      return connection && state === 'granted' ? connection.append(text, hasIdentify) : hold(text, hasIdentify);
    },
    pass(context, work) {
      if (state === 'denied') return;
      if (connection && state === 'granted') return work();
      passing.push(() => {
        [context.event = {}] = messagesIn({ text: asStored(serialise(context.event)) });
        work();
      });
      if (passing.length > HELD_LIMIT) passing.shift();
    },
    async decide(consent) {
      if (isObject(consent)) categories = { ...(consent as ConsentCategories) };
      const before = state;
      state = stateOf(consent);
      if (state === 'pending') pause();
      if (state === 'granted' && before !== 'granted') await grant();
      if (state === 'denied') await deny();
    },
    // A page that hears of it late, having been busy or frozen, must not undo a yes that came after that no.
    follow() {
      if (state === 'denied') return;
      state = 'denied';
      stop();
      forget();
    },
  };
}

/** Whoever agrees to one purpose agrees to be known; whoever agrees to none does not. */
function stateOf(consent: Consent | ConsentCategories): Consent {
  if (typeof consent === 'string') return consent;
  return Object.values(consent).includes(true) ? 'granted' : 'denied';
}

/**
 * What holds before the page says anything: the option, unless the browser says no and the page listens to that. A word that is
 * none of the three is no consent.
 */
export function initialConsent({ consent = 'granted', globalPrivacyControl, doNotTrack }: ClientOptions, report: Report): Consent {
  const browser = (globalThis.navigator ?? {}) as { globalPrivacyControl?: boolean; doNotTrack?: string | null };
  const isDenied = (globalPrivacyControl && browser.globalPrivacyControl === true) || (doNotTrack && browser.doNotTrack === '1');
  if (isDenied) return 'denied';
  if (STATES.includes(consent)) return consent;
  report('no_consent', `consent is 'granted', 'pending' or 'denied', not ${consent as string}; calls wait until consent() says.`);
  return 'pending';
}

export function isConsent(value: unknown): value is Consent | ConsentCategories {
  if (!isObject(value)) return STATES.includes(value);
  const answers = Object.values(readable(value));
  return answers.length > 0 && answers.every((answer) => typeof answer === 'boolean');
}
