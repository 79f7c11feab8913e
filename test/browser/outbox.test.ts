import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cdp } from 'vitest/browser';
import type { Client, ClientOptions } from '../../src/index.js';
import { COLLECTOR, deleteDatabase, forgetEverything, openTab, silent, store, stored, storedEvents, storedRows, type Tab } from './page.js';

const OTHER = { ...COLLECTOR, writeKey: 'OTHER' };

beforeEach(forgetEverything);
afterEach(forgetEverything);

/** Chromium itself loses one in 36 of what was committed as its page went; a client that commits too late loses all. */
const MOSTLY = { retry: 2 };

/** A client whose database is open. */
async function open(tab: Tab, options: ClientOptions = COLLECTOR): Promise<Client> {
  const client = tab.createClient(options);
  await client.ready();
  return client;
}

/** A tab whose collector never answers: what is stored stays stored. */
async function openSilentTab(): Promise<Tab> {
  const tab = await openTab();
  tab.answer = silent;
  return tab;
}

describe('a call', () => {
  it('that is the first of its task is committed when it returns, and the rest of the task in one row when it ends', async () => {
    const tab = await openSilentTab();
    const client = await open(tab);
    const commit = vi.spyOn(tab.window.IDBTransaction.prototype, 'commit');
    const put = vi.spyOn(tab.window.IDBObjectStore.prototype, 'put');

    client.track('first');
    expect(put).toHaveBeenCalledOnce();
    expect(commit).toHaveBeenCalledOnce();
    client.track('second');
    const last = client.track('third');
    expect(commit).toHaveBeenCalledOnce();
    await Promise.resolve();
    expect(put).toHaveBeenCalledTimes(2);
    expect(commit).toHaveBeenCalledTimes(2);

    await last;
    const rows = await storedRows();
    expect(rows.map(({ messages }) => messages.map(({ event }) => event))).toEqual([['first'], ['second', 'third']]);
  });

  it('is in the database by the time its promise resolves', async () => {
    const client = await open(await openSilentTab());
    const { durable, id } = await client.track('a');
    expect(durable).toBe('stored');
    expect((await storedRows()).flatMap(({ messages }) => messages)).toMatchObject([{ event: 'a', messageId: id }]);
  });

  it('is in the database although its page is gone the moment it returns', MOSTLY, async () => {
    const tab = await openSilentTab();
    const client = await open(tab);
    void client.track('last words');
    tab.close();
    await vi.waitFor(async () => expect(await storedEvents()).toEqual(['last words']));
  });

  it('is in the database although its page is gone, and was reading when it was made', MOSTLY, async () => {
    const tab = await openSilentTab();
    const client = await open(tab);
    await client.identify('ada');
    // Before an identify leaves, the flusher reads what other tabs have left.
    const { prototype } = tab.window.IDBObjectStore;
    const { getAll } = prototype;
    vi.spyOn(prototype, 'getAll').mockImplementationOnce(function (this: IDBObjectStore, range) {
      queueMicrotask(() => {
        void client.track('last words');
        tab.close();
      });
      return getAll.call(this, range);
    });
    void client.flush();
    await vi.waitFor(async () => expect(await storedEvents()).toEqual(['identify', 'last words']));
  });

  it('before the database is open is written once it is, in its place', async () => {
    const client = (await openSilentTab()).createClient(COLLECTOR);
    client.track('early');
    const last = client.track('early too');
    await client.ready();
    await client.track('late');
    await last;
    expect(await storedEvents()).toEqual(['early', 'early too', 'late']);
  });

  it('is one of a thousand in one task, and all of them are there, in order', async () => {
    const client = await open(await openSilentTab());
    const names = Array.from({ length: 1_000 }, (_, i) => `event ${i}`);
    await Promise.all(names.map((name) => client.track(name)));
    expect(await storedEvents()).toEqual(names);
  });
});

describe('a row', () => {
  it('is deleted after a 2xx, and not before', async () => {
    const tab = await openTab();
    let give!: (response: Response) => void;
    tab.answer = () => new Promise((resolve) => (give = resolve));
    const client = await open(tab);
    const context = await client.track('a');
    await vi.waitFor(() => expect(tab.events()).toEqual(['a']));
    expect(await storedEvents()).toEqual(['a']);
    give(Response.json({ success: true }));
    await context.delivered;
    await client.flush();
    expect(await storedEvents()).toEqual([]);
  });

  it.each([401, 429, 503])('stays when the collector answers %i, and the console says one line', async (status) => {
    const tab = await openTab();
    tab.answer = () => new Response('{}', { status });
    const client = await open(tab);
    client.track('a');
    await client.flush();
    await client.flush();
    expect(await storedEvents()).toEqual(['a']);
    expect(tab.lines).toHaveLength(1);
    expect(tab.errors).toMatchObject([{ code: 'collector_unreachable' }]);
  });

  it('that a page has left behind is sent by the next one, and those of another write key are not', async () => {
    const gone = await openSilentTab();
    await (await open(gone)).track('left behind');
    await (await open(gone, OTHER)).track('of another key');
    gone.close();
    const tab = await openTab();
    const client = await open(tab);
    await vi.waitFor(() => expect(tab.events()).toEqual(['left behind']));
    client.track('a');
    await client.flush();
    expect(tab.events()).toEqual(['left behind', 'a']);
    expect(await storedEvents()).toEqual(['of another key']);
  });

  it('that a page has left behind is sent by one of two that have tracked nothing themselves', async () => {
    const gone = await openSilentTab();
    await (await open(gone)).track('left behind');
    gone.close();
    const first = await openSilentTab();
    await open(first);
    await vi.waitFor(() => expect(first.events()).toEqual(['left behind']));
    const { held } = await navigator.locks.query();
    expect(held!.map(({ name }) => name)).toContain('hitherto.recovery.key:KEY');
    const second = await openTab();
    const client = await open(second);
    client.track('mine');
    await client.flush();
    expect(second.events()).toEqual(['mine']);
  });

  it('of a page that is alive is left to that page', async () => {
    await (await open(await openSilentTab())).track('theirs');
    const tab = await openTab();
    const client = await open(tab);
    client.track('mine');
    await client.flush();
    expect(tab.events()).toEqual(['mine']);
    expect(await storedEvents()).toEqual(['theirs']);
  });

  it('of a page in the back/forward cache is sent by another one', async () => {
    const cached = await openSilentTab();
    await (await open(cached)).track('theirs');
    cached.window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    const tab = await openTab();
    await open(tab);
    await vi.waitFor(() => expect(tab.events()).toEqual(['theirs']));
  });

  it('of a page that tracked while it went is sent by another one', async () => {
    const gone = await openSilentTab();
    const client = await open(gone);
    gone.window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    await client.track('bye');
    const tab = await openTab();
    await open(tab);
    await vi.waitFor(() => expect(tab.events()).toEqual(['bye']));
  });

  it('of another tab goes before an identify of this one', async () => {
    await (await open(await openSilentTab())).track('theirs');
    const tab = await openTab();
    const client = await open(tab);
    client.identify('ada');
    await client.flush();
    expect(tab.events()).toEqual(['theirs', 'identify']);
    expect(await storedEvents()).toEqual([]);
  });

  it('that nobody had an address for is sent by the next client that has one', async () => {
    const lost = await openTab();
    const client = await open(lost, { endpoint: 'https://collector.example' });
    await client.track('a');
    await client.identify('ada');
    expect(lost.errors).toMatchObject([{ code: 'misconfigured' }]);
    expect(lost.lines).toHaveLength(1);
    lost.close();
    const tab = await openTab();
    await open(tab);
    await vi.waitFor(() => expect(tab.events()).toEqual(['a', 'identify']));
    await vi.waitFor(async () => expect(await storedEvents()).toEqual([]));
  });
});

describe('four tabs that are busy at once', () => {
  it('lose nothing, and send no more than 5 % twice: what an identify takes along may be on its way from its own tab', async () => {
    const tabs = await Promise.all(Array.from({ length: 4 }, () => openTab()));
    const clients = await Promise.all(tabs.map((tab) => open(tab, { ...COLLECTOR, flushInterval: 20 })));
    const events = Array.from({ length: 800 }, (_, i) => `e${i}`);
    for (const [i, event] of events.entries()) {
      if (i % 200 === 100) void clients[0]!.identify('ada');
      await clients[i % 4]!.track(event);
    }
    await vi.waitFor(async () => expect(await storedEvents()).toEqual([]), 10_000);
    const sent = tabs.flatMap((tab) => tab.events()).filter((name) => name !== 'identify');
    expect(new Set(sent)).toEqual(new Set(events));
    expect(sent.length).toBeLessThanOrEqual(events.length * 1.05);
  }, 30_000);
});

describe('a page that never says where to send', () => {
  it('keeps no more than the limit, whichever of its pages tracked it', async () => {
    const lost = { writeKey: 'KEY', limit: { messages: 3, characters: 10_000 } };
    const first = await openTab();
    const before = await open(first, lost);
    await before.identify('ada');
    for (const event of ['a', 'b']) await before.track(event);
    expect(before.inspect()).toMatchObject({ endpoint: undefined, waiting: 3 });
    first.close();

    const second = await openTab();
    const client = await open(second, lost);
    await vi.waitFor(() => expect(client.inspect().waiting).toBe(3));
    const [c, d] = [client.track('c'), client.track('d')];
    expect([(await c).durable, (await d).durable]).toEqual(['stored', 'stored']);
    await vi.waitFor(async () => expect(await storedEvents()).toEqual(['identify', 'c', 'd']));
    expect(second.errors).toMatchObject([{ code: 'misconfigured' }, { code: 'outbox_full' }]);
    await client.flush();
    expect(second.requests).toEqual([]);
  });
});

describe('two clients with two write keys on one page', () => {
  it('send what they were given, each under its own', async () => {
    const tab = await openTab();
    const [one, two] = [await open(tab), await open(tab, OTHER)];
    one.track('of one');
    two.track('of two');
    one.identify('ada');
    await Promise.all([one.flush(), two.flush()]);
    expect(tab.events(COLLECTOR.writeKey)).toEqual(['of one', 'identify']);
    expect(tab.events(OTHER.writeKey)).toEqual(['of two']);
    expect(await storedEvents()).toEqual([]);
  });

  it('keep what they were given apart while the collector is away', async () => {
    const tab = await openSilentTab();
    await (await open(tab)).track('of one');
    await (await open(tab, OTHER)).track('of two');
    const owners = (await storedRows()).map(({ key }) => key.slice(key.indexOf('/') + 1));
    expect(owners).toEqual(['key:KEY', 'key:OTHER']);
  });

  it('see one visitor, though both are new and begin at once', async () => {
    const tab = await openSilentTab();
    const [one, two] = [tab.createClient(COLLECTOR), tab.createClient(OTHER)];
    await Promise.all([one.ready(), two.ready()]);
    expect(two.user().anonymousId()).toBe(one.user().anonymousId());
  });
});

describe('the anonymous id', () => {
  it('is kept in the cookie, in localStorage and in the database', async () => {
    const client = await open(await openTab());
    const id = client.user().anonymousId();
    expect(document.cookie).toContain(`ajs_anonymous_id=${id}`);
    expect(localStorage.getItem('ajs_anonymous_id')).toBe(JSON.stringify(id));
    expect(await stored('anonymousId')).toBe(id);
  });

  it('that only the database remembers is that of the first message too', async () => {
    await store('anonymousId', 'from-database');
    const client = (await openSilentTab()).createClient(COLLECTOR);
    await client.track('a');
    expect((await storedRows())[0]!.messages).toMatchObject([{ anonymousId: 'from-database' }]);
    expect(document.cookie).toContain('ajs_anonymous_id=from-database');
  });

  it('that only the database remembers is waited for, also by a page that leaves', async () => {
    await store('anonymousId', 'from-database');
    const tab = await openTab();
    const client = tab.createClient(COLLECTOR);
    const call = client.track('a');
    tab.window.dispatchEvent(new PageTransitionEvent('pagehide'));
    expect(tab.requests).toEqual([]);
    await (await call).delivered;
    expect(tab.requests.flatMap(({ batch }) => batch)).toMatchObject([{ event: 'a', anonymousId: 'from-database' }]);
  });

  it('is one and the same in two tabs that open at once', async () => {
    const [one, two] = await Promise.all([openTab(), openTab()]);
    const clients = [one.createClient(COLLECTOR), two.createClient(COLLECTOR)];
    await Promise.all(clients.map((client) => client.ready()));
    expect(clients[1]!.user().anonymousId()).toBe(clients[0]!.user().anonymousId());
  });

  it('is forgotten by every copy at reset(), in every tab', async () => {
    const client = await open(await openTab());
    const other = await open(await openTab());
    const id = client.user().anonymousId();
    expect(other.user().anonymousId()).toBe(id);
    await client.reset();
    await vi.waitFor(async () => expect(await stored('anonymousId')).toBe(client.user().anonymousId()));
    expect(client.user().anonymousId()).not.toBe(id);
    expect(document.cookie + localStorage.getItem('ajs_anonymous_id')).not.toContain(id);
    await vi.waitFor(() => expect(other.user().anonymousId()).toBe(client.user().anonymousId()));
  });
});

describe('a database', () => {
  const broken: [string, (window: Tab['window']) => void][] = [
    ['is missing', (window) => Object.defineProperty(window, 'indexedDB', { value: undefined })],
    ['throws', (window) => breakOpen(window, () => thrown(new DOMException('The operation is insecure.', 'SecurityError')))],
    ['answers with an error', (window) => breakOpen(window, () => failing(new DOMException('Internal error opening backing store.', 'UnknownError')))],
  ];

  it.each(broken)('that %s: one line, kept in memory, and delivered', async (_, breakIt) => {
    const tab = await openTab(breakIt);
    const client = tab.createClient(COLLECTOR);
    expect((await client.track('a')).durable).toBe('memory');
    expect((await client.track('b')).durable).toBe('memory');
    client.identify('ada');
    await client.flush();
    expect(tab.events()).toEqual(['a', 'b', 'identify']);
    expect(tab.lines).toHaveLength(1);
    expect(tab.errors).toMatchObject([{ code: 'storage_unavailable' }]);
  });

  it('that never answers: one line, after five seconds; what is tracked has left before', async () => {
    let waits!: number[];
    const tab = await openTab((window) => {
      breakOpen(window, () => ({}) as IDBOpenDBRequest);
      waits = hasten(window);
    });
    tab.answer = silent;
    const call = tab.createClient(COLLECTOR).track('a');
    expect(waits).toEqual([5_000, 5_000]);
    expect((await call).durable).toBe('memory');
    await vi.waitFor(() => expect(tab.events()).toEqual(['a']));
    expect(tab.lines).toHaveLength(1);
    expect(tab.errors).toMatchObject([{ code: 'storage_unavailable' }]);
  });

  it('that opens, in a browser that never says whether there is one: nothing waits for that', async () => {
    const tab = await openTab((window) => {
      vi.spyOn(window.indexedDB, 'databases').mockReturnValue(new Promise(() => {}));
      let timers = 0;
      // That is asked first.
      Object.assign(window, { setTimeout: (work: () => void, ms = 0) => setTimeout(work, timers++ === 0 ? 0 : ms) });
    });
    expect((await tab.createClient(COLLECTOR).track('a')).durable).toBe('stored');
    await vi.waitFor(() => expect(tab.events()).toEqual(['a']));
    expect(tab.errors).toEqual([]);
  });

  it('that is full: one line, kept in memory, and delivered', async () => {
    const tab = await openTab();
    const client = await open(tab);
    // What a full disk does to a transaction, as far as a page can tell.
    vi.spyOn(tab.window.IDBTransaction.prototype, 'commit').mockImplementation(function (this: IDBTransaction) {
      this.abort();
    });
    expect((await client.track('a')).durable).toBe('memory');
    await client.flush();
    expect(tab.events()).toEqual(['a']);
    expect(tab.lines).toHaveLength(1);
    expect(tab.errors).toMatchObject([{ code: 'storage_unavailable' }]);
  });

  it.each([
    ['kept in memory while nobody answers, with one line', silent, 'memory', 1],
    ['delivered at once, without a word', undefined, 'stored', 0],
  ] as const)('that opens and then takes nothing, ever: %s', async (_, answer, durable, lines) => {
    const tab = await openTab();
    tab.answer = answer ?? tab.answer;
    const client = await open(tab);
    vi.spyOn(tab.window.IDBObjectStore.prototype, 'put').mockImplementation(() => thrown(new DOMException('no', 'ReadOnlyError')));
    expect((await client.track('a')).durable).toBe(durable);
    await vi.waitFor(() => expect(tab.events()).toEqual(['a']));
    expect(tab.lines).toHaveLength(lines);
  });

  it('that another page deletes is opened again, and holds what is tracked from then on', async () => {
    const tab = await openSilentTab();
    const client = await open(tab);
    await client.track('before');
    await deleteDatabase();
    expect((await client.track('after')).durable).toBe('stored');
    expect(await storedEvents()).toEqual(['after']);
    expect(tab.lines).toEqual([]);
  });

  it('that the browser clears is opened again, and holds what is tracked from then on', async () => {
    const client = await open(await openSilentTab());
    await client.track('before');
    await cdp().send('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' });
    // It refuses to open again for as long as it is at it.
    await vi.waitFor(async () => expect((await client.track('after')).durable).toBe('stored'), { timeout: 10_000, interval: 100 });
    expect(await storedEvents()).toContain('after');
  });

  it('that is closed before anybody says so is opened again for the very call that finds out', async () => {
    const tab = await openSilentTab();
    const client = await open(tab);
    const { prototype } = tab.window.IDBDatabase;
    vi.spyOn(prototype, 'transaction').mockImplementationOnce(() => thrown(new DOMException('The database connection is closing.', 'InvalidStateError')));
    expect((await client.track('a')).durable).toBe('stored');
    expect(await storedEvents()).toEqual(['a']);
    expect(tab.lines).toEqual([]);
  });
});

describe('a page that leaves', () => {
  it('sends what it has at once, and the next page sends nothing twice', async () => {
    const tab = await openTab();
    const client = await open(tab, { ...COLLECTOR, flushInterval: 60_000 });
    client.track('first');
    await client.flush();
    await client.track('second');
    tab.window.dispatchEvent(new PageTransitionEvent('pagehide'));
    expect(tab.events()).toEqual(['first', 'second']);
    await vi.waitFor(async () => expect(await storedEvents()).toEqual([]));
  });

  it('before its database is open loses nothing of what it tracks then, should it stay after all', async () => {
    const tab = await openTab();
    const client = tab.createClient(COLLECTOR);
    const first = client.track('first');
    tab.window.dispatchEvent(new PageTransitionEvent('pagehide'));
    const second = client.track('second');
    expect((await first).durable).toBe('stored');
    await (await second).delivered;
    expect(tab.events()).toEqual(['first', 'second']);
  });

  it('leaves a collector that fails alone while it is hidden, and tries it once more when it goes', async () => {
    const tab = await openTab((window) => {
      window.Math.random = () => 0.999;
    });
    tab.answer = () => new Response('', { status: 503 });
    const client = await open(tab);
    client.track('a');
    await client.flush();
    const { document } = tab.window;
    Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
    expect(tab.events()).toEqual(['a']);
    tab.window.dispatchEvent(new PageTransitionEvent('pagehide'));
    expect(tab.events()).toEqual(['a', 'a']);
  });

  it('and comes back out of the back/forward cache goes on sending', async () => {
    const tab = await openTab();
    const client = await open(tab);
    tab.window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    tab.window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    client.track('a');
    await client.flush();
    expect(tab.events()).toEqual(['a']);
  });
});

/** Lets a second pass in a millisecond. Returns the waits that were asked for. */
function hasten(window: Tab['window']): number[] {
  const waits: number[] = [];
  Object.assign(window, { setTimeout: (work: () => void, ms = 0) => (waits.push(ms), setTimeout(work, ms / 1_000)) });
  return waits;
}

function breakOpen(window: Tab['window'], open: () => IDBOpenDBRequest): void {
  vi.spyOn(window.IDBFactory.prototype, 'open').mockImplementation(open);
}

function thrown(error: Error): never {
  throw error;
}

function failing(error: DOMException): IDBOpenDBRequest {
  const request = { error } as { error: DOMException; onerror?: () => void };
  queueMicrotask(() => request.onerror?.());
  return request as unknown as IDBOpenDBRequest;
}
