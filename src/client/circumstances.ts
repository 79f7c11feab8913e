import type { JsonObject } from '../wire/index.js';
import type { Report } from './report.js';
import { VERSION } from './version.js';

/** The page of a call, in the names that Segment's and Customer.io's clients use. */
export interface PageContext extends JsonObject {
  path: string;
  referrer: string;
  search: string;
  title: string;
  url: string;
}

export type Circumstances = JsonObject & { page?: PageContext };

/** When (milliseconds) and where a call was made, as a pasted snippet noted it before the client arrived. */
export type Moment = [time: number, url: string, title: string];

/** Now, and here. */
export function momentOfCall(): Moment | undefined {
  return typeof document === 'undefined' ? undefined : [Date.now(), location.href, document.title];
}

/**
 * What no message says about addresses, the page's own and the referrer: the query parameters with these names, or
 * whatever a function takes out of the URL that it is given.
 */
export type Scrub = string[] | ((url: URL) => void);

/** Takes out of an address what no message says. Never throws. */
export type Scrubber = (url: URL) => void;

/** Where a scrub fails, nothing but the path is said. */
export function createScrubber(scrub: Scrub | undefined, report: Report): Scrubber | undefined {
  if (!scrub) return undefined;
  return (url) => {
    try {
      // What is no text fails here, rather than taking nothing out.
      if (Array.isArray(scrub)) scrub.forEach((name) => url.searchParams.delete(name.trim()));
      else scrub(url);
    } catch (error) {
      report('scrub_failed', `scrub threw ${String(error)}: of such an address, only the path is said.`, error);
      url.search = url.hash = '';
    }
  };
}

let moment: Moment | undefined;

/** Runs work as if it were then and there. What is no moment is now. */
export function during<T>(then: unknown, work: () => T): T {
  moment = Array.isArray(then) && typeof then[0] === 'number' ? (then as Moment) : undefined;
  try {
    return work();
  } finally {
    moment = undefined;
  }
}

/** Milliseconds. */
export function timeOfCall(): number {
  return moment?.[0] ?? Date.now();
}

/**
 * The circumstances of a call, taken when it is made. The same object as long as nothing has changed: building it
 * costs thirty times as much as looking.
 */
export function createCircumstances(scrub: Scrubber | undefined): () => Circumstances {
  let cached: { href: string; title: string; canonical: string | undefined; context: Circumstances } | undefined;
  return () => {
    if (typeof document === 'undefined') return { library: LIBRARY };
    if (moment) {
      const [, url, title] = moment.map(String);
      return build(url!, title!, undefined, scrub);
    }
    const { href } = location;
    const { title } = document;
    const canonical = document.querySelector<HTMLLinkElement>('link[rel="canonical"]')?.href;
    if (cached?.href !== href || cached.title !== title || cached.canonical !== canonical) {
      cached = { href, title, canonical, context: build(href, title, canonical, scrub) };
    }
    return cached.context;
  };
}

const LIBRARY = { name: 'hitherto', version: VERSION };

function build(href: string, title: string, canonical: string | undefined, scrub: Scrubber | undefined): Circumstances {
  // The same for as long as the page lives, wherever it navigates.
  const { referrer } = document;
  const here = scrubbed(href, scrub);
  const { pathname, search } = here;
  const standard = canonical ? scrubbed(canonical, scrub) : undefined;
  const page: PageContext = {
    // A canonical link that is no address says nothing.
    path: standard?.pathname ?? pathname ?? '',
    referrer: scrub ? scrubbed(referrer, scrub).text : referrer,
    search: search ?? '',
    title,
    // As the original does: a canonical address stands as it is, the page's own loses its fragment.
    url: standard ? (standard.text.includes('?') ? standard.text : standard.text + (search ?? '')) : withoutFragment(here.text),
  };
  const parameters = new URLSearchParams(search);
  return {
    page,
    userAgent: navigator.userAgent,
    ...userAgentData(),
    locale: navigator.language,
    timezone: timezone(),
    library: LIBRARY,
    ...some('campaign', [...parameters].flatMap(([key, value]) => (key.startsWith('utm_') ? [[CAMPAIGN[key] ?? key.slice('utm_'.length), value]] : []))),
    ...some('clickIds', [...parameters].filter(([key]) => CLICK_IDS.has(key))),
  };
}

/** The others keep their names: `utm_source` is the source. */
const CAMPAIGN: Record<string, string | undefined> = { utm_campaign: 'name' };
/** What advertisers add to a link, to know its click again: Google, Microsoft, Meta, TikTok, X, LinkedIn, Pinterest, Reddit, Snap. */
const CLICK_IDS = new Set(['gclid', 'gbraid', 'wbraid', 'dclid', 'msclkid', 'fbclid', 'ttclid', 'twclid', 'li_fat_id', 'epik', 'rdt_cid', 'ScCid']);

function some(name: string, entries: string[][]): JsonObject {
  const found = entries.filter(([, value]) => value);
  return found.length > 0 ? { [name]: Object.fromEntries(found) } : {};
}

/** What somebody says of a page, with the addresses in it as the page's own are said. */
export function scrubAddresses(said: JsonObject, scrub: Scrubber | undefined): JsonObject {
  if (!scrub) return said;
  return Object.fromEntries(Object.entries(said).map(([key, value]) => [key, typeof value === 'string' && /^https?:/.test(value) ? scrubbed(value, scrub).text : value]));
}

/** An address without its fragment, in which a sign-in may come back with its token. */
export function withoutFragment(address: string): string {
  return address.replace(/#.*$/, '');
}

/** An address without what is nobody's business. */
function scrubbed(address: string, scrub: Scrubber | undefined): { text: string; pathname?: string; search?: string } {
  try {
    const url = new globalThis.URL(address);
    scrub?.(url);
    return { text: scrub ? url.href : address, pathname: url.pathname, search: url.search };
  } catch {
    // Not an address: what cannot be read cannot be scrubbed.
    return { text: scrub ? '' : address };
  }
}

/** What Chromium says of itself without being asked for more; not the brands, which the userAgent names too, at 100 bytes a message. */
function userAgentData(): JsonObject {
  const { userAgentData } = navigator as { userAgentData?: { mobile: boolean; platform: string } };
  if (!userAgentData) return {};
  const { mobile, platform } = userAgentData;
  return { userAgentData: { mobile, platform } };
}

/** Where there is Temporal it knows at once; the first question to Intl takes a page 15 ms. */
function timezone(): string {
  const { Temporal } = globalThis as { Temporal?: { Now?: { timeZoneId?(): string } } };
  return Temporal?.Now?.timeZoneId?.() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
