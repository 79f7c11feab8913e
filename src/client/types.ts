import type { CookieOptions, EntityOptions, Persistence } from '../identity/index.js';
import type { Limit, Outbox, Row } from '../outbox/index.js';
import type { Activity, ActivityFilter, Explanation, JsonObject } from '../wire/index.js';
import type { CallOptions, Callback, OrCallback } from './arguments.js';
import type { Scrub } from './circumstances.js';
import type { Settings } from './connection.js';
import type { Consent, ConsentCategories } from './consent.js';
import type { Context } from './context.js';
import type { Listener } from './emitter.js';
import type { AnyEvents, AnyObject, EventSchemas, TrackArguments, TrackMessage, Validate } from './events.js';
import type { LookAtOptions } from './known-options.js';
import type { DestinationMiddleware, Plugin, SourceMiddleware } from './plugins.js';
import type { ClientError } from './report.js';

/** Whose id it is, nobody's included: a page may not know it yet. */
type Id = string | number | null | undefined;

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** Names the source, as the collector knows it. Goes with `endpoint`; without both the engine runs in the page. */
  writeKey?: string | undefined;
  /** The collector's address, as in `https://collector.example`. Requests go to `{endpoint}/v1/b`. */
  endpoint?: string | undefined;
  /** How the id cookies are written. */
  cookie?: CookieOptions;
  /**
   * Where ids and waiting events are kept: `cookie` (and this origin's storage); `localStorage` (this origin's storage, no
   * cookie); `memory` (nothing outlives the page).
   * @defaultValue `cookie`; on a server `memory`
   */
  persistence?: Persistence;
  /** How the person is remembered. */
  user?: EntityOptions;
  /** How the group is remembered. */
  group?: EntityOptions;
  /**
   * Whether the visitor may be tracked. `pending` holds calls in memory until `client.consent('granted')`; `denied` is an answer
   * too, and deletes what earlier pages have kept.
   * @defaultValue `granted`
   */
  consent?: Consent;
  /** Begin as denied where the browser sends Global Privacy Control. @defaultValue false */
  globalPrivacyControl?: boolean;
  /** Begin as denied where the browser says Do Not Track. @defaultValue false */
  doNotTrack?: boolean;
  /**
   * What is left out of the page's address and the referrer, also where a page() call says them: names of query parameters, or a
   * function that changes a URL.
   */
  scrub?: Scrub;
  /** See {@link Client.register}. */
  plugins?: Plugin[];
  /** How long a call waits for a plugin that takes time, milliseconds. @defaultValue 1000 */
  timeout?: number;
  /** `false` for each destination that gets nothing unless a call says otherwise. */
  integrations?: JsonObject;
  /**
   * The events of this site, each with a schema of its properties (zod, valibot, arktype, or any other Standard Schema). They
   * type `track()`; with `debug`, and on a developer's own machine, an event that is otherwise is told in the console.
   */
  events?: EventSchemas;
  /**
   * Has the collector keep the visitor's id too, in a cookie that no script reads and that outlives the seven days which Safari
   * gives to cookies of scripts. Only with a collector on a domain of the same site that names this page among its
   * `--allow-origin`. The first requests of a page wait for it, a second at most.
   * @defaultValue false
   */
  firstPartyCookie?: boolean;
  /** Track page views: the first, and each navigation inside the page. @defaultValue false */
  autoPage?: boolean;
  /** Tells the console of each call. @defaultValue false */
  debug?: boolean;
  /** Whether `inspector()` opens the activity log over the page. @defaultValue only on localhost */
  inspector?: boolean;
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
export interface Client<Events extends object = AnyEvents> {
  /** True: this is the client, and not the stub that a page pastes. */
  readonly initialized: true;
  readonly VERSION: string;
  /**
   * Something happened: `track('addedToCart', { product: 'cool-shoes' })`.
   * Also takes one object, `track({ event, properties })`.
   */
  track<Name extends keyof Events & string>(event: Name, ...rest: TrackArguments<Events[Name]>): Promise<Context>;
  /** The same, said with one object. */
  track(message: TrackMessage<Events>, options?: OrCallback<CallOptions>, callback?: Callback): Promise<Context>;
  /**
   * The visitor is this person: `identify('user-1', { email: 'ada@example.com' })`. What they did hitherto, under the
   * anonymous id that goes with this call, becomes theirs. Without an id the traits add to the known person's.
   * Where the collector asks for it, `identify({ token })` says the same with a token that the site's server has signed; `token`
   * may also stand among the options.
   */
  identify(userId: Id, traits?: OrCallback<AnyObject>, options?: OrCallback<CallOptions>, callback?: Callback): Promise<Context>;
  /** More about the person who is known, or about a visitor who is not known yet. */
  identify(traits?: OrCallback<AnyObject>, options?: OrCallback<CallOptions>, callback?: Callback): Promise<Context>;
  /** The visitor looks at a page. One text is its name, two are category and name. */
  page(...values: PageArguments): Promise<Context>;
  /** The same for an app's screen. */
  screen(...values: PageArguments): Promise<Context>;
  /** The person belongs to a group: `group('acme', { name: 'Acme' })`. Without an argument: what is known of the group. */
  group(): Entity;
  /** The person belongs to this group, of which this is known. */
  group(groupId: Id, traits?: OrCallback<AnyObject>, options?: OrCallback<CallOptions>, callback?: Callback): Promise<Context>;
  /** More about the group that is known. */
  group(traits: AnyObject, options?: OrCallback<CallOptions>, callback?: Callback): Promise<Context>;
  /** The person has another id from now on: `alias(to, from?)`; `from` is the present id when absent. */
  alias(to: string | number, from?: string | number | CallOptions | null, options?: OrCallback<CallOptions>, callback?: Callback): Promise<Context>;
  /** Forgets the person and the visitor: the next call is somebody new. For logout. */
  reset(): Promise<void>;
  /** Gives the visitor an anonymous id of your own. Returns the one that they have now. */
  setAnonymousId(anonymousId: string | number): string;
  /** Who is calling. */
  user(): User;
  /** Resolves, and calls back, once the outbox is open (or it is known that this browser has no storage) and plugins are loaded. */
  ready(callback?: () => void): Promise<void>;
  /** Adds plugins; resolves once they are loaded. One with the name of another takes its place. */
  register(...plugins: Plugin[]): Promise<void>;
  /** Removes plugins, by their names. */
  deregister(...names: string[]): Promise<void>;
  /** Passes every message through a function of yours; one that does not call `next` cancels the call. */
  addSourceMiddleware(middleware: SourceMiddleware): Promise<void>;
  /** Passes what goes to these destinations (plugins, by name) through a function of yours; one that does not call `next` keeps it from them. */
  addDestinationMiddleware(names: string | string[], ...middlewares: DestinationMiddleware[]): Promise<void>;
  /** The same, under an older name. */
  addIntegrationMiddleware(names: string | string[], ...middlewares: DestinationMiddleware[]): Promise<void>;
  /** How long a call waits for a plugin from now on, milliseconds. */
  timeout(ms: number): void;
  /** Whether the visitor may be tracked. */
  consent(): Consent;
  /**
   * The visitor has decided. `granted` sends what was held; `denied` deletes whatever this client has kept in the browser,
   * unsent events included. Purposes (`{ analytics: true, advertising: false }`) go into `context.consent` of each message;
   * one that is granted is enough to be tracked. Not remembered over page loads: whoever asks the visitor does.
   */
  consent(decision: Consent | ConsentCategories): Promise<void>;
  /** What the client knows and holds, for a person who looks into it. */
  inspect(): Inspection;
  /**
   * Opens the activity log of this page over it, with what waits for delivery. It is loaded when it is asked for, and opens on
   * localhost, or where the option `inspector` allows it.
   */
  inspector(): Promise<void>;
  /** Tells the console of each call, or stops to. */
  debug(isOn?: boolean): Client;
  /** Sends what waits now. Resolves once it is delivered, or once an attempt has failed; what failed stays and is sent later. */
  flush(): Promise<void>;
  /**
   * Listens: `track`, `identify`, `page`, `screen`, `group`, `alias` (with the arguments of the call), `reset`,
   * `initialize` (settings, options) and `ready`, once the outbox is open;
   * with the engine in the page `activity`, when its log has changed.
   */
  on(event: string, listener: Listener): Client;
  /** The same, for the next time only. */
  once(event: string, listener: Listener): Client;
  /** Listens no longer. */
  off(event: string, listener: Listener): Client;
  /** The activity log of this browser, newest first. Only with the engine in the page; otherwise empty. */
  activity(filter?: ActivityFilter): Promise<Activity[]>;
  /** Why a message of this browser merged, or did not. Only with the engine in the page; otherwise `undefined`. */
  explain(messageId: string): Promise<Explanation | undefined>;
  /** A message of this browser, with whatever it carried. Only with the engine in the page; otherwise `undefined`. */
  message(messageId: string): Promise<JsonObject | undefined>;
}

/** The person, as far as known. Each function, given a value, sets it without sending anything; `null` forgets it. */
export interface User {
  /** The person's id; `null` while nobody is known. Given another person's, it takes a new visitor too, as `identify` does. */
  id(id?: string | number | null): string | null;
  /** The visitor's id; of `null` it becomes another, somebody new's. */
  anonymousId(anonymousId?: string | number | null): string;
  /** What is known about the person. */
  traits(traits?: AnyObject | null): JsonObject;
  /** Forgets the person and the visitor, not the group. */
  logout(): void;
  /** The same as `logout`. */
  reset(): void;
}

/** The group, as far as known. */
export interface Entity {
  /** The group's id; `null` while none is known. */
  id(id?: string | number | null): string | null;
  /** What is known about the group. */
  traits(traits?: AnyObject | null): JsonObject;
  /** Forgets the group. */
  logout(): void;
  /** The same as `logout`. */
  reset(): void;
}

/** Opens the activity log of a client over its page. */
export type OpenInspector = (client: Client) => void;

/** What {@link Client.inspect} gives. */
export interface Inspection {
  anonymousId: string;
  userId: string | null;
  groupId: string | null;
  consent: Consent;
  /** How much may be kept in this browser. */
  persistence: Persistence;
  /** Where messages go; `undefined` when they stay in this browser. */
  endpoint: string | undefined;
  /** How many messages wait for delivery. */
  waiting: number;
  /** The same, oldest first: `text` is serialised messages, with commas between them. */
  queue: { text: string; isSending: boolean }[];
  /** Why the last attempt to deliver failed; absent when it did not. */
  failure?: string;
  plugins: string[];
}

/** What `page()` and `screen()` take: a name, or category and name; properties; options; a callback. All of it may be left out. */
export type PageArguments =
  | [category: string | null | undefined, name: string | null | undefined, properties?: OrCallback<AnyObject>, options?: OrCallback<CallOptions>, callback?: Callback]
  | [name: string | null | undefined, properties?: OrCallback<AnyObject>, options?: OrCallback<CallOptions>, callback?: Callback]
  | [properties?: OrCallback<AnyObject>, options?: OrCallback<CallOptions>, callback?: Callback];

/** The merge engine over this browser's own messages. */
export interface PageEngine {
  apply(row: Row): void;
  activity(filter?: ActivityFilter): Activity[];
  explain(messageId: string): Explanation;
  message(messageId: string): JsonObject | undefined;
}

/** Takes the engine of a page; what it gives back is called when the log has changed. Client code does not know the merge rules. */
export type CampaignWatch = (engine: object) => () => void;

/** What only the developer of a page is told. */
export interface Advice {
  validate: Validate;
  lookAtOptions: LookAtOptions;
}

/** What an entry file puts into a client, because client code does not know it, or because not every page carries it. */
export interface Parts {
  loadEngine?: LoadEngine | undefined;
  /** Brings what looks at options and events, in development only. */
  loadAdvice?(): Promise<Advice>;
  /** Brings what opens the activity log over the page. */
  loadInspector?: (() => Promise<OpenInspector>) | undefined;
  /** Asks a workspace where messages go, once the visitor may be tracked. */
  loadSettings?: (() => Promise<Settings>) | undefined;
}

/** Brings the engine; injected by the entry files, because client code does not know the merge rules. */
export type LoadEngine = (outbox: Outbox, onChange: () => void, watch: CampaignWatch | undefined) => Promise<PageEngine>;
