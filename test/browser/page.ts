import type * as campaigns from '../../src/campaigns.js';
import type * as hitherto from '../../src/index.js';
import type { Client, ClientError, ClientOptions } from '../../src/index.js';
import type { JsonObject } from '../../src/wire/index.js';

const DATABASE = 'hitherto';
const STORE = 'outbox';
const IDS = ['ajs_anonymous_id', 'ajs_user_id', 'ajs_user_traits'];

/** A row as it lies in the database. */
export interface StoredRow {
  key: string;
  messages: JsonObject[];
}

/** What lies in the database now, oldest first. */
export async function storedRows(): Promise<StoredRow[]> {
  return withStore('readonly', async (store) => {
    const [found, texts] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
    return found.flatMap((key, i) => (/^\d/.test(String(key)) ? { key: String(key), messages: JSON.parse(`[${String(texts[i])}]`) as JsonObject[] } : []));
  });
}

/** The names of the events in the database, oldest first. */
export async function storedEvents(): Promise<unknown[]> {
  return (await storedRows()).flatMap(({ messages }) => messages.map(({ event, type }) => event ?? type));
}

/** Writes what another page could have written. */
export async function store(key: string, value: string): Promise<void> {
  await withStore('readwrite', (target) => settled(target.put(value, key)));
}

/** What a key holds. */
export async function stored(key: string): Promise<unknown> {
  return withStore('readonly', (target) => settled(target.get(key)));
}

async function withStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE);
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(STORE));
  const database = await settled(opening);
  try {
    return await work(database.transaction(STORE, mode).objectStore(STORE));
  } finally {
    database.close();
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('no reason given')));
  });
}

/** A page of this origin: a window of its own, with its own modules, locks and life. What it stores it shares with the others. */
export interface Tab {
  window: Window & typeof globalThis;
  createClient(options?: ClientOptions): Client;
  watchCampaigns: typeof campaigns.watchCampaigns;
  /** What the page's developer is told: lines of the console, and errors. */
  lines: string[];
  errors: ClientError[];
  /** The requests that it made. */
  requests: { url: string; writeKey: string; batch: JsonObject[] }[];
  /** The names of the events that it sent, in order. */
  events(writeKey?: string): unknown[];
  /** How its collector answers from now on. */
  answer: () => Response | Promise<Response>;
  /** What a closed tab does, without pagehide: it is gone. */
  close(): void;
}

const tabs = new Set<Tab>();

export async function openTab(prepare: (window: Tab['window']) => void = () => {}): Promise<Tab> {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const window = frame.contentWindow as Tab['window'];
  const lines: string[] = [];
  const errors: ClientError[] = [];
  const requests: Tab['requests'] = [];
  // Vite has the runner's own helper called around a module's import().
  Object.assign(window, { __vitest_browser_runner__: (globalThis as unknown as Record<string, unknown>)['__vitest_browser_runner__'] });
  window.fetch = (url, init) => {
    requests.push({ url: String(url), ...(JSON.parse(init!.body as string) as { writeKey: string; batch: JsonObject[] }) });
    return Promise.resolve(tab.answer());
  };
  const write = (line: unknown): void => void lines.push(String(line));
  Object.assign((window as unknown as { console: Console }).console, { error: write, info: write });
  prepare(window);
  const importInside = window.eval('(url) => import(url)') as <Module>(url: string) => Promise<Module>;
  const inside = <Module>(file: string): Promise<Module> => importInside<Module>(new URL(file, location.href).href);
  const { createClient } = await inside<typeof hitherto>('/src/index.ts');
  const { watchCampaigns } = await inside<typeof campaigns>('/src/campaigns.ts');

  const tab: Tab = {
    window,
    createClient: (options = {}) => createClient({ onError: (error) => errors.push(error), ...options }),
    watchCampaigns,
    lines,
    errors,
    requests,
    events: (writeKey) =>
      requests.filter((request) => writeKey === undefined || request.writeKey === writeKey).flatMap(({ batch }) => batch.map(({ event, type }) => event ?? type)),
    answer: () => Response.json({ success: true }),
    close() {
      frame.remove();
      tabs.delete(tab);
    },
  };
  tabs.add(tab);
  return tab;
}

/** Closes every tab, and makes this a browser in which nobody has been here before. */
export async function forgetEverything(): Promise<void> {
  for (const tab of tabs) tab.close();
  localStorage.clear();
  for (const name of IDS) document.cookie = `${name}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT`;
  await deleteDatabase();
}

export async function deleteDatabase(): Promise<void> {
  await settled(indexedDB.deleteDatabase(DATABASE));
}

/** The collector never answers: what is stored stays stored. */
export const silent = (): Promise<Response> => new Promise(() => {});

export const COLLECTOR = { writeKey: 'KEY', endpoint: 'https://collector.example' };
