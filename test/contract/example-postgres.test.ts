import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import type { ActivityPage } from '../../src/wire/index.js';
import { nameOf } from './ledger.js';
import { track } from './messages.js';
import { postgresServer } from './postgres-server.js';

const server = postgresServer();
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [resolve('examples/postgres/start.mjs')], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let stderr = '';
  child.stderr.on('data', (data) => (stderr += data));
  const ended = new Promise<{ code: number | null; stderr: string }>((done) => child.once('close', (code) => done({ code, stderr })));
  const line = new Promise<string>((done, fail) => createInterface(child.stdout).once('line', done).once('close', () => fail(new Error(stderr))));
  line.catch(() => undefined);
  return { child, line, ended };
}

describe('examples/postgres', () => {
  it('is one address for two collectors, which share a log, and goes on with one of them', async () => {
    const { child, line, ended } = start({ DATABASE_URL: await server.newUrl(), PORT: '0' });
    const [, home, token] = /(http:\S+\/)#token=(\S+)/.exec(await line)!;
    const pids = /Collectors: (\d+) (\d+)/.exec(await line)!.slice(1).map(Number);
    const post = (messageId: string) => fetch(`${home}v1/b`, { method: 'POST', body: JSON.stringify({ writeKey: 'demo', batch: [track(messageId, { messageId, anonymousId: 'v' })] }) });
    const log = async () => ((await (await fetch(`${home}api/activity`, { headers: { Authorization: `Bearer ${token}` } })).json()) as ActivityPage).items.map(nameOf);

    for (let i = 0; i < 4; i++) expect((await post('same')).status).toBe(200);
    expect([await log(), await log()]).toEqual([['same'], ['same']]);
    const stream = (await fetch(`${home}api/stream`, { headers: { Authorization: `Bearer ${token}` } })).body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const messageId of ['one', 'two']) await post(messageId);
    let said = '';
    while (!(said.includes('"one"') && said.includes('"two"'))) said += (await stream.read()).value!;
    await stream.cancel();

    process.kill(pids[0]!, 'SIGKILL');
    // What was on its way to it is sent again, as an outbox does.
    await expect.poll(async () => (await post('after')).status).toBe(200);
    for (let i = 0; i < 4; i++) expect((await post(`after ${i}`)).status).toBe(200);
    expect((await log())[0]).toBe('after 3');

    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, stderr: '' });
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('says what it needs', async () => {
    expect(await start({}).ended).toEqual({ code: 1, stderr: expect.stringContaining('DATABASE_URL is missing') as string });
  });
});
