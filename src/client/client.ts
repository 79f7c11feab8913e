import { createIdentity, newId } from '../identity/index.js';
import { mayExist, onPurgeElsewhere, purge, tellOfPurge } from '../outbox/index.js';
import { isLongerThanId, isObject, millisecondsOf, plain, readable, serialise, type JsonObject, type MessageType } from '../wire/index.js';
import { sortArguments, splitOptions, toText, type Arguments, type Callback, type CallOptions } from './arguments.js';
import { createCircumstances, createScrubber, during, momentOfCall, scrubAddresses, timeOfCall, type Circumstances, type Moment, type PageContext, type Scrubber } from './circumstances.js';
import { connect, scopeOf, type Connection, type Settings } from './connection.js';
import { createGate, initialConsent, isConsent } from './consent.js';
import { Context } from './context.js';
import { INTEGRATION } from './customer-io.js';
import { destinationOf } from './destination.js';
import { isDevelopment } from './development.js';
import { callPage, createEmitter } from './emitter.js';
import { groupOf, userOf } from './entities.js';
import type { FirstParty } from './first-party.js';
import { readOptions } from './options.js';
import { createPipeline, type DestinationMiddleware } from './plugins.js';
import { createReport, type Report } from './report.js';
import { signedCall } from './signed.js';
import type { Client, ClientOptions, Inspection, Parts } from './types.js';
import { VERSION } from './version.js';
import { within } from './within.js';

const TIMEOUT_MS = 1_000;
const PERSISTENCES = new Set<unknown>(['cookie', 'localStorage', 'memory']);
/** A timer that is given more, rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** What only a file of the client can tell is not waited for longer, milliseconds. */
const PART_MS = 1_000;

/**
 * Starts a client. Entry files export it together with the parts that they bring.
 */
export function startClient(given?: ClientOptions | null, parts: Parts = {}): Client {
  // A page's configuration that was not found must not take the page down.
  const options: ClientOptions = readOptions(given);
  if (isOnServer()) options.persistence ??= 'memory';
  const { loadAdvice, loadEngine, loadSettings, loadInspector } = parts;
  let firstParty: Promise<FirstParty | void> | undefined;
  /** The visitor is another than the collector's own cookie says. */
  let isReplaced = false;
  let settings: Promise<Settings> | undefined;
  const report = createReport((error) => callPage(options.onError, error));
  const consent = initialConsent(options, report);
  if (!PERSISTENCES.has(options.persistence ?? 'cookie')) {
    report('misconfigured', `persistence is 'cookie', 'localStorage' or 'memory', not ${String(options.persistence)}; nothing outlives the page.`);
    options.persistence = 'memory';
  }
  // Asked before anything is set up: the first request of a new visitor waits for the answer, and a browser that has given
  // this origin nothing yet takes ten milliseconds for it.
  let asked = consent === 'granted' ? askForDatabase() : undefined;
  const emitter = createEmitter();
  const scrub = createScrubber(options.scrub, report);
  const circumstances = createCircumstances(scrub);
  let timeout = waitIn(options.timeout);
  // Before the connection: a page that goes lets calls through first, and sends what it can then.
  const pipeline = createPipeline({ timeout: () => timeout, client: () => client, pass: (context, work) => gate.pass(context, work), report });
  const identity = createIdentity({
    ...options,
    onChange() {
      isReplaced = true;
      if (gate.state() === 'granted') remember();
    },
    onUnwritable: () =>
      report('cookies_blocked', 'cookies and localStorage are blocked; without IndexedDB too, a visitor comes back as a new one.'),
  });
  const destination = destinationOf(options, loadEngine !== undefined, globalThis.location?.href);
  const scope = scopeOf(destination);
  const gate = createGate({
    initial: consent,
    report,
    begin,
    pause: identity.pause,
    correct: identity.correct,
    async erase() {
      // A browser that has kept nobody need not say so, at each of its pages.
      if (identity.erase() || firstParty) void bringFirstParty()?.then((cookie) => cookie?.forget());
      isReplaced = true;
      await purge(scope).catch((error: unknown) => report('purge_failed', `what was kept could not be deleted (${String(error)}).`, error));
    },
    forget() {
      identity.forget();
      isReplaced = true;
    },
    tell: () => tellOfPurge(scope),
  });
  onPurgeElsewhere(scope, gate.follow);
  const integrations = switchesIn(options.integrations);
  const isDeveloped = options.debug || isDevelopment();
  const schemas = isDeveloped ? options.events : undefined;
  let isDebugging = options.debug === true;

  function begin(running?: Connection): Connection {
    if (running) {
      identity.begin();
      remember();
      return running;
    }
    const settled = settleVisitor();
    settings ??= loadSettings?.();
    return connect({ destination, options, settings, recalled: recall(), identity, settled, loadEngine, report, onActivity: () => emitter.emit('activity') });
  }

  /** @returns whether this origin may have a database, which alone may remember the visitor; absent where nothing is kept */
  function askForDatabase(): Promise<boolean> | undefined {
    return options.persistence === 'memory' ? undefined : mayExist();
  }

  /** @returns whether it is known before the database is open who the visitor is */
  function settleVisitor(): Promise<boolean> {
    const mayBeRemembered = asked ?? askForDatabase();
    asked = undefined;
    identity.begin();
    return mayBeRemembered ? identity.settle(mayBeRemembered) : Promise.resolve(false);
  }

  /** Every copy elsewhere is out of date. */
  function remember(): void {
    const anonymousId = identity.anonymousId();
    gate.connection()?.rememberId(anonymousId);
    if (isReplaced) void firstParty?.then((cookie) => cookie?.replace(anonymousId));
  }

  /** The collector's own cookie, where there is to be one. Never rejects. */
  function bringFirstParty(): Promise<FirstParty | void> | undefined {
    if (!options.firstPartyCookie || destination.kind !== 'collector') return undefined;
    return (firstParty ??= import('./first-party.js').then(({ createFirstParty }) => createFirstParty({ ...destination, onFailure: failFirstParty }), missing));
  }

  function failFirstParty(reason: unknown): void {
    report('first_party_failed', `the collector's own cookie could not be asked for (${String(reason)}); does its --allow-origin name this page?`);
  }

  /** Has the collector's own cookie say who the visitor was. */
  async function recall(): Promise<void> {
    const bringing = bringFirstParty();
    const cookie = bringing && (await within(PART_MS, bringing));
    // They may have said no while it was brought.
    if (!cookie || gate.state() !== 'granted') return;
    const anonymousId = identity.anonymousId();
    if (isReplaced) return cookie.replace(anonymousId);
    const known = await cookie.recall(anonymousId);
    if (known) identity.adopt(known);
  }

  /** One call, turned into a message: who, what, when and where, as they are at this moment. */
  function send(type: MessageType, about: JsonObject, callOptions: JsonObject | null | undefined, callback?: Callback, page?: PageContext): Promise<Context> {
    const { top, context } = splitOptions(callOptions);
    const givenId = toText(top['anonymousId']);
    if (givenId) identity.setAnonymousId(givenId);
    const here = copyOf(circumstances());
    const consented = gate.categories();
    const isPlain = !page && !consented && Object.keys(context).length === 0;
    const message: JsonObject = {
      type,
      messageId: newId(),
      timestamp: isoTime(top['timestamp']),
      anonymousId: identity.anonymousId(),
      userId: toText(top['userId']) || (identity.userId() ?? null),
      integrations: { ...integrations, ...(isObject(top['integrations']) && top['integrations']) },
      ...about,
      context: isPlain ? here : { ...here, ...(consented && { consent: consented }), ...context, ...pageOf(here, page, context, scrub) },
    };
    const sent = new Context(message);
    // Nobody gets to see the call of a visitor who said no.
    const result = gate.state() === 'denied' ? store(sent) : pipeline.run(sent, () => store(sent));
    if (callback) void result.then((done) => callPage(callback, done));
    if (isDebugging) void result.then(tell);
    return result;
  }

  function store(context: Context): Promise<Context> {
    const { event } = context;
    if ((event['integrations'] as JsonObject | null)?.[INTEGRATION] === false) {
      context.fail('integration_disabled', `integrations say that ${INTEGRATION} does not get it`);
      return Promise.resolve(context);
    }
    const row = gate.append(serialise(event), event['type'] === 'identify' || event['type'] === 'alias');
    context.store(row.delivered);
    return row.stored.then((durable) => {
      context.durable = durable;
      return context;
    });
  }

  /**
   * A method of the page's, which takes so many texts first. What it is given may throw when it is looked at (a revoked Proxy):
   * that call is lost, the page is not.
   */
  function method(textLimit: number, call: (given: Arguments) => Promise<Context>): (...values: unknown[]) => Promise<Context> {
    return (...values) => {
      try {
        return call(sortArguments(values, textLimit));
      } catch (error) {
        return drop(...unreadable(error));
      }
    };
  }

  /** The same for a method that makes no message. */
  async function settled(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      report(...unreadable(error));
    }
  }

  function drop(code: string, problem: string, cause?: unknown): Promise<Context> {
    report(code, problem, cause);
    const dropped = new Context({});
    dropped.fail(code, problem);
    return Promise.resolve(dropped);
  }

  function view(type: 'page' | 'screen', { texts, objects, callback }: Arguments): Promise<Context> {
    const [name = null, category = null] = texts.filter((text) => text !== null).reverse();
    const [given, callOptions] = objects;
    const named = scrubAddresses({ ...(category && { category }), ...(name && { name }) }, scrub);
    const page = type === 'page' ? { ...circumstances().page, ...scrubAddresses(readable(given), scrub) } : undefined;
    const properties = page ? { ...page, ...named } : readable(given);
    emitter.emit(type, category, name, properties, callOptions);
    return send(type, { ...named, properties }, callOptions, callback, given ? (page as PageContext | undefined) : undefined);
  }

  /** A number is an id elsewhere; it names no page. */
  function viewMethod(type: 'page' | 'screen'): Client['page'] {
    const call = method(2, (given) => view(type, given));
    return (...values: unknown[]) => call(...values.filter((value) => typeof value !== 'number'));
  }

  const group = method(1, ({ texts, objects, callback }) => {
    const [given, callOptions] = objects;
    const groupId = texts[0]?.trim() ? texts[0] : identity.group.id();
    if (!groupId) return drop('no_group_id', 'group() needs the id of the group: group("acme"). This call was dropped.');
    const known = groupId === (identity.group.id() ?? groupId) ? identity.group.traits() : {};
    identity.group.set(groupId, { ...known, ...plain(given ?? {}) });
    emitter.emit('group', groupId, identity.group.traits(), callOptions);
    return send('group', { groupId, traits: identity.group.traits() }, callOptions, callback);
  });

  const addDestinationMiddleware = (names: string | string[], ...middlewares: DestinationMiddleware[]): Promise<void> =>
    settled(() => pipeline.addDestinationMiddleware([names].flat(), middlewares.flat()));

  const client: Client = {
    initialized: true,
    VERSION,

    track: method(1, ({ texts, objects, callback }) => {
      const isOneObject = texts.length === 0;
      const whole = isOneObject ? objects.shift() : undefined;
      const event = isOneObject ? whole?.['event'] : texts[0];
      const given = isOneObject ? whole?.['properties'] : objects.shift();
      const properties = isObject(given) ? given : {};
      if (typeof event !== 'string' || !event.trim()) {
        return drop('no_event', 'track() needs the name of the event: track("addedToCart"). This call was dropped.');
      }
      if (schemas) void loadAdvice?.().then(({ validate }) => validate(schemas, event, properties, report), missing);
      emitter.emit('track', event, properties, objects[0]);
      return send('track', { event, properties }, objects[0], callback);
    }),

    identify: method(1, ({ texts, objects, callback }) => {
      const { token, userId, traits, options: callOptions } = signedCall(objects[0], objects[1]);
      const id = texts[0]?.trim() ? texts[0] : userId;
      // Kept, it would have a collector refuse whatever this visitor does from now on.
      if (id && isLongerThanId(id)) return drop('bad_user_id', 'identify() takes an id of at most 150 bytes. This call was dropped.');
      // As a page calls it that reads the id under a wrong name: it would look as though nothing merged.
      if (!id && !token && !traits && !identity.userId()) report('no_user_id', 'identify() needs the id of the person: identify("user-1"). The visitor stays anonymous.');
      identity.identify(id, plain(traits ?? {}));
      emitter.emit('identify', identity.userId() ?? null, identity.traits(), callOptions);
      return send('identify', { ...(token && { token }), traits: identity.traits() }, callOptions, callback);
    }),

    page: viewMethod('page'),
    screen: viewMethod('screen'),

    group: ((...values: unknown[]) => (values.length > 0 ? group(...values) : groupOf(identity))) as Client['group'],

    alias: method(2, ({ texts, objects, callback }) => {
      const [to, from] = texts;
      if (!to?.trim()) return drop('no_user_id', 'alias() needs the new id: alias("user-1"). This call was dropped.');
      const previousId = from?.trim() ? from : (identity.userId() ?? identity.anonymousId());
      const callOptions = objects.find(isObject);
      emitter.emit('alias', to, from ?? null, callOptions);
      return send('alias', { userId: to, previousId }, callOptions, callback);
    }),

    async reset() {
      identity.reset();
      emitter.emit('reset');
    },

    setAnonymousId(given) {
      const anonymousId = toText(given);
      if (anonymousId?.trim()) identity.setAnonymousId(anonymousId);
      else report('no_anonymous_id', 'setAnonymousId() needs the id, as text. This call was dropped.');
      return identity.anonymousId();
    },

    user: () => userOf(identity),

    async ready(callback) {
      await announced;
      await pipeline.loaded();
      if (callback) callPage(callback);
    },

    register: (...plugins) => settled(() => pipeline.register(plugins)),
    deregister: (...names) => settled(() => pipeline.deregister(names)),
    addSourceMiddleware: (middleware) => settled(() => pipeline.addSourceMiddleware(middleware)),

    addDestinationMiddleware,
    addIntegrationMiddleware: addDestinationMiddleware,
    timeout: (ms) => void (timeout = waitIn(ms)),

    consent: ((decision?: unknown) => {
      if (decision === undefined) return gate.state();
      return settled(() =>
        isConsent(decision)
          ? gate.decide(decision)
          : report('no_consent', "consent() takes 'granted', 'pending', 'denied', or purposes: consent({ analytics: true }). This call was dropped."),
      );
    }) as Client['consent'],

    inspect: () => ({
      anonymousId: identity.anonymousId(),
      userId: identity.userId() ?? null,
      groupId: identity.group.id() ?? null,
      consent: gate.state(),
      persistence: options.persistence ?? 'cookie',
      plugins: pipeline.names(),
      ...(gate.connection()?.look?.() ?? heldBack()),
    }),

    inspector: () =>
      settled(async () => {
        if (loadInspector && (options.inspector ?? isDevelopment())) (await loadInspector())(client);
        else report('no_inspector', 'inspector() opens on localhost, or with the option inspector: true, in createClient and in the script tag.');
      }),

    debug(isOn = true) {
      isDebugging = isOn;
      return client;
    },

    flush: async () => gate.connection()?.flush(),

    on: (event, listener) => (emitter.on(event, listener), client),
    once: (event, listener) => (emitter.once(event, listener), client),
    off: (event, listener) => (emitter.off(event, listener), client),

    activity: async (filter) => (await gate.connection()?.engine())?.activity(filter) ?? [],
    explain: async (messageId) => (await gate.connection()?.engine())?.explain(messageId),
    message: async (messageId) => (await gate.connection()?.engine())?.message(messageId),
  };
  const announced = announce();
  // Of load() they come from both of its arguments.
  void settled(() => pipeline.register([options.plugins ?? []].flat(2)));
  // It only helps: where it does not come, there is nothing to tell.
  if (isDeveloped) void loadAdvice?.().then(({ lookAtOptions }) => lookAtOptions(options, report), () => {});
  if (options.autoPage) watchPages();
  return client;

  /** What watches them may come late, or never: the page that was loaded is viewed as it was. */
  function watchPages(): void {
    const landed = momentOfCall();
    const entries = historyLength();
    import('./auto-page.js').then(
      // What a router has only tidied up meanwhile is the same page.
      (watcher) => watcher.watchPages(viewPage, historyLength() > entries ? landed : undefined),
      (error: unknown) => {
        missing(error);
        viewPage({}, landed);
      },
    );
  }

  function viewPage(properties: JsonObject, moment?: Moment, callOptions: CallOptions = {}): void {
    during(moment, () => void client.page(properties, callOptions));
  }

  /** What is seen where nothing is sent yet, since the visitor has not answered. */
  function heldBack(): Pick<Inspection, 'endpoint' | 'waiting' | 'queue'> {
    const held = gate.held();
    const endpoint = destination.kind === 'collector' ? destination.endpoint : undefined;
    return { endpoint, waiting: held.length, queue: held.map(({ text }) => ({ text, isSending: false })) };
  }

  /** For what is loaded on demand: a deployment takes the files of the one before away, or a network fails. */
  function missing(error: unknown): void {
    report('part_unavailable', `a file of the client did not load (${String(error)}); events go on.`, error);
  }

  async function announce(): Promise<void> {
    const given = await settings;
    await gate.connection()?.opened;
    emitter.emit('initialize', given?.fetched ?? { writeKey: options.writeKey }, options);
    await pipeline.loaded();
    emitter.emit('ready');
  }
}

/** Neither a page nor a worker, but a server that renders one: nothing can be kept there, and nobody has to be told. */
function isOnServer(): boolean {
  return typeof document === 'undefined' && typeof indexedDB === 'undefined';
}

function historyLength(): number {
  return globalThis.history?.length ?? 0;
}

function waitIn(ms: unknown): number {
  return typeof ms === 'number' && ms >= 0 ? Math.min(ms, LONGEST_TIMER_MS) : TIMEOUT_MS;
}

function unreadable(error: unknown): Parameters<Report> {
  return ['unreadable', `reading what was given threw ${String(error)}. This call was dropped.`, error];
}

function tell(context: Context): void {
  const { type, event, name } = context.event;
  console.debug(`hitherto: ${[type, event ?? name ?? []].flat().join(' ')} (${context.durable})`, context.event);
}

/** Each message has its own, which plugins may change: the values are plain, or objects of plain values. */
function copyOf(here: Circumstances): Circumstances {
  const copy: Circumstances = { ...here };
  for (const [key, value] of Object.entries(copy)) if (isObject(value)) copy[key] = { ...value };
  return copy;
}

/** The page of a message: where it was called, or what a page() call says instead; what the caller's context says goes over both. */
function pageOf(here: JsonObject & { page?: PageContext }, page: PageContext | undefined, context: JsonObject, scrub: Scrubber | undefined): JsonObject {
  if (!here.page) return {};
  const { path, referrer, search, title, url } = page ?? here.page;
  return { page: { path, referrer, search, title, url, ...(isObject(context['page']) && scrubAddresses(context['page'], scrub)) } };
}

/** Of the options for integrations, which of them are on goes with each message: one that is configured is. */
function switchesIn(integrations: JsonObject | undefined): JsonObject {
  return Object.fromEntries(Object.entries(integrations ?? {}).map(([name, value]) => [name, Boolean(value)]));
}

/** ISO 8601; the moment of the call, when the page says nothing that is a time. A number is what it is on the wire. */
function isoTime(given: unknown): string {
  try {
    return new Date(typeof given === 'number' ? millisecondsOf(given) : ((given as string | Date | undefined) ?? timeOfCall())).toISOString();
  } catch {
    return new Date(timeOfCall()).toISOString();
  }
}
