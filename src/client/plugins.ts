import { isObject, plain } from '../wire/index.js';
import { Context, type EventInContext } from './context.js';
import { INTEGRATION } from './customer-io.js';
import { callPage } from './emitter.js';
import { monotonic } from './monotonic.js';
import type { AnyObject } from './events.js';
import type { Report } from './report.js';
import type { Client } from './types.js';

/** When a plugin sees a message: `before` and `enrichment` ahead of storing, `destination` and `after` behind it; `utility` sees none. */
export type PluginType = 'before' | 'enrichment' | 'destination' | 'after' | 'utility';

type Hook = (context: Context) => unknown;

/**
 * Something that changes messages, or takes them elsewhere as well.
 *
 * `before` and `enrichment` plugins may change `context.event`, or end the call with `context.cancel()`; `destination`
 * and `after` plugins see what was stored, and nothing of a visitor who has not agreed. While a plugin's answer is a promise
 * its message waits in memory, and the calls behind it too; none waits longer than the option `timeout`, however many plugins
 * it goes through, nor when the page is left.
 */
export interface Plugin {
  name: string;
  type: PluginType;
  version?: string;
  /** `true`: the plugin may be called before `load` has resolved. */
  isLoaded?(): boolean;
  /** Called once, when the plugin is registered; what it resolves with means nothing. */
  load?(context: Context, client: Client): unknown;
  /** Called when the plugin is removed. */
  unload?(context: Context, client: Client): unknown;
  track?: Hook;
  identify?: Hook;
  page?: Hook;
  screen?: Hook;
  group?: Hook;
  alias?: Hook;
}

/** What a source middleware is given. Not calling `next` cancels the call. */
export interface SourceMiddlewareInput {
  /** `obj` is the message. */
  payload: { obj: EventInContext };
  integrations: AnyObject;
  next(payload?: { obj: EventInContext } | null): void;
}

/** What a destination middleware is given. Not calling `next` keeps the message from that destination. */
export interface DestinationMiddlewareInput {
  payload: { obj: EventInContext };
  integration: string;
  next(payload?: { obj: EventInContext } | null): void;
}

/** A function of the page that every message passes. */
export type SourceMiddleware = (input: SourceMiddlewareInput) => unknown;
/** A function of the page that whatever goes to a destination passes. */
export type DestinationMiddleware = (input: DestinationMiddlewareInput) => unknown;

/** What happens to a message between the call and the outbox, and after it. */
export interface Pipeline {
  /** Runs what was registered, then `store`; at once when nothing of it takes time. */
  run(context: Context, store: () => Promise<Context>): Promise<Context>;
  register(plugins: unknown[]): Promise<void>;
  deregister(names: unknown[]): Promise<void>;
  addSourceMiddleware(middleware: SourceMiddleware): void;
  addDestinationMiddleware(names: string[], middlewares: DestinationMiddleware[]): void;
  /** The names of what is registered. */
  names(): string[];
  /** Resolves once every plugin is loaded, or has failed to. */
  loaded(): Promise<void>;
}

interface PipelineOptions {
  /** How long a call waits for a plugin, milliseconds. */
  timeout(): number;
  /** What plugins get as the client. */
  client(): Client;
  /** Takes a message elsewhere, as it was stored: now, once the visitor agrees, or never. */
  pass(context: Context, work: () => void): void;
  report: Report;
}

interface Entry {
  plugin: Plugin;
  isLoaded: boolean;
  loading: Promise<void>;
}

export function createPipeline({ timeout, client, pass, report }: PipelineOptions): Pipeline {
  let middlewares: SourceMiddleware[] = [];
  let entries: Entry[] = [];
  const forDestination = new Map<string, DestinationMiddleware[]>();
  /** The turn of the last call that waits: those behind it keep their order. */
  let last: Promise<unknown> | undefined;
  /** What ends the waiting of each call that waits. */
  const waiting = new Set<() => void>();
  /** What was waited for in vain: once is enough. */
  const slow = new WeakSet<PromiseLike<unknown>>();
  let isLeaving = false;
  globalThis.addEventListener?.('pagehide', () => {
    isLeaving = true;
    for (const end of waiting) end();
  });
  globalThis.addEventListener?.('pageshow', () => (isLeaving = false));

  function run(context: Context, store: () => Promise<Context>): Promise<Context> {
    if (!last && middlewares.length + entries.length + forDestination.size === 0) return store();
    // What the page gave is the page's own; what plugins change is not.
    context.event = plain(context.event);
    const prepared = prepare(context);
    if (!last && !prepared) return finish(context, store);
    // Its turn is when those before it were handed over, and not when they are stored: a page that goes has no time for that.
    const turn = (last = Promise.all([prepared, last]).catch(() => {}));
    const stored = turn.then(() => finish(context, store));
    void turn.finally(() => {
      if (last === turn) last = undefined;
    });
    return stored;
  }

  function prepare(context: Context): void | Promise<void> {
    return inOrder(
      [
        ...middlewares.map((middleware) => () => through(middleware, context)),
        ...entriesOf('before', 'enrichment').flatMap((entry) => [() => entry.isLoaded || entry.loading, () => entry.isLoaded && call(entry, context)]),
        ...(forDestination.get(INTEGRATION) ?? []).map((middleware) => () => through(middleware, context, INTEGRATION)),
      ],
      () => context.failedDelivery() === undefined,
      monotonic() + timeout(),
    );
  }

  /** Each after the other; a promise only where one of them gives one, and none that is waited for after `until`. */
  function inOrder(steps: (() => unknown)[], goesOn: () => boolean, until: number): void | Promise<void> {
    for (const [i, step] of steps.entries()) {
      if (!goesOn()) return;
      const answer = step();
      if (isPromise(answer) && !isLeaving && !slow.has(answer)) return inTime(answer, until).then(() => inOrder(steps.slice(i + 1), goesOn, until));
    }
  }

  function finish(context: Context, store: () => Promise<Context>): Promise<Context> {
    if (context.failedDelivery()) return Promise.resolve(context);
    const stored = store();
    pass(context, () => {
      for (const entry of entriesOf('destination')) void sendTo(entry, context);
      for (const entry of entriesOf('after')) void handOver(entry, context);
    });
    return stored;
  }

  /** One destination's trouble is nobody else's: each gets a message of its own to change. */
  async function sendTo(entry: Entry, context: Context): Promise<void> {
    const { name } = entry.plugin;
    if (!isEnabled(context.event['integrations'], name)) return;
    const own = Object.assign(Object.create(context) as Context, { event: forDestination.has(name) ? plain(context.event) : context.event });
    let isWanted = true;
    for (const middleware of forDestination.get(name) ?? []) {
      await through(middleware, own, name, () => (isWanted = false));
      if (!isWanted) return;
    }
    await handOver(entry, own);
  }

  /** The visitor may have said no while a middleware took its time, or the plugin was loading. */
  async function handOver(entry: Entry, context: Context): Promise<void> {
    if (!entry.isLoaded) await entry.loading;
    if (entry.isLoaded) pass(context, () => void call(entry, context));
  }

  function through(
    middleware: (input: SourceMiddlewareInput & DestinationMiddlewareInput) => unknown,
    context: Context,
    integration = '',
    skip = (): unknown => context.fail('middleware_cancellation', 'Middleware `next` function skipped'),
  ): unknown {
    let isNext = false;
    const work = (): unknown =>
      middleware({
        payload: { obj: context.event },
        integrations: isObject(context.event['integrations']) ? context.event['integrations'] : {},
        integration,
        next(payload) {
          isNext = payload !== null;
          if (isObject(payload?.obj)) context.event = payload.obj;
        },
      });
    // One that throws has not decided anything: the message goes on.
    return settled('a middleware', context, work, () => isNext || skip());
  }

  function call(entry: Entry, context: Context): unknown {
    const hook = entry.plugin[context.event['type'] as keyof Plugin] as Hook | undefined;
    return typeof hook === 'function' ? settled(`the plugin ${entry.plugin.name}`, context, () => hook.call(entry.plugin, context)) : undefined;
  }

  /** Calls a function of the page that may answer with a promise, throw, or reject; `then` follows where it did not throw. */
  function settled(who: string, context: Context, work: () => unknown, then?: () => unknown): unknown {
    const trouble = (error: unknown): void => {
      // One that has ended the call throws to end itself.
      if (!context.failedDelivery()) report('plugin_failed', `${who} threw ${String(error)}; the message goes on without it.`, error);
    };
    try {
      const answer = work();
      if (isPromise(answer)) return answer.then(then, trouble);
      then?.();
    } catch (error) {
      trouble(error);
    }
    return undefined;
  }

  /** Resolves with the work, or when the page has waited long enough, or when it goes. */
  function inTime(work: PromiseLike<unknown>, until: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        report('plugin_slow', `a plugin has not answered within ${timeout()} ms; the message goes on without it.`);
        slow.add(work);
        end();
      }, until - monotonic());
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(end);
        resolve();
      };
      waiting.add(end);
      void work.then(end, end);
    });
  }

  function entriesOf(...types: PluginType[]): Entry[] {
    return types.flatMap((type) => entries.filter(({ plugin }) => plugin.type === type));
  }

  function begin(plugin: Plugin): Promise<void> {
    const entry: Entry = { plugin, isLoaded: false, loading: Promise.resolve() };
    entries = [...entries.filter((other) => other.plugin.name !== plugin.name), entry];
    const load = async (): Promise<void> => {
      try {
        entry.isLoaded = plugin.isLoaded?.() ?? plugin.load === undefined;
        await plugin.load?.(new Context({}), client());
        entry.isLoaded = true;
      } catch (error) {
        report('plugin_failed', `the plugin ${plugin.name} did not load: ${String(error)}. It is left out.`, error);
        entries = entries.filter((other) => other !== entry);
      }
    };
    return (entry.loading = load());
  }

  return {
    run,
    async register(plugins) {
      const complaint = 'a plugin is an object with a name and a type (before, enrichment, destination, after, utility). This one was left out.';
      await Promise.all(plugins.map(async (plugin) => (isPlugin(plugin) ? begin(plugin) : report('no_plugin', complaint))));
    },
    async deregister(names) {
      for (const { plugin } of entries.filter(({ plugin }) => names.includes(plugin.name))) {
        callPage(() => plugin.unload?.(new Context({}), client()));
      }
      entries = entries.filter(({ plugin }) => !names.includes(plugin.name));
    },
    addSourceMiddleware(middleware) {
      if (typeof middleware === 'function') middlewares = [...middlewares, middleware];
      else report('no_middleware', 'addSourceMiddleware() needs a function: addSourceMiddleware(({ payload, next }) => next(payload)).');
    },
    addDestinationMiddleware(names, middlewares) {
      const added = middlewares.filter((middleware) => typeof middleware === 'function');
      for (const name of names) forDestination.set(name, [...(forDestination.get(name) ?? []), ...added]);
    },
    names: () => entries.map(({ plugin }) => plugin.name),
    loaded: async () => void (await Promise.all(entries.map(({ loading }) => loading))),
  };
}

const TYPES = new Set(['before', 'enrichment', 'destination', 'after', 'utility']);

function isPlugin(value: unknown): value is Plugin {
  return isObject(value) && typeof value['name'] === 'string' && TYPES.has(value['type'] as string);
}

/** A destination gets what is not kept from it, by its name or with all others (docs/migrating.md). */
function isEnabled(integrations: unknown, name: string): boolean {
  const { All: all, [name]: own } = isObject(integrations) ? integrations : {};
  return own === undefined ? all !== false : own !== false;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}
