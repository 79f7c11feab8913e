import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterEach, vi } from 'vitest';
import { createCollector } from '../../../src/collector/index.js';
import { memoryLedger } from '../../../src/ledger/index.js';
import type { Activity, ActivityPage, Person } from '../../../src/wire/index.js';
import { NOON } from '../messages.js';

export const WRITE_KEY = 'wk_shop';
export const SECRET_KEY = 'sk_shop';

/** A collector behind a real port. It and the clients share one clock, which stands still unless the test moves it. */
export interface ServedCollector {
  url: string;
  port: number;
  /** What time it is for everybody, milliseconds. */
  time: number;
  /** What was asked for, as `POST /v1/batch`. */
  requests: string[];
  /** Answers the next requests in the collector's place, each with one of these statuses. */
  failNext(...statuses: number[]): void;
  person(id: string): Promise<Person>;
  /** Newest first. */
  activity(query?: string): Promise<Activity[]>;
}

/** Starts collectors, and stops them after each test. */
export function servedCollectors(): () => Promise<ServedCollector> {
  const running = new Set<() => Promise<void>>();
  afterEach(async () => {
    await Promise.all([...running].map((stop) => stop()));
    running.clear();
    vi.useRealTimers();
  });

  return async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
    const collector = createCollector({ ledger: memoryLedger(), writeKeys: [WRITE_KEY], secretKeys: [SECRET_KEY], adminToken: 'ADMIN' });
    const failures: number[] = [];
    const server = createAdaptorServer({
      fetch(request) {
        served.requests.push(`${request.method} ${new URL(request.url).pathname}`);
        const status = failures.shift();
        return status === undefined ? collector.fetch(request) : new Response('no', { status });
      },
    }) as Server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    running.add(async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await collector.close();
    });

    async function read<Answer>(path: string): Promise<Answer> {
      const response = await collector.fetch(new Request(`http://127.0.0.1:${port}${path}`, { headers: { Authorization: 'Bearer ADMIN' } }));
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as Answer;
    }

    const served: ServedCollector = {
      url: `http://127.0.0.1:${port}`,
      port,
      get time() {
        return Date.now();
      },
      set time(at) {
        vi.setSystemTime(at);
      },
      requests: [],
      failNext: (...statuses) => void failures.push(...statuses),
      person: (id) => read(`/api/people/${encodeURIComponent(id)}`),
      activity: async (query = '') => (await read<ActivityPage>(`/api/activity?limit=1000${query}`)).items,
    };
    return served;
  };
}
