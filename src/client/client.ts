import { createIdentity, newId, type Identity } from '../identity/index.js';
import { isObject, plain, readable, serialise, type JsonObject, type MessageType, type Refusal } from '../wire/index.js';
import { sortArguments, splitOptions, type Callback } from './arguments.js';
import { circumstances } from './circumstances.js';
import { connect, type Connection } from './connection.js';
import { destinationOf } from './destination.js';
import { callPage, createEmitter } from './emitter.js';
import { createReport } from './report.js';
import type { Client, ClientOptions, Context, Delivery, LoadEngine } from './types.js';
import { VERSION } from './version.js';

/**
 * Starts a client. Entry files export it together with the engine that they bring.
 *
 * @param loadEngine absent in a build without the engine
 */
export function startClient(given: ClientOptions | null = {}, loadEngine?: LoadEngine): Client {
  // A page's configuration that was not found must not take the page down.
  const options = given ?? {};
  const report = createReport((error) => options.onError && callPage(options.onError, error));
  const emitter = createEmitter();
  const identity: Identity = createIdentity({
    cookie: options.cookie,
    onChange: (anonymousId) => connection.rememberId(anonymousId),
    onUnwritable: () =>
      report('cookies_blocked', 'cookies and localStorage are blocked; without IndexedDB too, a visitor comes back as a new one.'),
  });
  const connection: Connection = connect({
    destination: destinationOf(options, loadEngine !== undefined, globalThis.location?.href),
    options,
    identity,
    loadEngine,
    report,
    onActivity: () => emitter.emit('activity'),
  });

  /** One call, turned into a message: who, what, when and where, as they are at this moment. */
  function send(type: MessageType, about: JsonObject, callOptions: JsonObject | null | undefined, callback?: Callback): Promise<Context> {
    const { top, context } = splitOptions(callOptions);
    if (typeof top['anonymousId'] === 'string' && top['anonymousId']) identity.setAnonymousId(top['anonymousId']);
    const here = circumstances();
    const message: JsonObject = {
      type,
      messageId: newId(),
      timestamp: isoTime(top['timestamp']),
      anonymousId: identity.anonymousId(),
      userId: top['userId'] ?? identity.userId() ?? null,
      integrations: top['integrations'] ?? {},
      ...about,
      context: Object.keys(context).length > 0 ? { ...here, ...context } : here,
    };
    const row = connection.append(serialise(message), type === 'identify' || type === 'alias');
    const result = row.stored.then((durable): Context => contextOf(message, durable, row.delivered));
    if (callback) void result.then((sent) => callPage(callback, sent));
    return result;
  }

  /** What a page gives may throw when it is looked at (a revoked Proxy): its call is lost, the page is not. */
  function guarded(call: (values: unknown[]) => Promise<Context>): (...values: unknown[]) => Promise<Context> {
    return (...values) => {
      try {
        return call(values);
      } catch (error) {
        return drop('unreadable', `reading what was given threw ${String(error)}. This call was dropped.`, error);
      }
    };
  }

  function drop(code: string, problem: string, cause?: unknown): Promise<Context> {
    report(code, problem, cause);
    return Promise.resolve({ id: '', event: {}, durable: 'dropped', delivered: Promise.resolve({ status: 'dropped' }) });
  }

  function view(type: 'page' | 'screen', values: unknown[]): Promise<Context> {
    const { texts, objects, callback } = sortArguments(values, 2);
    const [name = null, category = null] = texts.filter((text) => text !== null).reverse();
    const [given, callOptions] = objects;
    const named = { ...(category && { category }), ...(name && { name }) };
    const properties = type === 'page' ? { ...circumstances().page, ...readable(given), ...named } : readable(given);
    emitter.emit(type, category, name, properties, callOptions);
    return send(type, { ...named, properties }, callOptions, callback);
  }

  const client: Client = {
    initialized: true,
    VERSION,

    track: guarded((values) => {
      const { texts, objects, callback } = sortArguments(values, 1);
      const isOneObject = texts.length === 0;
      const whole = isOneObject ? objects.shift() : undefined;
      const event = isOneObject ? whole?.['event'] : texts[0];
      const given = isOneObject ? whole?.['properties'] : objects.shift();
      const properties = isObject(given) ? given : {};
      if (typeof event !== 'string' || !event.trim()) {
        return drop('no_event', 'track() needs the name of the event: track("addedToCart"). This call was dropped.');
      }
      emitter.emit('track', event, properties, objects[0]);
      return send('track', { event, properties }, objects[0], callback);
    }),

    identify: guarded((values) => {
      const { texts, objects, callback } = sortArguments(values, 1);
      const [given, callOptions] = objects;
      identity.identify(texts[0]?.trim() ? texts[0] : undefined, plain(given ?? {}));
      emitter.emit('identify', identity.userId(), identity.traits(), callOptions);
      return send('identify', { traits: identity.traits() }, callOptions, callback);
    }),

    page: guarded((values) => view('page', values)),
    screen: guarded((values) => view('screen', values)),

    group: guarded((values) => {
      const { texts, objects, callback } = sortArguments(values, 1);
      const [given, callOptions] = objects;
      const groupId = texts[0];
      if (!groupId?.trim()) return drop('no_group_id', 'group() needs the id of the group: group("acme"). This call was dropped.');
      emitter.emit('group', groupId, given ?? {}, callOptions);
      return send('group', { groupId, traits: given ?? {} }, callOptions, callback);
    }),

    alias: guarded((values) => {
      const { texts, objects, callback } = sortArguments(values, 2);
      const [to, from] = texts;
      if (!to?.trim()) return drop('no_user_id', 'alias() needs the new id: alias("user-1"). This call was dropped.');
      const previousId = from?.trim() ? from : (identity.userId() ?? identity.anonymousId());
      emitter.emit('alias', to, from, objects[0]);
      return send('alias', { userId: to, previousId }, objects[0], callback);
    }),

    async reset() {
      identity.reset();
      emitter.emit('reset');
    },

    setAnonymousId(anonymousId) {
      if (typeof anonymousId === 'string' && anonymousId.trim()) identity.setAnonymousId(anonymousId);
      else report('no_anonymous_id', 'setAnonymousId() needs the id, as text. This call was dropped.');
    },

    user: () => ({
      id: () => identity.userId() ?? null,
      anonymousId: identity.anonymousId,
      traits: identity.traits,
    }),

    async ready(callback) {
      await connection.opened;
      if (callback) callPage(callback);
    },

    flush: connection.flush,

    on: (event, listener) => (emitter.on(event, listener), client),
    once: (event, listener) => (emitter.once(event, listener), client),
    off: (event, listener) => (emitter.off(event, listener), client),

    activity: connection.activity,
    explain: connection.explain,
  };
  void announce();
  return client;

  async function announce(): Promise<void> {
    await connection.opened;
    emitter.emit('initialize', { writeKey: options.writeKey }, options);
    emitter.emit('ready');
  }
}

/** What a call resolves with. `delivered` is asked for by few, so that it is made for those who ask. */
function contextOf(message: JsonObject, durable: Context['durable'], delivered: Promise<Refusal[]>): Context {
  const id = message['messageId'] as string;
  return {
    id,
    event: message,
    durable,
    get delivered() {
      return delivered.then((refused): Delivery => {
        const refusal = refused.find(({ messageId }) => messageId === id);
        return refusal ? { status: 'refused', code: refusal.code, message: refusal.message } : { status: 'delivered' };
      });
    },
  };
}

/** ISO 8601; now, when the page says nothing that is a time. */
function isoTime(given: unknown): string {
  try {
    return new Date((given as string | number | Date | undefined) ?? Date.now()).toISOString();
  } catch {
    return new Date().toISOString();
  }
}
