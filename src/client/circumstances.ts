import type { JsonObject } from '../wire/index.js';
import { VERSION } from './version.js';

/** The page of a call, in the names that Segment's and Customer.io's clients use. */
export interface PageContext extends JsonObject {
  path: string;
  referrer: string;
  search: string;
  title: string;
  url: string;
}

let cached: { href: string; title: string; canonical: string | undefined; context: JsonObject & { page?: PageContext } } | undefined;

/**
 * The circumstances of a call, taken when it is made. The same object as long as nothing has changed: building it
 * costs thirty times as much as looking.
 */
export function circumstances(): JsonObject & { page?: PageContext } {
  if (typeof document === 'undefined') return { library: LIBRARY };
  const { href } = location;
  const { title } = document;
  const canonical = document.querySelector<HTMLLinkElement>('link[rel="canonical"]')?.href;
  if (cached?.href !== href || cached.title !== title || cached.canonical !== canonical) {
    cached = { href, title, canonical, context: build(href, title, canonical) };
  }
  return cached.context;
}

const LIBRARY = { name: 'hitherto', version: VERSION };

function build(href: string, title: string, canonical: string | undefined): JsonObject & { page: PageContext } {
  const { pathname, search } = location;
  const page: PageContext = {
    path: canonical ? pathOf(canonical, pathname) : pathname,
    referrer: document.referrer,
    search,
    title,
    // As the original does: a canonical address stands as it is, the page's own loses its fragment.
    url: canonical ? (canonical.includes('?') ? canonical : canonical + search) : href.replace(/#.*$/, ''),
  };
  const campaign = campaignIn(search);
  return {
    page,
    userAgent: navigator.userAgent,
    locale: navigator.language,
    timezone: timezone(),
    library: LIBRARY,
    ...(Object.keys(campaign).length > 0 && { campaign }),
  };
}

/** Where there is Temporal it knows at once; the first question to Intl takes a page 15 ms. */
function timezone(): string {
  const { Temporal } = globalThis as { Temporal?: { Now: { timeZoneId(): string } } };
  return Temporal ? Temporal.Now.timeZoneId() : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function pathOf(canonical: string, fallback: string): string {
  try {
    return new URL(canonical).pathname;
  } catch {
    // A canonical link that is no address says nothing.
    return fallback;
  }
}

/** The utm_ parameters: `utm_campaign` is the name, the others keep theirs. */
function campaignIn(search: string): JsonObject {
  const campaign: JsonObject = {};
  for (const [key, value] of new URLSearchParams(search)) {
    if (key.startsWith('utm_') && value) campaign[key === 'utm_campaign' ? 'name' : key.slice('utm_'.length)] = value;
  }
  return campaign;
}
