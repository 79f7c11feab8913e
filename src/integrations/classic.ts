import { isObject, type Client, type JsonObject, type Listener } from '../client/index.js';

/** What a page of the classic script calls: `_cio.identify({ id: 'user-1', email: 'ada@example.com' })`. */
export interface Classic {
  /** Identifies the person by `id`; the rest are traits. Without an id the traits are the known person's. */
  identify(attributes: JsonObject): void;
  /** Says who the person is from now on, and sends nothing. */
  sidentify(attributes: JsonObject): void;
  /** The same as the client's `track`. */
  track(name: string, data?: JsonObject): void;
  /** Without a name: the page's address, as the classic script has it. */
  page(name?: string, data?: JsonObject): void;
  /** Listens to the client's calls. */
  on(event: string, listener: Listener): void;
  /** Listens no longer. */
  off(event: string, listener: Listener): void;
  /** Forgets the person and the visitor. */
  reset(): void;
  /** The calls of a page that keeps the array: `_cio.push(['track', 'addedToCart'])`. */
  push(...calls: unknown[]): number;
}

/**
 * The classic script's `_cio`, over a client of ours. Not the classic script's requests: what is sent is what the client
 * sends for the same calls.
 */
export function classic(client: Client): Classic {
  const cio: Classic = {
    identify(attributes) {
      const { id, ...traits } = given(attributes);
      void client.identify(idOf(id), traits);
    },
    sidentify(attributes) {
      const id = idOf(given(attributes)['id']);
      if (id !== null) client.user().id(id);
    },
    track: (name, data) => void client.track(name, given(data)),
    page: (name, data) => void client.page(name || globalThis.location?.href.replace(/#.*$/, ''), given(data)),
    on: (event, listener) => void client.on(event, listener),
    off: (event, listener) => void client.off(event, listener),
    reset: () => void client.reset(),
    push(...calls) {
      calls.forEach((call) => make(cio, call));
      return 0;
    },
  };
  return cio;
}

function make(cio: Classic, call: unknown): void {
  const [name, ...values] = Array.isArray(call) ? (call as unknown[]) : [];
  const methods = cio as unknown as Record<string, (...values: unknown[]) => unknown>;
  if (typeof name === 'string' && Object.hasOwn(cio, name)) methods[name]!(...values);
  else console.error(`hitherto: _cio has no method ${String(name)}(). That call was dropped.`);
}

function given(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function idOf(id: unknown): string | number | null {
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** What the classic script's tag says: `<script id="cio-tracker" data-site-id="…" data-auto-track-page="false" …>`. */
export interface ClassicTag {
  siteId?: string | undefined;
  /** Where to, if not to Customer.io. */
  endpoint?: string | undefined;
  autoTrackPage?: string | undefined;
}

/**
 * Puts a client in the place of the page's `_cio` and makes the calls that wait there, in their order. Does nothing where one
 * stands already.
 *
 * @param start makes the client
 */
export function takeOverClassic(tag: ClassicTag, start: (settings: { writeKey: string | undefined }, options: { endpoint?: string }) => Client): void {
  const page = globalThis as { _cio?: unknown };
  if (page._cio && !Array.isArray(page._cio)) return;
  const calls = (page._cio as unknown[] | undefined) ?? [];
  const cio = classic(start({ writeKey: tag.siteId }, tag.endpoint ? { endpoint: tag.endpoint } : {}));
  page._cio = cio;
  if (tag.autoTrackPage !== undefined && tag.autoTrackPage !== 'false') cio.page();
  // A page may have kept the array: what is pushed from now on is called at once.
  calls.push = cio.push;
  cio.push(...calls.splice(0));
}
