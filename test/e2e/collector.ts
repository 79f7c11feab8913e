import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ActivityPage, Person } from '../../src/wire/index.js';

export const WRITE_KEY = 'test-key';
const ADMIN_TOKEN = 'test-token';

/** The real collector, as `npm start` runs it: the built command line in a process of its own. */
export interface Collector {
  url: string;
  /** The address of the activity log, with the token that opens it. */
  logUrl: string;
  activity(query?: string): Promise<ActivityPage['items']>;
  person(id: string): Promise<Person>;
  /** SIGKILL, in the middle of whatever it is doing. */
  kill(): Promise<void>;
  /** The same port and the same data, in a new process. */
  restart(): Promise<void>;
}

export async function startCollector(data: string, more: string[] = []): Promise<Collector> {
  let { child, url } = await launch(data, 0, more);

  async function get<T>(path: string): Promise<T> {
    const response = await fetch(url + path, { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  return {
    url,
    logUrl: `${url}/#token=${ADMIN_TOKEN}`,
    activity: async (query = '') => (await get<ActivityPage>(`/api/activity?limit=1000&${query}`)).items,
    person: (id) => get(`/api/people/${encodeURIComponent(id)}`),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    async restart() {
      ({ child, url } = await launch(data, Number(new URL(url).port), more));
    },
  };
}

async function launch(data: string, port: number, more: string[]): Promise<{ child: ChildProcess; url: string }> {
  const options = ['--port', String(port), '--data', data, '--write-key', WRITE_KEY, '--admin-token', ADMIN_TOKEN, ...more];
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the collector ended with code ${code}`)));
  const [line] = (await Promise.race([once(createInterface(child.stdout!), 'line'), exited])) as [string];
  exited.catch(() => {
    // A test that kills it means it.
  });
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
  if (!address) throw new Error(`no address in the collector's first line: ${line}`);
  return { child, url: address };
}
