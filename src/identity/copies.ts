import Cookies from 'js-cookie';
import { asJson, isObject, type JsonObject } from '../wire/index.js';
import { cookieDomains, widestCookieDomain } from './cookie-domain.js';
import { idIn, valueIn } from './legacy.js';

/** How the id cookies are written. */
export interface CookieOptions {
  /** @defaultValue 365 */
  maxage?: number;
  /** @defaultValue the widest one that the page may set */
  domain?: string;
  /** @defaultValue `/` */
  path?: string;
  /** @defaultValue false */
  secure?: boolean;
  /** @defaultValue `Lax` */
  sameSite?: 'Strict' | 'Lax' | 'None';
}

/**
 * Where ids, and events that wait, are kept: in cookies too, so that subdomains share a visitor; only in the storage of
 * this origin; or nowhere but in this page's memory.
 */
export type Persistence = 'cookie' | 'localStorage' | 'memory';

/** Values that outlive the page: each one in a cookie, as plain text, and in localStorage, as JSON. */
export interface Copies {
  /** The cookie's word, else localStorage's. Either may be JSON or not, as older clients wrote it. */
  read(name: string): string | undefined;
  /** Only localStorage's: what this origin alone remembers. */
  readOwn(name: string): string | undefined;
  /** The cookie of that name, whoever wrote it. */
  readCookie(name: string): string | undefined;
  /** @returns whether at least one of the two took it */
  write(name: string, value: string): boolean;
  remove(name: string): void;
  /** In localStorage only: too large for a cookie. */
  readObject(name: string): JsonObject;
  /** The same; `undefined` removes it. */
  writeOwn(name: string, value: string | JsonObject | undefined): void;
}

/** For pages that keep nothing, and for those that may not keep anything yet. */
export const NO_COPIES: Copies = {
  read: () => undefined,
  readOwn: () => undefined,
  readCookie: () => undefined,
  write: () => true,
  remove() {},
  readObject: () => ({}),
  writeOwn() {},
};

/** The widest domain, found once for each origin: asking a browser for it takes the page a millisecond a label. */
const DOMAIN = 'hitherto.domain';

export function createCopies(options: CookieOptions, persistence: Persistence = 'cookie'): Copies {
  if (persistence === 'memory') return NO_COPIES;
  const { maxage = 365, path = '/', secure = false, sameSite = 'Lax' } = options;
  const hasCookies = persistence === 'cookie';
  let { domain } = options;
  const attributes = (): Cookies.CookieAttributes => ({ expires: maxage, domain: (domain ??= knownDomain()), path, secure, sameSite });

  /** Of two cookies with one name, this host's own hides the one that all subdomains share, and goes. */
  function readCookie(name: string): string | undefined {
    return cookie(() => {
      const value = Cookies.get(name);
      if (`; ${document.cookie}`.split(`; ${name}=`).length > 2 && attributes().domain) {
        Cookies.remove(name, { path });
        return Cookies.get(name) ?? value;
      }
      return value;
    });
  }

  return {
    read: (name) => (hasCookies ? idIn(readCookie(name)) : undefined) ?? readOwn(name),
    readOwn,
    readCookie: (name) => (hasCookies ? readCookie(name) : undefined),
    write(name, value) {
      if (hasCookies) cookie(() => Cookies.set(name, value, attributes()));
      // Asking for a cookie that was just set takes the page a millisecond: only where it matters.
      return writeStorage(name, value) || (hasCookies && cookie(() => Cookies.get(name)) === value);
    },
    remove(name) {
      // From wherever a server or an earlier configuration may have put it. To find out where would be to set one, and so would it be
      // to remove one that nobody has.
      cookie(() => {
        if (!document.cookie.includes(`${name}=`)) return;
        for (const domain of ['', ...(options.domain ? [options.domain] : cookieDomains(location.hostname))]) Cookies.remove(name, { domain, path, secure, sameSite });
      });
      writeStorage(name, undefined);
    },
    readObject(name) {
      const value = valueIn(readStorage(name) ?? '');
      return isObject(value) ? value : {};
    },
    writeOwn: (name, value) => void writeStorage(name, value),
  };
}

function knownDomain(): string {
  const known = readOwn(DOMAIN);
  if (known !== undefined) return known;
  const domain = widestCookieDomain(location.hostname, canSetCookie) ?? '';
  if (domain) writeStorage(DOMAIN, domain);
  return domain;
}

function canSetCookie(domain: string): boolean {
  const name = 'hitherto_probe';
  const value = domain;
  Cookies.set(name, value, { domain, sameSite: 'Lax' });
  const isSet = Cookies.get(name) === value;
  Cookies.remove(name, { domain });
  return isSet;
}

/** Cookies throw in sandboxed frames, and where a browser blocks all site data. */
function cookie<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // Without cookies the other copies remember the visitor.
    return undefined;
  }
}

function readOwn(name: string): string | undefined {
  return idIn(readStorage(name));
}

function readStorage(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** As JSON. */
function writeStorage(name: string, value: string | JsonObject | undefined): boolean {
  try {
    if (value === undefined) localStorage.removeItem(name);
    else localStorage.setItem(name, asJson(value));
    return true;
  } catch {
    // Blocked or full: the other copies remember the visitor.
    return false;
  }
}
