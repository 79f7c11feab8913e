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
 * time in ISO 8601. It ends with `reset()`. The tabs of an origin share a session; without localStorage, with
 * `persistence: 'memory'`, and until the visitor has agreed, it is the page's own.
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

  const known = (): Session | undefined => (mayKeep() ? (parse(readStored(NAME)) ?? (isKept ? undefined : own)) : own);

  function current(now: number): Session {
    const last = known();
    // A clock that was set back ends a session too.
    const isGoingOn = last !== undefined && now - last.lastAt < timeoutMs && now >= last.startedAt;
    return keep(isGoingOn ? { ...last, lastAt: now } : { id: newId(), number: (last?.number ?? 0) + 1, startedAt: now, lastAt: now });
  }

  function keep(session: Session): Session {
    if (mayKeep()) {
      writeStored(NAME, JSON.stringify(session));
      isKept = readStored(NAME) !== undefined;
    }
    return (own = session);
  }

  function load(_: unknown, client: Client): void {
    if (client.inspect().persistence !== 'memory') keeper = client;
    // Whoever comes after a logout is somebody else: the session of the one before has been silent for long enough.
    client.on('reset', () => {
      const last = known();
      if (last) keep({ ...last, lastAt: -timeoutMs });
    });
  }

  function add(context: unknown): void {
    const { id, number, startedAt } = current(Date.now());
    (context as Context).updateEvent('context.session', { id, number, startedAt: new Date(startedAt).toISOString() });
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
