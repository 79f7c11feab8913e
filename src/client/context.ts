import type { Durability } from '../outbox/index.js';
import { isObject, type JsonObject, type MessageType, type Refusal } from '../wire/index.js';
import type { AnyObject } from './events.js';

/** What became of a message after it was stored. */
export type Delivery =
  /** The collector has it for good. With the engine in the page: the engine has it. */
  | { status: 'delivered' }
  /** The collector will never take it; `message` says why. */
  | { status: 'refused'; code: string; message: string }
  /** It was not a message, or a plugin cancelled it: nothing was stored. */
  | { status: 'dropped' };

/** The message of a call, as plugins and middleware see it: a page may have put anything into it. */
export interface EventInContext extends AnyObject {
  type?: MessageType;
  messageId?: string;
  anonymousId?: string;
  userId?: string | null;
  /** The name in a `track` call. */
  event?: string;
  /** The name in a `page` or `screen` call. */
  name?: string;
  category?: string;
  groupId?: string;
  previousId?: string;
  /** About the event. */
  properties?: AnyObject;
  /** About the person or the group. */
  traits?: AnyObject;
  /** About the circumstances: page, campaign, library, … */
  context?: AnyObject;
  integrations?: AnyObject;
  /** ISO 8601. */
  timestamp?: string;
}

/** A line that a plugin wrote about a message. */
export interface LogLine {
  level: string;
  message: string;
  extras?: unknown;
}

/** Why a message goes nowhere. */
export interface Failure {
  reason: { type: string; reason: string; retry: false };
}

/** Thrown by {@link Context.cancel}. */
class Cancellation extends Error {
  override readonly name = 'ContextCancelation';
}

/** A call under way: what plugins and middleware are given, and what the call resolves with. */
export class Context {
  /** Where it is safe: `stored` in IndexedDB or with the collector, in `memory` only, or `dropped`. */
  durable: Durability = 'memory';
  /** How often it went through the plugins. */
  attempts = 0;
  /** The message. Plugins of the types before and enrichment may change it; later ones see what was stored. */
  event: EventInContext;
  private _logs: LogLine[] | undefined;
  private _stats: Stats | undefined;
  private _failure: Failure | undefined;
  private _delivered: Promise<Refusal[]> | undefined;

  constructor(event: EventInContext) {
    this.event = event;
  }

  /** The messageId. */
  get id(): string {
    return (this.event['messageId'] as string | undefined) ?? '';
  }

  /** Resolves with the result of its delivery; stays open while the message waits. Never rejects. */
  get delivered(): Promise<Delivery> {
    const { id } = this;
    return Promise.resolve(this._delivered).then((refused): Delivery => {
      if (!refused) return { status: 'dropped' };
      const refusal = refused.find(({ messageId }) => messageId === id);
      return refusal ? { status: 'refused', code: refusal.code, message: refusal.message } : { status: 'delivered' };
    });
  }

  /** Puts a value into the message, where `path` says: `updateEvent('properties.plan', 'pro')`. */
  updateEvent(path: string, value: unknown): EventInContext {
    setPath(this.event, path.split('.'), value);
    return this.event;
  }

  /**
   * Ends the call: nothing is stored.
   *
   * @throws always, so that the plugin ends too
   */
  cancel(reason: unknown = 'cancelled by a plugin'): never {
    this.fail('plugin_cancellation', String((isObject(reason) && reason['reason']) || reason));
    throw new Cancellation(this._failure?.reason.reason ?? 'too late: the message is stored');
  }

  /** Why the message goes nowhere, if so. */
  failedDelivery(): Failure | undefined {
    return this._failure;
  }

  /** What plugins counted and measured. */
  get stats(): Stats {
    return (this._stats ??= new Stats());
  }

  /** Writes a line about the message. */
  log(level: string, message: string, extras?: unknown): void {
    this.logs().push({ level, message, extras });
  }

  /** What was written about it. */
  logs(): LogLine[] {
    return (this._logs ??= []);
  }

  /** @internal */
  fail(type: string, reason: string): void {
    // Too late: a plugin that took its time decides nothing about what is stored.
    if (this._delivered) return;
    this._failure = { reason: { retry: false, type, reason } };
    this.durable = 'dropped';
    this.log('warn', 'Failed to deliver', { reason });
  }

  /** @internal */
  store(delivered: Promise<Refusal[]>): void {
    this._delivered = delivered;
    this.attempts = 1;
  }
}

/** A plugin's own numbers about a message. */
class Stats {
  readonly metrics: { metric: string; value: number; type: 'counter' | 'gauge'; tags: string[] }[] = [];

  increment(metric: string, value = 1, tags: string[] = []): void {
    this.metrics.push({ metric, value, type: 'counter', tags });
  }

  gauge(metric: string, value: number, tags: string[] = []): void {
    this.metrics.push({ metric, value, type: 'gauge', tags });
  }
}

const FORBIDDEN_KEY = '__proto__';

/** Puts a value into an object, deep down; what stands in the way and is no object is replaced. */
export function setPath(target: JsonObject, [key, ...rest]: string[], value: unknown): void {
  if (key === undefined || key === FORBIDDEN_KEY) return;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const next = typeof inner === 'object' && inner ? (inner as JsonObject) : {};
  target[key] = next;
  setPath(next, rest, value);
}
