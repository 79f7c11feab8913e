import { isObject, type AnyEvents, type CallOptions, type Client, type Context, type JsonObject } from '../client/index.js';

/** One call, as `@segment/analytics-next` gives it to its plugins. */
export interface SegmentContext {
  event: object;
}

/** What is used of their `analytics`. */
export interface SegmentAnalytics {
  /** Listens to a reset. */
  on(event: 'reset', listener: () => void): unknown;
  /** Listens no longer. */
  off(event: 'reset', listener: () => void): unknown;
}

/** A destination plugin of `@segment/analytics-next`. */
export interface SegmentDestination {
  name: string;
  type: 'destination';
  version: string;
  /** Always: there is nothing to load. */
  isLoaded(): boolean;
  /** Called by analytics.js when the plugin is registered. */
  load(context: unknown, analytics: SegmentAnalytics): Promise<void>;
  /** Called by analytics.js when the plugin is removed. */
  unload(context: unknown, analytics: SegmentAnalytics): void;
  /** Takes that call over. */
  track<C extends SegmentContext>(context: C): Promise<C>;
  /** Takes that call over. */
  identify<C extends SegmentContext>(context: C): Promise<C>;
  /** Takes that call over. */
  page<C extends SegmentContext>(context: C): Promise<C>;
  /** Takes that call over. */
  screen<C extends SegmentContext>(context: C): Promise<C>;
  /** Takes that call over. */
  group<C extends SegmentContext>(context: C): Promise<C>;
  /** Takes that call over. */
  alias<C extends SegmentContext>(context: C): Promise<C>;
}

/** Where a message of theirs rides along in a call of ours, until it takes that call's place. */
const CARRIED = 'segmentMessage';

/** What ours has to know of it. */
interface SegmentMessage {
  anonymousId?: string;
  userId?: string | null;
  groupId?: string | null;
  previousId?: string;
  event?: string;
  traits?: JsonObject;
}

/**
 * A destination, in device mode, for a page that keeps Segment's analytics.js: its calls go to this client too, with their
 * own messageId, timestamp, ids and context, and are kept until they are delivered. Both know the same visitor.
 *
 * @example
 * ```ts
 * const analytics = AnalyticsBrowser.load({ writeKey: 'SEGMENT-KEY' });
 * analytics.register(hithertoDestination(createClient({ writeKey: 'KEY', endpoint: 'https://collector.example' })));
 * ```
 */
export function hithertoDestination<Events extends object = AnyEvents>(typed: Client<Events>): SegmentDestination {
  const client = typed as unknown as Client;
  void client.register({ name: 'Segment', type: 'before', track: restore, identify: restore, page: restore, screen: restore, group: restore, alias: restore });
  const reset = (): void => void client.reset();

  return {
    name: 'hitherto',
    type: 'destination',
    version: client.VERSION,
    isLoaded: () => true,
    async load(_, analytics) {
      analytics.on('reset', reset);
    },
    unload: (_, analytics) => void analytics.off('reset', reset),
    track: handOver(({ event = '' }, options) => client.track(event, null, options)),
    identify: handOver(({ userId = null, traits }, options) => client.identify(userId, traits, options)),
    page: handOver((_, options) => client.page({}, options)),
    screen: handOver((_, options) => client.screen({}, options)),
    group: handOver(({ groupId = null, traits }, options) => client.group(groupId, traits, options)),
    alias: handOver(({ userId, previousId }, options) => client.alias(userId ?? '', previousId, options)),
  };
}

/** Theirs is the message; ours is only told what it has to know about the visitor. */
function handOver(call: (message: SegmentMessage, options: CallOptions) => Promise<Context>) {
  return async <C extends SegmentContext>(context: C): Promise<C> => {
    const message: SegmentMessage = context.event;
    await call(message, { ...(message.anonymousId && { anonymousId: message.anonymousId }), context: { [CARRIED]: message } });
    return context;
  };
}

/** Puts the carried message in the place of the one that our call made; what the visitor agreed to stays, unless theirs says so too. */
function restore(context: unknown): void {
  const { event } = context as Context;
  const { [CARRIED]: carried, consent } = isObject(event['context']) ? event['context'] : {};
  if (!isObject(carried)) return;
  const theirs = isObject(carried['context']) ? carried['context'] : {};
  (context as { event: JsonObject }).event = { ...carried, context: { ...(consent !== undefined && { consent }), ...theirs }, integrations: event['integrations'] };
}
