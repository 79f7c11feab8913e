import { IDBFactory } from 'fake-indexeddb';
import { vi } from 'vitest';
import { connect, type Connection } from '../../src/client/connection.js';
import type { Identity } from '../../src/identity/index.js';
import type { JsonObject } from '../../src/wire/index.js';

/** What becomes of a request. `lost`: it is stored, and the answer never arrives. */
export type Mode = 'ok' | 'lost' | 'down' | 'hangs' | 'fails' | 'busy' | 'portal' | 'tiny';
export const MODES: Mode[] = ['ok', 'lost', 'down', 'hangs', 'fails', 'busy', 'portal', 'tiny'];

/** What a collector that is `tiny` takes at once, in characters. */
const TINY = 400;
const ANSWERS_AFTER_MS = 30;

/** One message that a page has made. */
export interface Made {
  id: string;
  isIdentify: boolean;
  /** The collector will never take it. */
  isPoison: boolean;
  /** It is known to be in the database. */
  isStored: boolean;
  /** What was known to be in the database when it was made. */
  behind: Made[];
}

/** A page of the origin, from its opening until it is gone. */
export interface Page {
  connection: Connection;
  /** Its process dies: nothing that it does later reaches anybody. What it has handed to the browser stays. */
  kill(): void;
  /** Somebody closes it, or goes elsewhere. */
  leave(): void;
  online(): void;
}

/**
 * One origin in one browser, and the collector of its pages: a database, a localStorage and the locks, which pages share, and time,
 * which passes when somebody says so. Everything of `src` in it is real.
 */
export interface Origin {
  pages: Page[];
  made: Made[];
  /** The messages as they came, and came again, to be stored. */
  arrived: string[];
  setMode(mode: Mode): void;
  /** @param isKnown whether the visitor is known before the database is open */
  open(isKnown: boolean): void;
  /** So many calls in one task of a page. */
  track(page: Page, calls: number, about?: { isIdentify?: boolean; isPoison?: boolean }): void;
  /** Ends the task, and with it the millisecond: of what two pages do in the same one, nobody can tell which came first. */
  tick(): Promise<void>;
  /** Lets time pass, and the database come to rest. */
  pass(ms: number): Promise<void>;
  /** Sets the computer's clock forward or back. */
  setClock(byMs: number): void;
  /** What waits in the browser: rows in the database, and on the bridge. */
  waiting(): Promise<string[]>;
  end(): void;
}

export function createOrigin({ hasLocks }: { hasLocks: boolean }): Origin {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  localStorage.clear();
  const factory = new IDBFactory();
  const locks = new Map<string, Page>();
  const pages: Page[] = [];
  const made: Made[] = [];
  const arrived: string[] = [];
  let mode: Mode = 'ok';

  function take(body: string): { status: number; text: string; headers?: Record<string, string> } {
    const { batch } = JSON.parse(body) as { batch: JsonObject[] };
    if (mode === 'fails') return { status: 503, text: '' };
    if (mode === 'busy') return { status: 429, text: '', headers: { 'Retry-After': '7' } };
    if (mode === 'portal') return { status: 200, text: '<html>Please log in' };
    if (mode === 'tiny' && body.length > TINY) return { status: 413, text: '' };
    if (batch.some(({ isPoison }) => isPoison)) return { status: 400, text: '' };
    arrived.push(...batch.map(({ messageId }) => messageId as string));
    return { status: 200, text: '{"success":true}' };
  }

  function fetchFor(isGone: () => boolean): typeof fetch {
    return (_, init) =>
      new Promise((resolve, reject) => {
        // Whoever is dead hears nothing any more.
        const answer = (work: () => void): unknown => setTimeout(() => isGone() || work(), ANSWERS_AFTER_MS);
        const fail = (): void => reject(new DOMException('gone', 'NetworkError'));
        if (isGone()) return;
        init!.signal!.addEventListener('abort', () => isGone() || fail());
        if (mode === 'hangs') return;
        if (mode === 'down') return answer(fail);
        const isLost = mode === 'lost';
        const { status, text, headers } = take(init!.body as string);
        return answer(() => (isLost ? fail() : resolve(new Response(text, { status, ...(headers && { headers }) }))));
      });
  }

  /** A page's way into the database that all of them share, which ends with the page. */
  function databaseFor(isGone: () => boolean): IDBFactory {
    const open = (name: string): IDBOpenDBRequest => {
      const request = factory.open(name);
      request.addEventListener('success', () => {
        const { transaction } = request.result;
        request.result.transaction = function (...given) {
          if (isGone()) throw new DOMException('the page is gone', 'InvalidStateError');
          return transaction.apply(this, given);
        };
      });
      return request;
    };
    return { open } as IDBFactory;
  }

  function locksFor(page: () => Page, isGone: () => boolean): Pick<LockManager, 'request' | 'query'> {
    const request = async (name: string, ...given: unknown[]): Promise<unknown> => {
      if (isGone()) return undefined;
      const work = given.pop() as (lock: unknown) => Promise<unknown>;
      if (locks.has(name)) return work(null);
      locks.set(name, page());
      try {
        return await work({ name });
      } finally {
        if (locks.get(name) === page()) locks.delete(name);
      }
    };
    return { request, query: async () => ({ held: [...locks.keys()].map((name) => ({ name })) }) } as Pick<LockManager, 'request' | 'query'>;
  }

  function open(isKnown: boolean): void {
    let isGone = false;
    const listeners: Record<string, ((event: unknown) => void)[]> = {};
    vi.stubGlobal('indexedDB', databaseFor(() => isGone));
    vi.stubGlobal('fetch', fetchFor(() => isGone));
    vi.stubGlobal('navigator', hasLocks ? { locks: locksFor(() => page, () => isGone) } : {});
    vi.stubGlobal('addEventListener', (name: string, listener: (event: unknown) => void) => (listeners[name] ??= []).push(listener));
    const connection = connect({
      destination: { kind: 'collector', endpoint: 'https://collector.example', writeKey: 'KEY' },
      options: {},
      settings: undefined,
      identity: { recover: (remembered?: string) => remembered ?? 'visitor', correct: (text: string) => text } as Identity,
      settled: Promise.resolve(isKnown),
      loadEngine: undefined,
      report: () => {},
      onActivity() {},
    });
    const fire = (name: string): void => {
      if (!isGone) for (const listener of listeners[name] ?? []) listener({});
    };
    const page: Page = {
      connection,
      kill() {
        isGone = true;
        pages.splice(pages.indexOf(page), 1);
        for (const [name, holder] of locks) if (holder === page) locks.delete(name);
      },
      leave() {
        fire('pagehide');
        page.kill();
      },
      online: () => fire('online'),
    };
    pages.push(page);
  }

  async function pass(ms: number): Promise<void> {
    await rest();
    await vi.advanceTimersByTimeAsync(ms);
    await rest();
  }

  /** The database works in tasks of its own, in real time; what it answers may set timers that are due. */
  async function rest(): Promise<void> {
    for (let turn = 0; turn < 40; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(0);
    }
  }

  return {
    pages,
    made,
    arrived,
    setMode: (next) => (mode = next),
    open,
    track(page, calls, { isIdentify = false, isPoison = false } = {}) {
      for (let call = 0; call < calls; call++) {
        const about: Made = { id: `m${made.length}`, isIdentify, isPoison, isStored: false, behind: made.filter(({ isStored }) => isStored) };
        made.push(about);
        const text = JSON.stringify({ type: isIdentify ? 'identify' : 'track', messageId: about.id, ...(isPoison && { isPoison }) });
        void page.connection.append(text, isIdentify).stored.then((durability) => (about.isStored = durability === 'stored'));
      }
    },
    tick: async () => void (await vi.advanceTimersByTimeAsync(1)),
    pass,
    setClock: (byMs) => void vi.setSystemTime(Date.now() + byMs),
    async waiting() {
      const request = factory.open('hitherto');
      const db = await new Promise<IDBDatabase>((resolve) => (request.onsuccess = () => resolve(request.result)));
      const keys = db.transaction('outbox').objectStore('outbox').getAllKeys();
      await new Promise((resolve) => (keys.onsuccess = resolve));
      db.close();
      const bridge = Object.keys(localStorage).filter((name) => name.startsWith('hitherto.row.'));
      return [...keys.result.map(String).filter((key) => key !== 'anonymousId'), ...bridge];
    },
    end() {
      for (const page of pages.slice()) page.kill();
      vi.useRealTimers();
      vi.unstubAllGlobals();
    },
  };
}
