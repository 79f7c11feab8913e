import { during, momentOfCall } from './circumstances.js';
import { Context } from './context.js';
import { startDropIn, type DropInClient, type LoadOptions } from './drop-in.js';
import type { Entity, User } from './types.js';

/** What is given first to `load`. */
export interface LoadSettings {
  /** Names the source. */
  writeKey: string;
  /** Where the settings of the workspace are asked for, as in `https://cdp-eu.customer.io`. */
  cdnURL?: string;
  /** The settings, so that nobody is asked. */
  cdnSettings?: LoadOptions['cdnSettings'];
  /** The same as the option, beside those of it. */
  plugins?: LoadOptions['plugins'];
  /** The same as the option, which comes before it. */
  timeout?: LoadOptions['timeout'];
}

/** The context is of no call; it is there for plugins and pages that write on it. */
type Result = [client: DropInClient, context: Context];

/** A client that can also be awaited, for the client itself: `const [client, context] = await AnalyticsBrowser.load({ writeKey })`. */
export interface LoadedClient extends DropInClient, PromiseLike<Result> {
  /** Starts it. What was called before is done now, in that order, as of the time and the page of each call. */
  load(settings: LoadSettings, options?: LoadOptions): LoadedClient;
  /** Who is calling; to be awaited where it may be asked before `load`. */
  user(): Awaitable<User>;
  /** As of the client, and of itself a promise too where it is asked for the group. */
  group: (() => Awaitable<Entity>) & DropInClient['group'];
  /** As of a promise of the client. */
  catch: Promise<Result>['catch'];
  /** As of a promise of the client. */
  finally: Promise<Result>['finally'];
  /** The client, once loaded. */
  instance?: DropInClient;
}

/** At hand, and, as with the original, a promise of itself. */
type Awaitable<T> = T & Promise<T>;

interface AnalyticsBrowserConstructor {
  new (): LoadedClient;
  load(settings: LoadSettings, options?: LoadOptions): LoadedClient;
}

/** Calls that give back the client, so that the next one can follow at the dot. */
const CHAINED = ['on', 'once', 'off', 'debug', 'use', 'trackLink', 'trackClick', 'trackForm', 'trackSubmit', 'pageview'];
const AWAITED =
  'track identify page screen group alias reset setAnonymousId ready flush register deregister addSourceMiddleware addDestinationMiddleware addIntegrationMiddleware consent timeout activity explain message inspector'.split(
    ' ',
  );
/** Before `load` nobody knows where the visitor is remembered. */
const NOBODY: User = { id: () => complain(null), anonymousId: () => complain(''), traits: () => complain({}), logout() {}, reset() {} };

/**
 * The drop-in for Customer.io's `AnalyticsBrowser`, over the same client. Sends to Customer.io unless told otherwise.
 *
 * @example
 * ```ts
 * const analytics = AnalyticsBrowser.load({ writeKey: 'KEY' }, { endpoint: 'https://collector.example' });
 * analytics.track('addedToCart', { product: 'cool-shoes' });
 * ```
 */
export const AnalyticsBrowser = /* @__PURE__ */ Object.assign(createLoader, {
  load: (settings: LoadSettings, options?: LoadOptions) => createLoader().load(settings, options),
}) as unknown as AnalyticsBrowserConstructor;

/** The same as a type, as the original's is: `let analytics: AnalyticsBrowser`. */
export type AnalyticsBrowser = LoadedClient;

function createLoader(): LoadedClient {
  type Methods = Record<string, (...values: unknown[]) => unknown>;
  let calls: (() => void)[] = [];
  let begin!: (client: DropInClient) => void;
  const started = new Promise<DropInClient>((resolve) => (begin = resolve));
  const result = (): Promise<Result> => started.then(async (client) => (await client.ready(), [client, new Context({})]));

  /** Notes a call until there is somebody to make it. */
  function note(name: string, values: unknown[]): Promise<unknown> {
    const at = momentOfCall();
    return new Promise((resolve) => {
      calls.push(() => during(at, () => resolve((loader as unknown as Methods)[name]!(...values))));
    });
  }

  const loader = {
    load(settings: LoadSettings, options?: LoadOptions) {
      if (loader.instance) return loader;
      const client = startDropIn(settings, options);
      // The client in the result is another object: a promise that resolved with a thenable would wait for it for ever.
      Object.assign(loader, client, {
        instance: client,
        user: () => awaitable(client.user()),
        group: (...values: Parameters<DropInClient['group']>) => (values.length > 0 ? client.group(...values) : awaitable(client.group())),
      });
      const early = calls;
      calls = [];
      early.forEach((call) => call());
      begin(client);
      return loader;
    },
    // oxlint-disable-next-line unicorn/no-thenable -- the original is awaited by its users
    then: (...handlers: Parameters<Promise<Result>['then']>) => result().then(...handlers),
    catch: (...handlers: Parameters<Promise<Result>['catch']>) => result().catch(...handlers),
    finally: (...handlers: Parameters<Promise<Result>['finally']>) => result().finally(...handlers),
    user: () => awaitable(NOBODY, started.then((client) => client.user())),
  } as unknown as LoadedClient;
  for (const name of AWAITED) (loader as unknown as Methods)[name] = (...values) => note(name, values);
  for (const name of CHAINED) (loader as unknown as Methods)[name] = (...values) => (void note(name, values), loader);
  return loader;
}

function awaitable<T extends object>(entity: T, promise = Promise.resolve(entity)): Awaitable<T> {
  return Object.assign(promise, entity);
}

function complain<T>(nothing: T): T {
  console.error('hitherto: user() has nothing to tell before load(). Call load() first, await user(), or wait for ready().');
  return nothing;
}
