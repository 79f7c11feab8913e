import type { Database } from './connection.js';
import { COMMIT } from './statements.js';

/** A burst of commits is one piece of news: a notification takes a lock that all of the server's share. */
const GATHER_MS = 100;
const CHANNEL = 'hitherto_log';

/** Tells the other collectors on this database that something was stored, and hears it from them. */
export interface News {
  tell(): void;
  watch(onChange: () => void): () => void;
  end(): Promise<void>;
}

/**
 * Through NOTIFY, behind the commits and not in them. Nobody waits for it, and nothing hangs on it: what is missed is found by
 * whoever looks for it the next time.
 */
export function createNews({ query, listen }: Pick<Database, 'query' | 'listen'>): News {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let listening: Promise<(() => Promise<void>) | undefined> | undefined;

  function hear(): void {
    for (const listener of listeners) listener();
  }

  return {
    tell() {
      timer ??= setTimeout(() => {
        timer = undefined;
        query(COMMIT.notify, [CHANNEL]).catch(() => undefined);
      }, GATHER_MS);
      timer.unref();
    },
    watch(onChange) {
      listeners.add(onChange);
      listening ??= listen(CHANNEL, hear).catch(() => undefined);
      return () => listeners.delete(onChange);
    },
    async end() {
      clearTimeout(timer);
      await (await listening)?.();
    },
  };
}
