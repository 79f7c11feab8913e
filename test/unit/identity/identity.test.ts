import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { createIdentity, newId, type Identity, type IdentityOptions } from '../../../src/identity/index.js';

const ANONYMOUS_ID = 'ajs_anonymous_id';
const USER_ID = 'ajs_user_id';
const TRAITS = 'ajs_user_traits';
const GROUP_ID = 'ajs_group_id';
const NAMES = [ANONYMOUS_ID, USER_ID, TRAITS, GROUP_ID, 'hitherto_given_id'];

function create(options: Partial<IdentityOptions> = {}): Identity {
  const identity = createIdentity({ onChange() {}, onUnwritable() {}, ...options });
  identity.begin();
  return identity;
}

/** A page load whose database remembers this, or nothing. */
function load(remembered?: string, options: Partial<IdentityOptions> = {}): Identity {
  const identity = create(options);
  identity.recover(remembered);
  return identity;
}

function cookieNamed(name: string): string | undefined {
  return document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

function forgetCookies(): void {
  for (const name of NAMES) document.cookie = `${name}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT`;
}

function blockCookies(): void {
  Object.defineProperty(document, 'cookie', { get: blocked, set: blocked, configurable: true });
}

function blockLocalStorage(): void {
  vi.stubGlobal('localStorage', { getItem: blocked, setItem: blocked, removeItem: blocked });
}

function blocked(): never {
  throw new DOMException('blocked', 'SecurityError');
}

/** Another page of the origin has written this. */
function tell(key: string): void {
  dispatchEvent(new StorageEvent('storage', { key }));
}

/** Every cookie, as it is written from now on; those that are there stay. */
function cookiesWritten(there = ''): string[] {
  const written: string[] = [];
  Object.defineProperty(document, 'cookie', {
    get: () => there,
    set(text: string) {
      written.push(text);
    },
    configurable: true,
  });
  return written;
}

/** The cookie of the anonymous id, as it is written. */
function writtenWith(options?: IdentityOptions['cookie']): string {
  const written = cookiesWritten();
  load(undefined, { cookie: options });
  return written.find((text) => text.startsWith(ANONYMOUS_ID))!;
}

beforeEach(() => {
  localStorage.clear();
  forgetCookies();
});

afterEach(() => {
  // The browser's own is on the prototype.
  Reflect.deleteProperty(document, 'cookie');
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('a new visitor', () => {
  it('has an id at once, before the database has answered', () => {
    expect(create().anonymousId()).toMatch(/^[\w-]{21}$/);
  });

  it('keeps it: in a cookie as plain text, in localStorage as JSON, and in the database', () => {
    const identity = create();
    const id = identity.anonymousId();
    expect(identity.recover(undefined)).toBe(id);
    expect(cookieNamed(ANONYMOUS_ID)).toBe(id);
    expect(localStorage.getItem(ANONYMOUS_ID)).toBe(JSON.stringify(id));
  });

  it('keeps it at once: a page that only sends them on is gone before the database has answered', () => {
    const id = create().anonymousId();
    expect(create().anonymousId()).toBe(id);
  });

  it('has it on the other subdomains too, once such a page is gone', () => {
    const id = create().anonymousId();
    expect(cookieNamed(ANONYMOUS_ID)).toBeUndefined();
    dispatchEvent(new Event('pagehide'));
    localStorage.clear();
    expect(load('from-database').anonymousId()).toBe(id);
  });

  it('has nobody else\'s', () => {
    expect(new Set(Array.from({ length: 1_000 }, newId)).size).toBe(1_000);
  });
});

describe('a visitor who comes back', () => {
  it('is known by the cookie, before localStorage, before the database', () => {
    document.cookie = `${ANONYMOUS_ID}=from-cookie; path=/`;
    localStorage.setItem(ANONYMOUS_ID, '"from-storage"');
    const identity = create();
    expect(identity.anonymousId()).toBe('from-cookie');
    expect(identity.recover('from-database')).toBe('from-cookie');
    expect(localStorage.getItem(ANONYMOUS_ID)).toBe('"from-cookie"');
  });

  it('is known by localStorage, before the database', () => {
    localStorage.setItem(ANONYMOUS_ID, '"from-storage"');
    const identity = load('from-database');
    expect(identity.anonymousId()).toBe('from-storage');
    expect(cookieNamed(ANONYMOUS_ID)).toBe('from-storage');
  });

  it('is known by the database, and then by the other copies again', () => {
    const identity = load('from-database');
    expect(identity.anonymousId()).toBe('from-database');
    expect(cookieNamed(ANONYMOUS_ID)).toBe('from-database');
    expect(localStorage.getItem(ANONYMOUS_ID)).toBe('"from-database"');
  });

  it.each([
    ['quoted', '"legacy-id"', 'legacy-id'],
    ['unquoted', 'legacy-id', 'legacy-id'],
    ['a number', '12345', '12345'],
    ['a number larger than JavaScript can count', '12345678901234567890', '12345678901234567890'],
  ])('keeps an id that an older client has written %s', (_, stored, id) => {
    localStorage.setItem(ANONYMOUS_ID, stored);
    localStorage.setItem(USER_ID, stored);
    const identity = load();
    expect(identity.anonymousId()).toBe(id);
    expect(identity.userId()).toBe(id);
  });

  it.each(['null', '""', '{}', '[]', 'true'])('is new where an older client has written %s', (stored) => {
    localStorage.setItem(ANONYMOUS_ID, stored);
    expect(load().anonymousId()).toMatch(/^[\w-]{21}$/);
  });

  it.each([
    ['quoted', '%22legacy-id%22', 'legacy-id'],
    ['a number larger than JavaScript can count', '12345678901234567890', '12345678901234567890'],
  ])('keeps an id that an older client has put into a cookie %s', (_, stored, id) => {
    document.cookie = `${ANONYMOUS_ID}=${stored}; path=/`;
    document.cookie = `${USER_ID}=${stored}; path=/`;
    const identity = load();
    expect(identity.anonymousId()).toBe(id);
    expect(identity.userId()).toBe(id);
  });

  it('is nobody where an older client has put null into a cookie', () => {
    document.cookie = `${ANONYMOUS_ID}=null; path=/`;
    document.cookie = `${USER_ID}=null; path=/`;
    const identity = load();
    expect(identity.anonymousId()).toMatch(/^[\w-]{21}$/);
    expect(identity.userId()).toBeUndefined();
  });

  it('keeps person and traits', () => {
    load().identify('ada', { plan: 'pro' });
    const identity = load();
    expect(identity.userId()).toBe('ada');
    expect(identity.traits()).toEqual({ plan: 'pro' });
  });

  it.each(['"text"', '[1]', 'null', '{broken'])('has no traits where localStorage says %s', (stored) => {
    localStorage.setItem(TRAITS, stored);
    expect(load().traits()).toEqual({});
  });
});

describe('what was written before the database had answered', () => {
  it('is corrected to the id that it remembers', () => {
    const identity = create();
    const text = JSON.stringify({ anonymousId: identity.anonymousId(), previousId: identity.anonymousId(), event: 'a' });
    identity.recover('from-database');
    expect(JSON.parse(identity.correct(text))).toEqual({ anonymousId: 'from-database', previousId: 'from-database', event: 'a' });
  });

  it.each(['say "hi"', 'back\\slash', '$& costs $1', '$`', 'line\nbreak'])('is corrected to an odd id of the page\'s own as it is: %j', (remembered) => {
    const identity = create();
    const text = JSON.stringify({ anonymousId: identity.anonymousId() });
    identity.recover(remembered);
    expect(JSON.parse(identity.correct(text))).toEqual({ anonymousId: remembered });
  });

  it('is corrected on the next page, if this one was gone before; and the visitor is not forgotten', () => {
    const text = JSON.stringify({ anonymousId: create().anonymousId() });
    dispatchEvent(new Event('pagehide'));
    const next = load('from-database');
    expect(next.anonymousId()).toBe('from-database');
    expect(JSON.parse(next.correct(text))).toEqual({ anonymousId: 'from-database' });
    expect(load().anonymousId()).toBe('from-database');
  });

  it('stands when the visitor is new', () => {
    const identity = create();
    const text = JSON.stringify({ anonymousId: identity.anonymousId() });
    identity.recover(undefined);
    expect(identity.correct(text)).toBe(text);
  });

  it('stands when the visitor was known', () => {
    document.cookie = `${ANONYMOUS_ID}=from-cookie; path=/`;
    const identity = create();
    const text = JSON.stringify({ anonymousId: 'from-cookie' });
    identity.recover('from-database');
    expect(identity.correct(text)).toBe(text);
  });

  it('and was meant for an id of the page\'s own, keeps that id', () => {
    const identity = create();
    const early = JSON.stringify({ anonymousId: identity.anonymousId() });
    identity.setAnonymousId('mine');
    expect(identity.recover('from-database')).toBe('mine');
    expect(identity.anonymousId()).toBe('mine');
    expect(JSON.parse(identity.correct(early))).toEqual({ anonymousId: 'from-database' });
  });

  it('is one visitor for two clients on a page without a database', () => {
    const [one, two] = [create(), create()];
    one.recover(undefined);
    two.recover(undefined);
    expect(two.anonymousId()).toBe(one.anonymousId());
  });
});

describe('before the database is open, an id', () => {
  const mayExist = (answer: boolean) => Promise.resolve(answer);

  it('stands when the visitor is known, whatever the browser has to say', async () => {
    document.cookie = `${ANONYMOUS_ID}=from-cookie; path=/`;
    const never = new Promise<boolean>(() => {});
    await expect(create().settle(never)).resolves.toBe(true);
  });

  it('stands when there is no database that could remember another', async () => {
    const identity = create();
    const id = identity.anonymousId();
    await expect(identity.settle(mayExist(false))).resolves.toBe(true);
    expect(identity.recover('from-database')).toBe(id);
  });

  it('is one and the same for two pages that begin at once', async () => {
    const identity = create();
    const text = JSON.stringify({ anonymousId: identity.anonymousId() });
    document.cookie = `${ANONYMOUS_ID}=from-another-page; path=/`;
    await identity.settle(mayExist(false));
    expect(identity.anonymousId()).toBe('from-another-page');
    expect(JSON.parse(identity.correct(text))).toEqual({ anonymousId: 'from-another-page' });
  });

  it('is decided by one page after the other', async () => {
    let last = Promise.resolve();
    vi.stubGlobal('navigator', { locks: { request: (_name: string, _options: object, work: () => Promise<void>) => (last = last.then(work)) } });
    const one = create();
    // What one process writes into localStorage, another one sees a moment later.
    localStorage.clear();
    const two = create();
    expect(two.anonymousId()).not.toBe(one.anonymousId());
    let answer!: (mayExist: boolean) => void;
    const settled = [one.settle(new Promise((resolve) => (answer = resolve))), two.settle(mayExist(false))];
    answer(false);
    await expect(Promise.all(settled)).resolves.toEqual([true, true]);
    expect(two.anonymousId()).toBe(one.anonymousId());
    expect(cookieNamed(ANONYMOUS_ID)).toBe(one.anonymousId());
  });

  it('does not stand when there may be one', async () => {
    const identity = create();
    await expect(identity.settle(mayExist(true))).resolves.toBe(false);
    expect(identity.recover('from-database')).toBe('from-database');
  });

  it('does not stand when nothing else remembers it: another page would have one of its own', async () => {
    blockCookies();
    blockLocalStorage();
    await expect(create().settle(mayExist(false))).resolves.toBe(false);
  });
});

describe('identify', () => {
  it('keeps the anonymous id of a visitor who was not known', () => {
    const identity = load();
    const id = identity.anonymousId();
    identity.identify('ada', {});
    expect(identity.anonymousId()).toBe(id);
    expect(identity.userId()).toBe('ada');
    expect(cookieNamed(USER_ID)).toBe('ada');
    expect(localStorage.getItem(USER_ID)).toBe('"ada"');
  });

  it('gives another person an anonymous id of their own, and tells of it', () => {
    const onChange = vi.fn<(...values: unknown[]) => void>();
    const identity = load(undefined, { onChange });
    identity.identify('ada', {});
    const id = identity.anonymousId();
    expect(onChange).not.toHaveBeenCalled();
    identity.identify('bob', {});
    expect(identity.anonymousId()).not.toBe(id);
    expect(onChange).toHaveBeenCalledWith(identity.anonymousId());
    expect(cookieNamed(ANONYMOUS_ID)).toBe(identity.anonymousId());
  });

  it('keeps it when the same person says so again', () => {
    const identity = load();
    const id = identity.anonymousId();
    identity.identify('ada', {});
    identity.identify('ada', {});
    identity.identify(undefined, { plan: 'pro' });
    expect(identity.anonymousId()).toBe(id);
    expect(identity.userId()).toBe('ada');
  });

  it('adds to the traits of the same person, and starts anew with another', () => {
    const identity = load();
    identity.identify('ada', { plan: 'free', city: 'London' });
    identity.identify('ada', { plan: 'pro' });
    identity.identify(undefined, { age: 36 });
    expect(identity.traits()).toEqual({ plan: 'pro', city: 'London', age: 36 });
    expect(JSON.parse(localStorage.getItem(TRAITS)!)).toEqual(identity.traits());
    identity.identify('bob', { plan: 'free' });
    expect(identity.traits()).toEqual({ plan: 'free' });
  });
});

describe('a page that has put its own in the place of JSON', () => {
  it('keeps its copies, and hears of nothing', () => {
    const identity = load();
    vi.spyOn(JSON, 'stringify').mockImplementation(() => {
      throw new Error('replaced');
    });
    identity.identify('ada', { plan: 'pro' });
    identity.setAnonymousId('mine');
    expect({ ...localStorage }).toMatchObject({ [USER_ID]: '"ada"', [TRAITS]: '{"plan":"pro"}', [ANONYMOUS_ID]: '"mine"' });
  });

  it('keeps lists as lists, though an old library has taught them otherwise', () => {
    const list = Array.prototype as { toJSON?: unknown };
    list.toJSON = () => '[spoiled]';
    load().identify('ada', { tags: ['a', 'b'] });
    delete list.toJSON;
    expect(load().userId()).toBe('ada');
    expect(load().traits()).toEqual({ tags: ['a', 'b'] });
  });
});

describe('options of a page\'s configuration that were not found', () => {
  it('are as good as none', () => {
    load(undefined, { cookie: null, user: null, group: null }).identify('ada', {});
    expect(load().userId()).toBe('ada');
  });
});

describe('reset', () => {
  it('forgets the person and the visitor in every copy', () => {
    const onChange = vi.fn<(...values: unknown[]) => void>();
    const identity = load(undefined, { onChange });
    identity.identify('ada', { plan: 'pro' });
    const id = identity.anonymousId();
    identity.reset();
    expect(identity.userId()).toBeUndefined();
    expect(identity.traits()).toEqual({});
    expect(identity.anonymousId()).not.toBe(id);
    expect(onChange).toHaveBeenLastCalledWith(identity.anonymousId());
    expect(cookieNamed(USER_ID)).toBeUndefined();
    expect(localStorage.getItem(USER_ID)).toBeNull();
    expect(localStorage.getItem(TRAITS)).toBeNull();
    expect(cookieNamed(ANONYMOUS_ID)).toBe(identity.anonymousId());
    expect(load(id).anonymousId()).toBe(identity.anonymousId());
  });
});

describe('what is removed', () => {
  /** The domains that a removal of this cookie names; `undefined` is the host alone. */
  const domainsOf = (written: string[], name: string): (string | undefined)[] =>
    written.filter((text) => text.startsWith(`${name}=;`)).map((text) => /domain=([^;]+)/.exec(text)?.[1]);

  it('at reset is the id that the page gave, too', () => {
    const identity = load();
    identity.setAnonymousId('of-ada');
    identity.reset();
    expect(document.cookie + JSON.stringify({ ...localStorage })).not.toContain('of-ada');
  });

  it('is removed from wherever it may be, and no cookie is set to find out', () => {
    vi.stubGlobal('location', { hostname: 'app.shop.example' });
    const identity = load(undefined, { persistence: 'localStorage' });
    const written = cookiesWritten(`${USER_ID}=ada`);
    identity.reset();
    expect(domainsOf(written, USER_ID)).toEqual([undefined, 'shop.example', 'app.shop.example']);
    expect(written.filter((text) => !/=; /.test(text))).toEqual([]);
  });

  it('is left alone where nobody has it: a page whose visitor says no sets no cookie', () => {
    const identity = load(undefined, { persistence: 'localStorage' });
    const written = cookiesWritten();
    identity.erase();
    expect(written).toEqual([]);
  });

  it('is that of the page\'s own domain, where it says one, and of the host, as a server may have set it', () => {
    vi.stubGlobal('location', { hostname: 'app.shop.example' });
    const identity = load(undefined, { cookie: { domain: 'app.shop.example' } });
    const written = cookiesWritten(`${ANONYMOUS_ID}=v`);
    identity.erase();
    expect(domainsOf(written, ANONYMOUS_ID)).toEqual([undefined, 'app.shop.example']);
  });
});

describe('another client of the page', () => {
  it('knows the same person and the same visitor', () => {
    const [one, two] = [load(), load()];
    one.identify('ada', { plan: 'pro' });
    one.group.set('acme', {});
    expect([two.userId(), two.traits(), two.group.id()]).toEqual(['ada', { plan: 'pro' }, 'acme']);
    two.identify('bob', {});
    expect([one.userId(), one.traits(), one.anonymousId()]).toEqual(['bob', {}, two.anonymousId()]);
    one.setAnonymousId('mine');
    expect(two.anonymousId()).toBe('mine');
    two.reset();
    expect([one.userId(), one.group.id(), one.anonymousId()]).toEqual([undefined, undefined, two.anonymousId()]);
  });

  it('goes on with a visitor who is new since, though it did not know the one before', () => {
    const [one, two] = [create(), create()];
    const text = JSON.stringify({ anonymousId: two.anonymousId() });
    one.reset();
    expect(two.anonymousId()).toBe(one.anonymousId());
    two.recover('from-database');
    expect(two.anonymousId()).toBe(one.anonymousId());
    expect(JSON.parse(two.correct(text))).toEqual({ anonymousId: 'from-database' });
  });

  it('that keeps nothing is nobody\'s business', () => {
    const [one, two] = [load(), load(undefined, { persistence: 'memory' })];
    two.identify('ada', {});
    one.identify('bob', {});
    expect([one.userId(), two.userId()]).toEqual(['bob', 'ada']);
  });
});

describe('another page of the origin', () => {
  it('is believed when it says who the visitor and the person are', () => {
    const identity = load();
    document.cookie = `${ANONYMOUS_ID}=rotated; path=/`;
    document.cookie = `${USER_ID}=bob; path=/`;
    localStorage.setItem(USER_ID, '"bob"');
    localStorage.setItem(TRAITS, '{"plan":"pro"}');
    NAMES.forEach(tell);
    expect(identity.anonymousId()).toBe('rotated');
    expect(identity.userId()).toBe('bob');
    expect(identity.traits()).toEqual({ plan: 'pro' });
  });

  it('is believed when it says that there is nobody any more', () => {
    const identity = load();
    identity.identify('ada', { plan: 'pro' });
    localStorage.clear();
    forgetCookies();
    NAMES.forEach(tell);
    expect(identity.userId()).toBeUndefined();
    expect(identity.traits()).toEqual({});
  });
});

describe('on another subdomain', () => {
  /** What a page there has written: the cookies. */
  function write(cookies: Record<string, string | undefined>): void {
    for (const [name, value] of Object.entries(cookies)) document.cookie = `${name}=${value ?? ''}; path=/${value === undefined ? '; expires=Thu, 01 Jan 1970 00:00:00 GMT' : ''}`;
  }

  /** The visitor comes back to a page that is open here. */
  function comeBack(how: 'visibilitychange' | 'pageshow'): void {
    if (how === 'pageshow') dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    else document.dispatchEvent(new Event(how, { bubbles: true }));
  }

  function signedIn(): Identity {
    const identity = load();
    identity.identify('ada', { email: 'ada@example.com' });
    identity.group.set('acme', { plan: 'pro' });
    return identity;
  }

  beforeEach(() => {
    vi.stubGlobal('PageTransitionEvent', class extends Event {
      persisted = true;
    });
  });

  it('a logout is a logout here, on the next page and the one after', () => {
    signedIn();
    write({ [ANONYMOUS_ID]: 'somebody-new', [USER_ID]: undefined, [GROUP_ID]: undefined });
    for (const identity of [load(), load()]) {
      expect([identity.anonymousId(), identity.userId(), identity.group.id()]).toEqual(['somebody-new', undefined, undefined]);
      expect([identity.traits(), identity.group.traits()]).toEqual([{}, {}]);
    }
    expect(JSON.stringify({ ...localStorage })).not.toMatch(/ada|acme/);
  });

  it('another person is another person here, who has none of the traits', () => {
    signedIn();
    write({ [ANONYMOUS_ID]: 'of-bob', [USER_ID]: 'bob' });
    for (const identity of [load(), load()]) {
      expect([identity.userId(), identity.traits(), identity.group.id()]).toEqual(['bob', {}, 'acme']);
    }
    load().identify('bob', { name: 'Bob' });
    expect([load().userId(), load().traits()]).toEqual(['bob', { name: 'Bob' }]);
  });

  it('a visitor whom the page gave an id is the same person', () => {
    signedIn();
    write({ [ANONYMOUS_ID]: 'mine' });
    expect([load().anonymousId(), load().userId(), load().traits()]).toEqual(['mine', 'ada', { email: 'ada@example.com' }]);
  });

  it.each(['visibilitychange', 'pageshow'] as const)('a logout is heard by an open page once it is seen again (%s)', (how) => {
    const identity = signedIn();
    write({ [ANONYMOUS_ID]: 'somebody-new', [USER_ID]: undefined, [GROUP_ID]: undefined });
    comeBack(how);
    expect([identity.anonymousId(), identity.userId(), identity.traits(), identity.group.id()]).toEqual(['somebody-new', undefined, {}, undefined]);
    expect(load().userId()).toBeUndefined();
  });

  it('another person is heard of by an open page once it is seen again', () => {
    const identity = signedIn();
    write({ [ANONYMOUS_ID]: 'of-bob', [USER_ID]: 'bob' });
    comeBack('visibilitychange');
    expect([identity.anonymousId(), identity.userId(), identity.traits()]).toEqual(['of-bob', 'bob', {}]);
  });

  it('nothing has happened: an open page goes on, also where nothing can be kept', () => {
    const known = signedIn();
    blockCookies();
    blockLocalStorage();
    const unknown = signedIn();
    comeBack('visibilitychange');
    expect(unknown.userId()).toBe('ada');
    expect(unknown.traits()).toEqual({ email: 'ada@example.com' });
    Reflect.deleteProperty(document, 'cookie');
    vi.unstubAllGlobals();
    comeBack('visibilitychange');
    expect(known.traits()).toEqual({ email: 'ada@example.com' });
  });
});

describe('before the visitor has agreed', () => {
  function pending(options: Partial<IdentityOptions> = {}): Identity {
    return createIdentity({ onChange() {}, onUnwritable() {}, ...options });
  }

  function known(): void {
    const identity = load();
    identity.setAnonymousId('of-ada');
    identity.identify('ada', { email: 'ada@example.com' });
    identity.group.set('acme', { plan: 'pro' });
  }

  it('a reset is one: whom the browser remembers is forgotten', () => {
    known();
    const identity = pending();
    const text = JSON.stringify({ anonymousId: identity.anonymousId() });
    identity.reset();
    const id = identity.anonymousId();
    identity.begin();
    identity.recover(undefined);
    expect([identity.anonymousId(), identity.userId(), identity.traits(), identity.group.id()]).toEqual([id, undefined, {}, undefined]);
    expect(JSON.parse(identity.correct(text))).toEqual({ anonymousId: 'of-ada' });
    expect([load().anonymousId(), load().userId(), load().traits(), load().group.id()]).toEqual([id, undefined, {}, undefined]);
  });

  it('a reset brings nobody back whom an older client knew', () => {
    document.cookie = '_cioid=ada; path=/';
    const identity = pending();
    identity.reset();
    identity.begin();
    document.cookie = '_cioid=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT';
    expect(identity.userId()).toBeUndefined();
  });

  it('whoever is only described is still whom the browser remembers', () => {
    known();
    const identity = pending();
    identity.identify(undefined, { plan: 'pro' });
    identity.begin();
    expect([identity.userId(), identity.traits()]).toEqual(['ada', { email: 'ada@example.com', plan: 'pro' }]);
  });

  it.each([['pending', {}], ['in memory only', { persistence: 'memory' }], ['not kept', { user: { persist: false } }]] as const)('what another page writes is no news to a person who is %s', (how, options) => {
    const identity = pending(options);
    if (how !== 'pending') identity.begin();
    identity.identify('ada', { plan: 'pro' });
    NAMES.forEach(tell);
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    expect([identity.userId(), identity.traits()]).toEqual(['ada', { plan: 'pro' }]);
  });
});

describe('a browser that blocks', () => {
  it('cookies: the visitor is known by localStorage', () => {
    blockCookies();
    const onUnwritable = vi.fn<(...values: unknown[]) => void>();
    const id = load(undefined, { onUnwritable }).anonymousId();
    expect(load().anonymousId()).toBe(id);
    expect(onUnwritable).not.toHaveBeenCalled();
  });

  it('localStorage: the visitor is known by the cookie', () => {
    blockLocalStorage();
    const onUnwritable = vi.fn<(...values: unknown[]) => void>();
    const id = load(undefined, { onUnwritable }).anonymousId();
    expect(load().anonymousId()).toBe(id);
    expect(onUnwritable).not.toHaveBeenCalled();
  });

  it('both: the visitor is known by the database, the page is told, and nothing throws', () => {
    blockCookies();
    blockLocalStorage();
    const onUnwritable = vi.fn<(...values: unknown[]) => void>();
    const identity = load('from-database', { onUnwritable });
    expect(identity.anonymousId()).toBe('from-database');
    expect(onUnwritable).toHaveBeenCalled();
    identity.identify('ada', { plan: 'pro' });
    expect(identity.userId()).toBe('ada');
    identity.reset();
    expect(identity.userId()).toBeUndefined();
  });

  it('both, without a word: what is set is simply not there', () => {
    Object.defineProperty(document, 'cookie', { get: () => '', set() {}, configurable: true });
    blockLocalStorage();
    const onUnwritable = vi.fn<(...values: unknown[]) => void>();
    load(undefined, { onUnwritable });
    expect(onUnwritable).toHaveBeenCalled();
  });
});

describe('the cookie', () => {
  it('lasts a year, for the whole site, and is not sent along from other sites', () => {
    const text = writtenWith();
    expect(text).toMatch(/; path=\/(;|$)/i);
    expect(text).toMatch(/; sameSite=Lax(;|$)/i);
    expect(text).not.toMatch(/; (domain|secure)/i);
    const expires = Date.parse(/; expires=([^;]+)/i.exec(text)![1]!);
    expect((expires - Date.now()) / 86_400_000).toBeCloseTo(365, 1);
  });

  it('of the person and of the group lasts a year from the last visit, as the visitor\'s does', () => {
    const written = cookiesWritten('ajs_anonymous_id=visitor; ajs_user_id=ada; ajs_group_id=acme');
    load();
    expect(written.map((text) => text.split(';')[0])).toEqual(['ajs_anonymous_id=visitor', 'ajs_user_id=ada', 'ajs_group_id=acme']);
  });

  it('that is gone comes back from localStorage, and the other way round', () => {
    localStorage.setItem(USER_ID, '"ada"');
    document.cookie = `${GROUP_ID}=acme; path=/`;
    load();
    expect([cookieNamed(USER_ID), localStorage.getItem(GROUP_ID)]).toEqual(['ada', '"acme"']);
  });

  it('of somebody else leaves them none of the traits that lie in localStorage', () => {
    localStorage.setItem(USER_ID, '"ada"');
    localStorage.setItem(TRAITS, '{"plan":"pro"}');
    document.cookie = `${USER_ID}=bob; path=/`;
    load();
    expect([load().userId(), load().traits()]).toEqual(['bob', {}]);
  });

  it('that another page took away meanwhile does not come back', () => {
    document.cookie = `${USER_ID}=ada; path=/`;
    const identity = create();
    forgetCookies();
    identity.recover(undefined);
    expect([cookieNamed(USER_ID), localStorage.getItem(USER_ID)]).toEqual([undefined, null]);
  });

  it('is written as the page wants it', () => {
    const text = writtenWith({ maxage: 7, domain: 'app.example.com', path: '/shop', secure: true, sameSite: 'Strict' });
    expect(text).toMatch(/; path=\/shop(;|$)/i);
    expect(text).toMatch(/; domain=app\.example\.com(;|$)/i);
    expect(text).toMatch(/; sameSite=Strict(;|$)/i);
    expect(text).toMatch(/; secure(;|$)/i);
    expect((Date.parse(/; expires=([^;]+)/i.exec(text)![1]!) - Date.now()) / 86_400_000).toBeCloseTo(7, 1);
  });
});

describe('an anonymous id', () => {
  it('is ours when this client minted it, on this page or an earlier one', () => {
    expect(load().isMinted()).toBe(true);
    expect(load().isMinted()).toBe(true);
  });

  it('is not ours when the page gave it, though it looks like one; not on its next pages either', () => {
    const identity = load();
    identity.setAnonymousId(newId());
    expect(identity.isMinted()).toBe(false);
    expect(load().isMinted()).toBe(false);
  });

  it('is ours again after a reset', () => {
    const identity = load();
    identity.setAnonymousId('theirs');
    identity.reset();
    expect(identity.isMinted()).toBe(true);
  });

  it('is ours though the page says it back to us', () => {
    const identity = load();
    identity.setAnonymousId(identity.anonymousId());
    expect(identity.isMinted()).toBe(true);
  });

  it('is not ours when another client made it', () => {
    localStorage.setItem(ANONYMOUS_ID, JSON.stringify('7d444840-9dc0-11d1-b245-5ffdce74fad2'));
    expect(load().isMinted()).toBe(false);
  });
});

describe('a person whose copies have other names', () => {
  it('is heard of from other pages under those', () => {
    const identity = load(undefined, { user: { cookie: { key: 'my_uid' }, localStorage: { key: 'my_traits' } } });
    document.cookie = 'my_uid=ada; path=/';
    tell('my_uid');
    expect(identity.userId()).toBe('ada');
    localStorage.setItem('my_uid', '"ada"');
    localStorage.setItem('my_traits', '{"plan":"pro"}');
    tell('the-page-s-own');
    expect(identity.traits()).toEqual({});
    tell('my_traits');
    expect(identity.traits()).toEqual({ plan: 'pro' });
    document.cookie = 'my_uid=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT';
  });
});
