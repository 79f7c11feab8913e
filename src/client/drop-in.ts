import type { JsonObject } from '../wire/index.js';
import { startClient } from './client.js';
import { readLoadOptions } from './customer-io.js';
import { callPage } from './emitter.js';
import { trackElements } from './links.js';
import { followQuery, type QueryRules } from './query-string.js';
import { fetchSettings } from './settings.js';
import type { TagOptions, TagSettings } from './take-over.js';
import type { Client, ClientOptions, Parts } from './types.js';

/** Options of Customer.io's `load()` beside ours. */
export interface LoadOptions extends Omit<ClientOptions, 'writeKey'> {
  /** Where the settings of the workspace are asked for, as in `https://cdp-eu.customer.io`; messages go there too, unless they say otherwise. */
  cdnURL?: string;
  /** The settings, so that nobody is asked. */
  cdnSettings?: JsonObject;
  /** The same as `persistence: 'memory'`. */
  disableClientPersistence?: boolean;
  /** Calls `page()` at once. @defaultValue false */
  initialPageview?: boolean;
  /**
   * Heeds `ajs_aid`, `ajs_uid`, `ajs_event`, `ajs_prop_*` and `ajs_trait_*` in the page's address; with patterns, only ids that
   * match. Off because a link could plant an id.
   * @defaultValue false
   */
  useQueryString?: boolean | QueryRules;
  /** The name of a global to put the client into. */
  globalAnalyticsKey?: string;
  /** @deprecated Not needed: everything is kept until it is delivered. */
  retryQueue?: boolean;
  /** @deprecated Not needed. */
  obfuscate?: boolean;
}

/** Customer.io's methods beside ours. */
export interface DropInClient extends Client {
  /** Tracks clicks on links; `event` and `properties` may be functions of the link. */
  trackLink: ElementTracker;
  trackClick: ElementTracker;
  /** Tracks submissions of forms. */
  trackForm: ElementTracker;
  trackSubmit: ElementTracker;
  /** An old name of `page`; `url` is the page's address. */
  pageview(url?: string): DropInClient;
  /** Gives a function the client: `use((client) => …)`. */
  use(plugin: (client: DropInClient) => void): DropInClient;
}

type ElementTracker = (elements: unknown, event: unknown, properties?: unknown, options?: unknown) => DropInClient;

/**
 * Starts a client with Customer.io's methods, from what a page gives to their `load(settings, options)`.
 *
 * @param settings `{ writeKey, cdnURL?, cdnSettings?, plugins?, timeout? }`, or the write key alone
 */
export function startDropIn(settings: unknown, given: LoadOptions | null | undefined, parts: Parts = {}): DropInClient {
  const { options, cdnURL, source } = readLoadOptions(settings, given);
  const loadSettings = cdnURL === undefined ? undefined : () => fetchSettings(cdnURL, String(source), options.integrations);
  return withExtras(startClient(options, { ...parts, loadSettings }), options as LoadOptions);
}

/** The same for a script's tag: what `load(KEY, options)` was given, or what the tag says in our words. */
export function startFromTag(options: TagOptions, settings: TagSettings | undefined, parts: Parts): DropInClient {
  return settings ? startDropIn(settings, options, parts) : withExtras(startClient(options, parts), options);
}

/** Puts Customer.io's methods, and what their options ask for, onto a client. */
function withExtras(client: Client, options: LoadOptions): DropInClient {
  const tracker =
    (type: 'click' | 'submit'): ElementTracker =>
    (...values) => {
      try {
        trackElements(type, client.track, ...values);
      } catch (error) {
        console.error(`hitherto: what ${type}s are to be tracked of could not be read: ${String(error)}. Give an element, or a list of them.`);
      }
      return full;
    };
  const links = tracker('click');
  const forms = tracker('submit');
  const full: DropInClient = Object.assign(client, {
    trackLink: links,
    trackClick: links,
    trackForm: forms,
    trackSubmit: forms,
    pageview(url?: string) {
      void client.page(url ? { path: url } : {});
      return full;
    },
    use(plugin: (client: DropInClient) => void) {
      callPage(plugin, full);
      return full;
    },
  });
  const { useQueryString, initialPageview, globalAnalyticsKey } = options;
  // Either may throw: a name that the browser keeps to itself, and patterns that cannot be read.
  callPage(() => {
    if (globalAnalyticsKey) Object.assign(globalThis, { [globalAnalyticsKey]: full });
    if (useQueryString && globalThis.location) followQuery(location.search, useQueryString, client);
  });
  if (initialPageview) void client.page();
  return full;
}
