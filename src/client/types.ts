import type { CookieOptions } from '../identity/index.js';
import type { Durability, Limit, Outbox, Row } from '../outbox/index.js';
import type { Activity, ActivityFilter, Explanation, JsonObject } from '../wire/index.js';
import type { CallOptions, Callback } from './arguments.js';
import type { Listener } from './emitter.js';
import type { ClientError } from './report.js';

/** What became of a message after it was stored. */
export type Delivery =
  /** The collector has it for good. With the engine in the page: the engine has it. */
  | { status: 'delivered' }
  /** The collector will never take it; `message` says why. */
  | { status: 'refused'; code: string; message: string }
  /** It was not a message: nothing was stored. */
  | { status: 'dropped' };

/** What a call resolves with. */
export interface Context {
  /** The messageId. */
  id: string;
  /** The message. */
  event: JsonObject;
  /** Where it is safe: `stored` in IndexedDB, in `memory` only, or `dropped`. */
  durable: Durability;
  /** Resolves with the result of its delivery; stays open while the message waits. Never rejects. */
  delivered: Promise<Delivery>;
}

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** Names the source, as the collector knows it. Goes with `endpoint`; without both the engine runs in the page. */
  writeKey?: string | undefined;
  /** The collector's address, as in `https://collector.example`. Requests go to `{endpoint}/v1/b`. */
  endpoint?: string | undefined;
  /** How the id cookies are written. */
  cookie?: CookieOptions;
  /**
   * The least time between two requests, in milliseconds. The first leaves at once.
   * @defaultValue 1000
   */
  flushInterval?: number;
  /**
   * So many waiting messages leave at once, before the interval is over.
   * @defaultValue 500
   */
  batchSize?: number;
  /**
   * How much may wait in this browser for a collector; over it the oldest track, page and screen calls are given up, and
   * counted. Less where the browser has little room.
   * @defaultValue `{ messages: 10_000, characters: 10_000_000 }`
   */
  limit?: Partial<Limit>;
  /** What `watchCampaigns` of `hitherto/campaigns` gives. Only with the engine in the page; a collector has its own. */
  campaigns?: CampaignWatch;
  /** Told what the console is told: misuse, missing storage, a collector that fails, a message that it refused. */
  onError?: (error: ClientError) => void;
}

/**
 * Tracks one visitor. Every call returns a promise that soon resolves and never rejects; nothing here throws,
 * whatever it is given.
 */
export interface Client {
  /** True: this is the client, and not the stub that a page pastes. */
  readonly initialized: true;
  readonly VERSION: string;
  /**
   * Something happened: `track('addedToCart', { product: 'cool-shoes' })`.
   * Also takes one object, `track({ event, properties })`.
   */
  track(event: string, properties?: JsonObject | null, options?: CallOptions | null, callback?: Callback): Promise<Context>;
  track(message: { event: string; properties?: JsonObject }, options?: CallOptions | null, callback?: Callback): Promise<Context>;
  /**
   * The visitor is this person: `identify('user-1', { email: 'ada@example.com' })`. What they did hitherto, under the
   * anonymous id that goes with this call, becomes theirs. Without an id the traits add to the known person's.
   */
  identify(userId: string | number | null, traits?: JsonObject | null, options?: CallOptions | null, callback?: Callback): Promise<Context>;
  identify(traits?: JsonObject | null, options?: CallOptions | null, callback?: Callback): Promise<Context>;
  /** The visitor looks at a page. One text is its name, two are category and name. */
  page(...values: PageArguments): Promise<Context>;
  /** The same for an app's screen. */
  screen(...values: PageArguments): Promise<Context>;
  /** The person belongs to a group: `group('acme', { name: 'Acme' })`. */
  group(groupId: string | number, traits?: JsonObject | null, options?: CallOptions | null, callback?: Callback): Promise<Context>;
  /** The person has another id from now on: `alias(to, from?)`; `from` is the present id when absent. */
  alias(to: string | number, from?: string | number | null, options?: CallOptions | null, callback?: Callback): Promise<Context>;
  /** Forgets the person and the visitor: the next call is somebody new. For logout. */
  reset(): Promise<void>;
  /** Gives the visitor an anonymous id of your own. */
  setAnonymousId(anonymousId: string): void;
  /** Who is calling. */
  user(): { id(): string | null; anonymousId(): string; traits(): JsonObject };
  /** Resolves, and calls back, once the outbox is open (or it is known that this browser has no storage). */
  ready(callback?: () => void): Promise<void>;
  /** Sends what waits now. Resolves once it is delivered, or once an attempt has failed; what failed stays and is sent later. */
  flush(): Promise<void>;
  /**
   * Listens: `track`, `identify`, `page`, `screen`, `group`, `alias` (with the arguments of the call), `reset`,
   * `initialize` (settings, options) and `ready`, once the outbox is open;
   * with the engine in the page `activity`, when its log has changed.
   */
  on(event: string, listener: Listener): Client;
  once(event: string, listener: Listener): Client;
  off(event: string, listener: Listener): Client;
  /** The activity log of this browser, newest first. Only with the engine in the page; otherwise empty. */
  activity(filter?: ActivityFilter): Promise<Activity[]>;
  /** Why a message of this browser merged, or did not. Only with the engine in the page; otherwise `undefined`. */
  explain(messageId: string): Promise<Explanation | undefined>;
}

export type PageArguments =
  | [category: string, name: string, properties?: JsonObject | null, options?: CallOptions | null, callback?: Callback]
  | [name: string, properties?: JsonObject | null, options?: CallOptions | null, callback?: Callback]
  | [properties?: JsonObject | null, options?: CallOptions | null, callback?: Callback];

/** The merge engine over this browser's own messages. */
export interface PageEngine {
  apply(row: Row): void;
  activity(filter?: ActivityFilter): Activity[];
  explain(messageId: string): Explanation;
}

/** Takes the engine of a page; what it gives back is called when the log has changed. Client code does not know the merge rules. */
export type CampaignWatch = (engine: object) => () => void;

/** Brings the engine; injected by the entry files, because client code does not know the merge rules. */
export type LoadEngine = (outbox: Outbox, onChange: () => void, watch: CampaignWatch | undefined) => Promise<PageEngine>;
