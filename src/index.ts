import { startClient, type AnyEvents, type Client, type ClientOptions, type EventSchemas, type EventsOf } from './client/index.js';

/**
 * Creates a client that tracks this browser's visitor.
 *
 * With `writeKey` and `endpoint` it sends to that collector. With neither, events stay in this browser and the merge
 * engine, loaded on demand, runs in the page.
 *
 * @example
 * ```ts
 * const hitherto = createClient({ writeKey: 'KEY', endpoint: 'https://collector.example' });
 * hitherto.track('addedToCart', { product: 'cool-shoes' });
 * hitherto.identify('user-1', { email: 'ada@example.com' }); // the cart is Ada's from here on
 * ```
 *
 * @example
 * Typed: a wrong name, or wrong properties, do not compile.
 * ```ts
 * interface Events {
 *   addedToCart: { product: string; price?: number };
 *   signedOut: null;
 * }
 * const shop = createClient<Events>({ writeKey: 'KEY', endpoint: 'https://collector.example' });
 * shop.track('addedToCart', { product: 'cool-shoes' });
 * ```
 */
export function createClient<Schemas extends EventSchemas>(options: ClientOptions & { events: Schemas }): Client<EventsOf<Schemas>>;
export function createClient<Events extends object = AnyEvents>(options?: ClientOptions): Client<Events>;
export function createClient(options: ClientOptions = {}): Client {
  return startClient(options, {
    loadEngine: async (...args) => (await import('./local.js')).loadEngine(...args),
    loadInspector: async () => (await import('./activity/index.js')).openInspector,
    loadAdvice: () => import('./client/advice.js'),
  });
}

export { AnalyticsBrowser } from './client/index.js';
export type {
  AnyEvents,
  AnyObject,
  CallOptions,
  Callback,
  Client,
  ClientError,
  ClientOptions,
  Consent,
  ConsentCategories,
  Context,
  Delivery,
  DestinationMiddleware,
  DropInClient,
  Entity,
  EventSchemas,
  EventsOf,
  Inspection,
  Listener,
  LoadedClient,
  LoadOptions,
  LoadSettings,
  PageArguments,
  Plugin,
  PluginType,
  Scrub,
  SourceMiddleware,
  StandardSchema,
  TrackArguments,
  TrackMessage,
  User,
} from './client/index.js';
export type { Activity, ActivityFilter, ActivityTab, JsonObject } from './wire/index.js';
export type { CookieOptions, EntityOptions, Persistence } from './identity/index.js';
