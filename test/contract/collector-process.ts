import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { AcceptedMessage, Activity, ActivityPage, BatchAnswer, Person } from '../../src/wire/index.js';

const TOKEN = 'test-token';

/** How a process ended, and what it said on stderr. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** The real collector, built, in a process of its own: so that it can be killed, and its disk can fill up. */
export interface CollectorProcess {
  child: ChildProcess;
  /** Resolves once it listens, with its address; rejects when it ends before that. */
  home: Promise<string>;
  ended: Promise<Ending>;
  /** What it said on stderr so far. */
  stderr(): string;
  post(batch: AcceptedMessage[]): Promise<Response>;
  /** Asks as whoever has the admin token. */
  request(method: 'GET' | 'POST', path: string, headers?: Record<string, string>): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Every line of the activity log, newest first. */
  activity(): Promise<Activity[]>;
  person(id: string): Promise<Person>;
  /** SIGKILL, in the middle of whatever it is doing. */
  kill(): Promise<Ending>;
}

/**
 * @param runner what runs `dist/cli.js`, and how: Node, unless something has to be arranged around it
 * @param ipc whether it is to be reached by `child.send`
 * @param options more of the command line
 */
export function startCollector(data: string, runner: string[] = [process.execPath], ipc?: 'ipc', options: string[] = []): CollectorProcess {
  const [command, ...parameters] = [...runner, 'dist/cli.js', 'serve', '--port', '0', '--data', data, '--write-key', 'demo', '--admin-token', TOKEN, ...options];
  const child = spawn(command!, parameters, { stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? [ipc] : [])] });
  let stderr = '';
  child.stderr!.on('data', (data) => (stderr += data));
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  const home = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!)
      .once('line', (line) => resolve(/http:\/\/127\.0\.0\.1:\d+\//.exec(line)![0]))
      .once('close', () => reject(new Error(`The collector ended before it listened: ${stderr}`)));
  });
  // Who kills it while it starts does not care for its address.
  home.catch(() => undefined);

  async function request(method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${await home}${path}`, { method, headers: { Authorization: `Bearer ${TOKEN}`, ...headers } });
  }

  async function read<Answer>(path: string): Promise<Answer> {
    const response = await request('GET', path);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  return {
    child,
    home,
    ended,
    stderr: () => stderr,
    request,
    get: (path, headers) => request('GET', path, headers),
    post: async (batch) => fetch(`${await home}v1/b`, { method: 'POST', body: JSON.stringify({ writeKey: 'demo', batch, sentAt: new Date().toISOString() }) }),
    async activity() {
      const lines: Activity[] = [];
      for (let before = ''; ; ) {
        const { items, next } = await read<ActivityPage>(`api/activity?limit=1000${before}`);
        lines.push(...items);
        if (next === null) return lines;
        before = `&before=${encodeURIComponent(next)}`;
      }
    },
    person: (id) => read(`api/people/${encodeURIComponent(id)}`),
    kill() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/** Whether an answer acknowledges a whole batch; whoever gets another one has to send it again. */
export async function isAcknowledged(response: Response, batch: AcceptedMessage[]): Promise<boolean> {
  if (response.status !== 200) return false;
  const { success, accepted, refused } = (await response.json()) as BatchAnswer;
  if (!success || accepted !== batch.length || refused.length > 0) throw new Error(`The collector refused what is in order: ${JSON.stringify(refused)}`);
  return true;
}
