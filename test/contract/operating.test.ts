import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openPostgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import { CLI, commands, type CommandOptions, type Run } from './command.js';
import { identify, track } from './messages.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const { hitherto, complaint } = commands();
const database = postgresServer();

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done)))));

async function serve(args: string[] = [], options: CommandOptions = {}): Promise<Run & { home: string }> {
  const run = hitherto(['serve', '--port', '0', '--admin-token', 'at', '--rate-limit', '0', ...args], options);
  return { ...run, home: /http:\/\/[^/]+\//.exec(await run.line)![0] };
}

const post = (home: string, messageId: string) => fetch(`${home}v1/b`, { method: 'POST', body: JSON.stringify({ writeKey: 'demo', batch: [track('x', { messageId, anonymousId: 'v' })] }) });
const get = (home: string, path: string) => fetch(`${home}${path}`, { headers: { Authorization: 'Bearer at' } });

describe('a collector that is told to stop', () => {
  it('has stored all that it acknowledged until its end, while requests keep coming, and ends within 10 seconds', async () => {
    const cwd = makeFolder();
    const { home, child, ended } = await serve([], { cwd });
    const acknowledged: string[] = [];
    const sending = Array.from({ length: 8 }, async (_, sender) => {
      for (let i = 0; ; i++) {
        const messageId = `${sender}-${i}`;
        const response = await post(home, messageId).catch(() => undefined);
        if (response?.status === 200) acknowledged.push(messageId);
        // It is not there any more.
        if (!response) break;
      }
    });
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(50);
    const toldAt = Date.now();
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(Date.now() - toldAt).toBeLessThan(10_000);
    await Promise.all(sending);

    const ledger = sqliteLedger({ file: join(cwd, '.hitherto', 'hitherto.db') });
    const stored = new Set((await ledger.messages({ limit: 100_000 })).items.map(({ messageId }) => messageId));
    await ledger.close();
    expect(acknowledged.filter((messageId) => !stored.has(messageId))).toEqual([]);
  });

  it('lets a connection go with the answer that was on its way, and does not wait for the next one', async () => {
    const { home, child, ended } = await serve();
    const agent = new Agent({ keepAlive: true });
    const body = JSON.stringify({ writeKey: 'demo', batch: [track('x', { anonymousId: 'v' })] });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const begun = request(`${home}v1/b`, { method: 'POST', agent, headers: { 'Content-Length': Buffer.byteLength(body), Expect: '100-continue' } }, resolve);
      // The server has seen the request once it asks for the body.
      begun.on('continue', () => {
        child.kill('SIGTERM');
        begun.end(body);
      });
      begun.on('error', reject).flushHeaders();
    });
    response.resume();
    expect([response.statusCode, response.headers.connection]).toEqual([200, 'close']);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    agent.destroy();
  });

  it.each(['that nobody has used yet', 'whose stream has ended'])('does not wait for a connection %s', async (which) => {
    const { home, child, ended } = await serve();
    const { port } = new URL(home);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    if (which === 'whose stream has ended') {
      socket.write('GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer at\r\n\r\n');
      await once(socket, 'data');
    }
    socket.resume();
    // What was opened before it is accepted before it.
    await get(home, 'healthz');
    const toldAt = Date.now();
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    // By itself Node would wait for five seconds, or until all that is left is cut off after eight.
    expect(Date.now() - toldAt).toBeLessThan(4000);
    socket.destroy();
  });
});

describe('the log', () => {
  it('is a line of JSON for each request, at the level that asks for it, without anything of anybody', async () => {
    const { home, child, ended } = await serve(['--log-level', 'info']);
    await post(home, 'secret-message');
    await get(home, 'api/people/ada%40example.com?x=%0a%1b');
    child.kill('SIGTERM');
    const { stderr } = await ended;
    expect(stderr).not.toMatch(/secret-message|ada|example/);
    const lines = stderr.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    const common = { time: expect.stringMatching(/^\d{4}-.*Z$/) as string, level: 'info', code: 'answered', ms: expect.any(Number) as number };
    expect(lines).toEqual([
      { ...common, surface: 'pipelines', method: 'POST', status: 200, message: 'A request was answered.' },
      { ...common, surface: 'admin', method: 'GET', status: 404, message: 'A request was answered.' },
    ]);
  });
});

describe('a collector whose database is taken away', () => {
  let names: string[] = [];

  /** Tables, one by one: a schema that gets another name was once still found by a connection that had found it before. */
  async function renameTables(url: string, from: (name: string) => string, to: (name: string) => string): Promise<void> {
    const schema = new URL(url).searchParams.get('search_path')!;
    if (names.length === 0) names = (await database.admin()<{ name: string }[]>`SELECT tablename AS name FROM pg_tables WHERE schemaname = ${schema}`).map(({ name }) => name);
    expect(names).toContain('messages');
    await database.admin().unsafe(names.map((name) => `ALTER TABLE ${schema}."${from(name)}" RENAME TO "${to(name)}"`).join(';'));
  }

  it('stays, says so in lines of JSON, and on /readyz', async () => {
    const url = await database.newUrl();
    const { home, child, ended, stderr } = await serve(['--database', url]);
    expect((await get(home, 'readyz')).status).toBe(200);
    for (let i = 0; i < 30; i++) await post(home, `m${i}`);
    const response = await get(home, 'api/export');
    // Whatever asks for a table from now on fails, in the middle of a stream too.
    await renameTables(url, (name) => name, (name) => `${name}_away`);
    await response.text().catch(() => undefined);
    expect((await post(home, 'lost')).status).toBe(503);
    expect((await get(home, 'api/activity')).status).toBe(500);
    await expect((await get(home, 'api/export')).text()).rejects.toThrow('terminated');
    await expect.poll(() => stderr()).toContain('broken_off');
    for (const line of stderr().trimEnd().split('\n')) expect(JSON.parse(line)).toMatchObject({ level: expect.stringMatching(/^(error|warning)$/) as string, code: expect.stringMatching(/^\w+$/) as string });
    await renameTables(url, (name) => `${name}_away`, (name) => name);
    expect((await post(home, 'found')).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
  });
});

describe('an export', () => {
  async function folderWithData(events: number): Promise<string> {
    const cwd = makeFolder();
    mkdirSync(join(cwd, '.hitherto'));
    const ledger = sqliteLedger({ file: join(cwd, '.hitherto', 'hitherto.db') });
    await ledger.append(
      Array.from({ length: events }, (_, i) => track(`e${i}`, { anonymousId: 'v' })),
      { receivedAt: Date.now() },
    );
    await ledger.close();
    return cwd;
  }

  it('that breaks off leaves no file that looks whole; the token goes nowhere else', async () => {
    const asked: string[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url!);
      if (url!.startsWith('/moved')) return void response.writeHead(302, { Location: '/api/export' }).end();
      return void response.writeHead(200).write('{"messageId":"m"}\n', () => response.destroy());
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cwd = makeFolder();
    expect(await complaint(['export', '--output', 'all.ndjson', '--url', url, '--admin-token', 'at'], { cwd })).toMatch(/broke off in the middle; what is written is not all of it/);
    expect(existsSync(join(cwd, 'all.ndjson'))).toBe(false);
    expect(await complaint(['export', '--url', `${url}/moved`, '--admin-token', 'at'], { cwd })).toMatch(/nothing answers at .*moved/);
    expect(asked).toEqual(['/api/export', '/moved/api/export']);
    expect(await complaint(['export', '--output', 'no/where.ndjson', '--data', await folderWithData(1).then((folder) => join(folder, '.hitherto'))], { cwd })).toMatch(/no\/where\.ndjson cannot be written \(ENOENT\)/);
  });

  it('whose reader has seen enough ends without a word', async () => {
    const run = hitherto(['export'], { cwd: await folderWithData(5000) });
    await run.line;
    run.child.stdout!.destroy();
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  });

  describe.skipIf(spawnSync('script', ['--version']).error)('on a terminal', () => {
    /** What it looks like there, by the program `script`. */
    function seen(args: string[], cwd: string, env: Record<string, string> = {}): string {
      return execFileSync('script', ['-qec', [process.execPath, CLI, ...args].join(' '), '/dev/null'], { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], TERM: 'xterm', ...env } });
    }

    it('says how far it is, and nothing of it in the end', async () => {
      const cwd = await folderWithData(5000);
      const said = seen(['export', '--output', 'all.ndjson'], cwd);
      expect(said).toContain('5,000 messages');
      expect(said.endsWith('\u001b[2K')).toBe(true);
      expect(readFileSync(join(cwd, 'all.ndjson'), 'utf8').match(/\n/g)).toHaveLength(5000);
      expect(seen(['export'], cwd)).not.toContain(' messages');
      expect(seen(['export', '--output', 'all.ndjson'], cwd, { NO_COLOR: '1' })).not.toContain('\u001b');
    });

    it('takes no orders from what strangers have sent', async () => {
      const cwd = makeFolder();
      mkdirSync(join(cwd, '.hitherto'));
      const ledger = sqliteLedger({ file: join(cwd, '.hitherto', 'hitherto.db') });
      await ledger.append([identify('ada\u001b[31m\u202e', { messageId: 'm', anonymousId: 'v' })], { receivedAt: Date.now() });
      await ledger.close();
      const said = seen(['explain', 'm'], cwd, { NO_COLOR: '1' });
      expect(said).toContain('ada');
      for (const order of ['\u001b', '\u202e']) expect(said).not.toContain(order);
    });
  });
});

describe('several workers', () => {
  /** On a connection of its own: each goes to one of them in turn. */
  function alone(method: string, address: string, body?: object): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(address, { method, agent: false, headers: { Authorization: 'Bearer at' } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data) => (text += data)).on('end', () => resolve(text)).on('error', reject);
      });
      asked.on('error', reject).end(body && JSON.stringify(body));
    });
  }
  const postAlone = (home: string, messageId: string) => alone('POST', `${home}v1/b`, { writeKey: 'demo', batch: [track('x', { messageId, anonymousId: 'v' })] });
  const countedBy = (home: string) => Promise.all(Array.from({ length: 8 }, () => alone('GET', `${home}metrics`)));
  const childrenOf = ({ pid }: Run['child']) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const countOf = (name: string) => (text: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  const stored = countOf('hitherto_messages_total\\{status="stored"\\}');

  it('share a port and a Postgres, count as one, and one that dies has a successor', async () => {
    const url = await database.newUrl();
    const { home, child, ended, line } = await serve(['--workers', '2', '--database', url]);
    expect(await line).toContain(home);
    await expect.poll(() => childrenOf(child).length).toBe(2);
    const before = childrenOf(child);
    for (let i = 0; i < 8; i++) expect(JSON.parse(await postAlone(home, `m${i}`))).toMatchObject({ accepted: 1 });
    for (const text of await countedBy(home)) expect(stored(text)).toBe(8);

    process.kill(before[1]!, 'SIGKILL');
    await expect.poll(() => childrenOf(child).filter((pid) => !before.includes(pid)).length, { timeout: 20_000 }).toBe(1);
    await expect.poll(async () => (await post(home, 'after')).status).toBe(200);

    // As a terminal and systemd do it: all of them are told, and the first one tells them again.
    for (const pid of [child.pid!, ...childrenOf(child)]) process.kill(pid, 'SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    const ledger = await openPostgresLedger({ url });
    expect((await ledger.messages({ limit: 100 })).items.map(({ messageId }) => messageId).sort()).toEqual(['after', ...Array.from({ length: 8 }, (_, i) => `m${i}`)]);
    await ledger.close();
  });

  it('count once what concerns the ledger; with one that dies nothing is lost that was counted, and nothing is counted again', async () => {
    const url = await database.newUrl();
    const ledger = await openPostgresLedger({ url });
    // Its late window is over, and about to be counted.
    await ledger.append([track('x', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' })], { receivedAt: Date.now() - 5 * 60_000 - 5_000 });
    await ledger.close();
    const { home, child } = await serve(['--workers', '2', '--database', url]);
    // Whoever is asked says the same.
    const counted = async (...names: string[]) => new Set((await countedBy(home)).map((text) => names.map((name) => countOf(name)(text)).join()));
    await expect.poll(() => counted('hitherto_ledger_merged_events_total'), { timeout: 60_000 }).toEqual(new Set(['1']));
    // Both of them have been there for long, and take them in turn.
    for (let i = 0; i < 8; i++) expect(await postAlone(home, `counted ${i}`)).toContain('"accepted":1');
    for (const text of await countedBy(home)) expect(stored(text)).toBe(8);
    const before = childrenOf(child);
    process.kill(before[0]!, 'SIGKILL');
    await expect.poll(() => childrenOf(child).filter((pid) => !before.includes(pid)).length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => postAlone(home, 'after')).toContain('"accepted":1');
    for (const text of await countedBy(home)) expect(stored(text)).toBe(9);
    expect(await counted('hitherto_ledger_merged_events_total', 'hitherto_append_seconds_count', 'hitherto_append_queue_messages')).toEqual(new Set(['1,9,0']));
  }, 100_000);

  it('that cannot start say so once', async () => {
    const taken = createServer();
    servers.push(taken);
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const { port } = taken.address() as AddressInfo;
    expect(await complaint(['serve', '--workers', '3', '--database', await database.newUrl(), '--port', String(port)])).toMatch(/port \d+ is in use/);
  });
});

describe('a collector on the internet', () => {
  it('keeps a connection for longer than the proxy in front of it does, who would else send on one that is being closed', async () => {
    const { home } = await serve();
    const response = await fetch(`${home}healthz`);
    expect(Number(/timeout=(\d+)/.exec(response.headers.get('Keep-Alive') ?? '')?.[1])).toBeGreaterThan(120);
  });

  const send = (home: string, forwarded: string) => fetch(`${home}v1/b`, { method: 'POST', headers: { 'X-Forwarded-For': forwarded }, body: '{"writeKey":"demo","batch":[]}' });

  it('counts by the address that the proxy heard from, and only when it is told that there is one', async () => {
    const behind = await serve(['--rate-limit', '1', '--trust-proxy']);
    const statuses = [];
    for (const forwarded of ['10.0.0.1', 'made-up, 10.0.0.1', '10.0.0.1, 10.0.0.2']) statuses.push((await send(behind.home, forwarded)).status);
    expect(statuses).toEqual([200, 429, 200]);
    const alone = await serve(['--rate-limit', '1']);
    expect([(await send(alone.home, '10.0.0.1')).status, (await send(alone.home, '10.0.0.2')).status]).toEqual([200, 429]);
  });

  it('hangs up on those whose headers do not come, a byte at a time or never, and on nobody else', async () => {
    const { home, child, ended } = await serve(['--header-seconds', '1']);
    const body = '{"writeKey":"demo","batch":[]}';
    const slowBody = talk(home, `POST /v1/b HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
    const dripping = talk(home, '', `GET /healthz HTTP/1.1\r\nX-Long: ${'x'.repeat(10_000)}`);
    const others = [talk(home, 'GET /healthz HTTP/1.1\r\nHost: x\r\n'), talk(home, 'GET /hea'), talk(home, '')];
    expect((await fetch(`${home}healthz`)).status).toBe(200);
    for (const { heard } of [dripping, ...others]) expect(await heard).toMatch(/^HTTP\/1\.1 408 /);
    // Their time is over; that of a body is not.
    slowBody.say(body);
    expect(await slowBody.heard).toMatch(/^HTTP\/1\.1 200 /);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  /** A connection on which something is said at once, and something byte by byte. @returns all that is heard until its end */
  function talk(home: string, atOnce: string, dripping = ''): { say(text: string): void; heard: Promise<string> } {
    const socket = connect(Number(new URL(home).port), '127.0.0.1', () => socket.write(atOnce));
    let next = 0;
    const timer = setInterval(() => next < dripping.length && socket.write(dripping[next++]!), 20);
    let text = '';
    const heard = new Promise<string>((resolve) => {
      socket.on('data', (data) => (text += data.toString('latin1')));
      // Whoever goes on dripping behind the end is told so.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(timer);
        resolve(text);
      });
    });
    return { say: (said) => void socket.write(said), heard };
  }

  it('does not start with a key that no token could be checked by', async () => {
    const cwd = makeFolder();
    const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
    const pem = (type: 'rsa' | 'ec', options: object) => generateKeyPairSync(type as 'rsa', { ...options, publicKeyEncoding: { type: 'spki', format: 'pem' } } as never).publicKey as unknown as string;
    write('none.pem', 'a secret');
    write('broken.pem', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
    write('short.pem', pem('rsa', { modulusLength: 1024 }));
    write('curve.pem', pem('ec', { namedCurve: 'P-384' }));
    for (const file of ['none.pem', 'broken.pem', 'short.pem', 'curve.pem']) {
      expect(await hitherto(['serve', '--identity', 'all', '--identity-public-key', file], { cwd }).ended).toMatchObject({ code: 1, stderr: expect.stringMatching(`^hitherto: ${file} holds no public key as PEM, .*\\.\n$`) });
    }
    write('good.pem', pem('ec', { namedCurve: 'P-256' }));
    await serve(['--identity', 'all', '--identity-public-key', 'good.pem'], { cwd });
  });
});
