import { newId, readStored, writeStored, type Client, type Context, type JsonObject, type Plugin } from '../client/index.js';

/** Options of {@link sessions}. */
export interface SessionOptions {
  /** So long a silence ends a session, milliseconds. @defaultValue 1_800_000, half an hour */
  timeoutMs?: number;
}

interface Session {
  id: string;
  /** Counted from 1, in this browser. */
  number: number;
  startedAt: number;
  lastAt: number;
}

const HALF_AN_HOUR_MS = 30 * 60_000;
const NAME = 'session';

/**
 * A plugin that says with each message which visit it belongs to: `context.session` is `{ id, number, startedAt }`, the
 * time in ISO 8601. The tabs of an origin share a session; without localStorage, with `persistence: 'memory'`, and until the
 * visitor has agreed, it is the page's own.
 *
 * @example
 * ```ts
 * createClient({ plugins: [sessions()] });
 * ```
 */
export function sessions({ timeoutMs = HALF_AN_HOUR_MS }: SessionOptions = {}): Plugin {
  let own: Session | undefined;
  /** Absent where nothing outlives the page. */
  let keeper: Client | undefined;
  const mayKeep = (): boolean => keeper?.consent() === 'granted';
  /** Whether `own` lies in localStorage: what is gone from there was deleted, and is not brought back. */
  let isKept = false;

  function current(now: number): Session {
    const stored = mayKeep() ? parse(readStored(NAME)) : undefined;
    const known = stored ?? (isKept ? undefined : own);
    // A clock that was set back ends a session too.
    const isGoingOn = known !== undefined && now - known.lastAt < timeoutMs && now >= known.startedAt;
    own = isGoingOn ? { ...known, lastAt: now } : { id: newId(), number: (known?.number ?? 0) + 1, startedAt: now, lastAt: now };
    if (mayKeep()) {
      writeStored(NAME, JSON.stringify(own));
      isKept = readStored(NAME) !== undefined;
    }
    return own;
  }

  function add(context: unknown): void {
    const { id, number, startedAt } = current(Date.now());
    (context as Context).updateEvent('context.session', { id, number, startedAt: new Date(startedAt).toISOString() });
  }

  function load(_: unknown, given: unknown): void {
    const client = given as Client;
    if (client.inspect().persistence !== 'memory') keeper = client;
  }

  return { name: 'sessions', type: 'enrichment', isLoaded: () => true, load, track: add, identify: add, page: add, screen: add, group: add, alias: add };
}

function parse(text: string | undefined): Session | undefined {
  try {
    const value = JSON.parse(text ?? 'null') as JsonObject | null;
    return typeof value?.['id'] === 'string' && typeof value['number'] === 'number' ? (value as unknown as Session) : undefined;
  } catch {
    // Something else wrote it.
    return undefined;
  }
}
