import { isObject, withoutFragment, type AnyEvents, type Client, type JsonObject, type Listener } from '../client/index.js';

/** What a page of the classic script calls: `_cio.identify({ id: 'user-1', email: 'ada@example.com' })`. */
export interface Classic {
  /** Does nothing more: the client is there. */
  load(): void;
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
export function classic<Events extends object = AnyEvents>(typed: Client<Events>): Classic {
  const client = typed as unknown as Client;
  const methods: Record<string, (...values: never[]) => void> = {
    load() {},
    identify(attributes: unknown) {
      const { id, ...traits } = given(attributes);
      void client.identify(idOf(id), traits);
    },
    sidentify(attributes: unknown) {
      const id = idOf(given(attributes)['id']);
      if (id !== null) client.user().id(id);
    },
    track: (name: string, data: unknown) => void client.track(name, given(data)),
    page: (name: string | undefined, data: unknown) => void client.page(name || (globalThis.location && withoutFragment(location.href)), given(data)),
    on: (event: string, listener: Listener) => void client.on(event, listener),
    off: (event: string, listener: Listener) => void client.off(event, listener),
    reset: () => void client.reset(),
  };

  /** What a page gives may throw when it is looked at (a revoked Proxy): that call is lost, the page is not. */
  function make(call: unknown): void {
    try {
      const [name, ...values] = Array.isArray(call) ? (call as unknown[]) : [];
      if (typeof name === 'string' && Object.hasOwn(methods, name)) methods[name]!(...(values as never[]));
      else console.error(`hitherto: _cio has no method ${String(name)}(). That call was dropped.`);
    } catch (error) {
      console.error(`hitherto: reading what _cio was given threw ${String(error)}. That call was dropped.`);
    }
  }

  const cio = Object.fromEntries(Object.keys(methods).map((name) => [name, (...values: unknown[]) => make([name, ...values])]));
  return {
    ...(cio as unknown as Classic),
    push(...calls) {
      calls.forEach(make);
      return 0;
    },
  };
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
  /** `false`: the page is not tracked unless it calls page(). */
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
  if (tag.autoTrackPage !== 'false') cio.page();
  // A page may have kept the array: what is pushed from now on is called at once.
  calls.push = cio.push;
  cio.push(...calls.splice(0));
}
