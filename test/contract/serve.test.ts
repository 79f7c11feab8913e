import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ActivityPage } from '../../src/wire/index.js';
import { commands, type CommandOptions } from './command.js';
import { nameOf } from './ledger.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';
import { SECRET, webhookReceiver } from './webhook-receiver.js';

const makeFolder = temporaryFolders();
const server = postgresServer();
const { hitherto, complaint } = commands();

/** A collector that is up, and ways to talk to it. */
async function serve(args: string[] = [], options: CommandOptions = {}) {
  const run = hitherto(['serve', '--port', '0', ...args], options);
  const line = await run.line;
  const home = /http:\/\/[^/]+\//.exec(line)![0];
  const token = /#token=(\S+)/.exec(line)?.[1];
  const send = async (...messages: object[]) => {
    const response = await fetch(`${home}v1/b`, { method: 'POST', body: JSON.stringify({ writeKey: 'demo', batch: messages }) });
    return response.json();
  };
  const log = async (bearer = token) => {
    const response = await fetch(`${home}api/activity`, { headers: { Authorization: `Bearer ${bearer}` } });
    return ((await response.json()) as ActivityPage).items.map(nameOf);
  };
  const stop = (signal: NodeJS.Signals) => {
    run.child.kill(signal);
    return run.ended;
  };
  return { ...run, line, home, token, send, log, stop };
}

const COMMANDS = ['serve', 'snippet', 'explain', 'export', 'erase'];

const track = (event: string) => ({ type: 'track', event, anonymousId: 'v', messageId: event });

describe('hitherto serve', () => {
  it('says in one line where everything is, and it is there', async () => {
    const cwd = makeFolder();
    const { line, home, token, log, stop } = await serve([], { cwd });
    expect(line).toContain(`${home}#token=${token}`);
    expect(line).toContain(`${home}demo/`);
    expect(line).toContain(join('.hitherto', 'hitherto.db'));
    expect(token).toMatch(/^[\da-f]{48}$/);
    expect(await (await fetch(`${home}healthz`)).text()).toBe('ok');
    expect(await log()).toEqual([]);
    expect(await (await fetch(`${home}demo/config.json`)).json()).toEqual({ writeKey: 'demo' });
    expect(existsSync(join(cwd, '.hitherto', 'hitherto.db'))).toBe(true);
    const { stdout, stderr, code } = await stop('SIGTERM');
    expect({ stdout, stderr, code }).toEqual({ stdout: `${line}\n`, stderr: '', code: 0 });
  });

  it('keeps what it acknowledged when it is killed, and the address that it printed', async () => {
    const cwd = makeFolder();
    const before = await serve([], { cwd });
    expect(await before.send(track('one'), { type: 'identify', userId: 'ada', anonymousId: 'v', messageId: 'i' })).toMatchObject({ accepted: 2 });
    await before.stop('SIGKILL');

    const after = await serve([], { cwd });
    expect(after.token).toBe(before.token);
    expect(await after.log()).toEqual(['anon_merge v', 'identify', 'one']);
    expect(await after.send(track('one'), track('two'))).toMatchObject({ accepted: 2 });
    expect(await after.log()).toEqual(['two', 'anon_merge v', 'identify', 'one']);
  });

  it('keeps its token to itself', async () => {
    const cwd = makeFolder();
    await serve(['--data', 'kept'], { cwd });
    expect(statSync(join(cwd, 'kept', 'admin-token')).mode & 0o777).toBe(0o600);
    expect(statSync(join(cwd, 'kept')).mode & 0o777).toBe(0o700);
  });

  it('keeps what people did to itself, also in a folder that all may look into', async () => {
    const cwd = makeFolder();
    mkdirSync(join(cwd, 'open'), { mode: 0o755 });
    await (await serve(['--data', 'open'], { cwd })).send(track('one'));
    for (const file of readdirSync(join(cwd, 'open'))) expect([file, statSync(join(cwd, 'open', file)).mode & 0o777]).toEqual([file, 0o600]);
  });

  it('starts several times at once on the same data', async () => {
    const cwd = makeFolder();
    const [a, b, c, d] = await Promise.all([serve([], { cwd }), serve([], { cwd }), serve([], { cwd }), serve([], { cwd })]);
    await Promise.all([a, b, c, d].map(({ send }, i) => send(track(`e${i}`))));
    expect(new Set([a, b, c, d].map(({ token }) => token)).size).toBe(1);
    expect((await a.log()).sort()).toEqual(['e0', 'e1', 'e2', 'e3']);
    expect(await d.log()).toEqual(await a.log());
  });

  it('tells the webhook of its file what the campaigns in it start, also what was left when it stopped', async () => {
    const cwd = makeFolder();
    const receiver = await webhookReceiver();
    receiver.answer(() => 503);
    const config = { campaigns: [{ name: 'basket', event: 'added' }], segments: [{ name: 'buyers', event: 'added' }], webhook: { url: receiver.url } };
    writeFileSync(join(cwd, 'hitherto.json'), JSON.stringify(config));
    const options = { cwd, env: { HITHERTO_WEBHOOK_SECRET: SECRET } };
    const before = await serve(['--config', 'hitherto.json'], options);
    await before.send({ ...track('added'), timestamp: new Date().toISOString() }, { type: 'identify', userId: 'ada', anonymousId: 'v', messageId: 'i' });
    await vi.waitFor(() => expect(receiver.asked).not.toEqual([]));
    const { stderr } = await before.stop('SIGTERM');
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', code: 'triggers_waiting' });

    receiver.answer(() => 200);
    const after = await serve(['--config', 'hitherto.json'], options);
    await vi.waitFor(() => expect(receiver.taken).toMatchObject([{ data: { campaign: 'basket', person: 'ada', event: 'added' } }]), { timeout: 5000 });
    const response = await fetch(`${after.home}api/segments/buyers`, { headers: { Authorization: `Bearer ${after.token}` } });
    expect(await response.json()).toMatchObject({ members: ['ada'] });
    await receiver.close();
  });

  it('keeps everything in the Postgres that it is given, and does not print its password', async () => {
    const url = await server.newUrl();
    const before = await serve(['--database', url]);
    expect(before.line).toMatch(/Data: Postgres at 127\.0\.0\.1:\d+\/postgres$/);
    await before.send(track('one'));
    await before.stop('SIGTERM');
    const after = await serve([], { env: { HITHERTO_DATABASE: url } });
    expect(await after.log()).toEqual(['one']);
  });

  it('takes its keys from the environment, and does not print them', async () => {
    const { line, home, log } = await serve([], { env: { HITHERTO_WRITE_KEY: 'wk-env', HITHERTO_ADMIN_TOKEN: 'at-env' } });
    expect(line).not.toContain('at-env');
    expect(await (await fetch(`${home}demo/config.json`)).json()).toEqual({ writeKey: 'wk-env' });
    expect(await log('at-env')).toEqual([]);
  });

  it('takes its port from PORT, and rather from --port', async () => {
    const free = await freePort();
    const run = hitherto(['serve'], { env: { PORT: String(free) } });
    expect(await run.line).toContain(`http://127.0.0.1:${free}/`);
    const other = hitherto(['serve', '--port', '0'], { env: { PORT: String(free) } });
    expect(await other.line).not.toContain(`:${free}/`);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('finishes what it has begun on %s, and stops', async (signal) => {
    const { home, child, ended, line } = await serve();
    const body = JSON.stringify({ writeKey: 'demo', batch: [track('one')] });
    const answered = new Promise<string>((resolve, reject) => {
      const begun = request(`${home}v1/b`, { method: 'POST', headers: { 'Content-Length': Buffer.byteLength(body), Expect: '100-continue' } }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      });
      // The server has seen the request once it asks for the body.
      begun.on('continue', () => {
        child.kill(signal);
        begun.end(body);
      });
      begun.on('error', reject).flushHeaders();
    });
    expect(JSON.parse(await answered)).toMatchObject({ accepted: 1 });
    expect(await ended).toEqual({ code: 0, stdout: `${line}\n`, stderr: '' });
  });

  describe('its pages', () => {
    it('run nothing but their own files, and are not framed', async () => {
      const { home } = await serve();
      const page = await fetch(home);
      expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
      const policy = page.headers.get('Content-Security-Policy')!;
      for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"]) expect(policy).toContain(part);
      expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect((await fetch(home, { headers: { 'If-None-Match': page.headers.get('ETag')! } })).status).toBe(304);
    });

    it('have everything they ask for', async () => {
      const { home } = await serve();
      for (const address of [home, `${home}demo/`]) {
        const html = await (await fetch(address)).text();
        const parts = [...html.matchAll(/<(?:script|link|img)\b[^>]*?\b(?:src|href)="([^"]+)"/g)].map(([, part]) => part!).filter((part) => !part.startsWith('data:'));
        expect(parts.length).toBeGreaterThan(0);
        for (const part of parts) expect(await fetch(new URL(part, address))).toMatchObject({ url: new URL(part, address).href, status: 200 });
      }
      expect((await fetch(`${home}demo`)).url).toBe(`${home}demo/`);
    });

    it('lend their scripts to any page', async () => {
      const { home } = await serve();
      for (const name of ['hitherto.min.js', 'hitherto.remote.min.js']) {
        const script = await fetch(home + name);
        expect(script.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8');
        expect(script.headers.get('Access-Control-Allow-Origin')).toBe('*');
        expect(await script.text()).toBe(readFileSync(`dist/${name}`, 'utf8'));
      }
    });

    it('have an address that never changes for each script, which the command prints with its hash', async () => {
      const { home } = await serve();
      const { stdout } = await hitherto(['snippet', '--integrity', '--endpoint', home, '--write-key', 'demo']).ended;
      const [, address, integrity] = /<script async src="([^"]+)".* integrity="([^"]+)"/.exec(stdout)!;
      expect(address).toMatch(/\/v\d+\.\d+\.\d+\/hitherto\.remote\.min\.js$/);
      expect(await (await fetch(address!)).text()).toBe(readFileSync('dist/hitherto.remote.min.js', 'utf8'));
      expect(await (await fetch(new URL('integrity.json', address))).json()).toMatchObject({ 'hitherto.remote.min.js': integrity });
    });

    it('show no other file', async () => {
      const { home } = await serve();
      // By hand, since fetch would tidy the path up.
      for (const path of ['/../cli.js', '/..%2fcli.js', '/demo/../../cli.js', '/%2e%2e/cli.js', '/cli.js', '/..\\cli.js', '//etc/passwd', '/demo/%00', '/.hitherto/admin-token']) {
        const status = await new Promise<number | undefined>((resolve, reject) => {
          request(home, { path }, (response) => resolve(response.resume().statusCode)).on('error', reject).end();
        });
        // 400 where Node itself will not have such an address.
        expect([`${path} 400`, `${path} 404`]).toContain(`${path} ${status}`);
      }
    });
  });

  describe('says in one line what is wrong, and the remedy', () => {
    it('when the port is in use', async () => {
      const taken = createServer();
      await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
      const { port } = taken.address() as AddressInfo;
      expect(await complaint(['serve', '--port', String(port)])).toMatch(new RegExp(`port ${port} is in use; .*--port \\d+`));
      await new Promise((done) => taken.close(done));
    });

    it('when a limit cannot be one', async () => {
      expect(await complaint(['serve', '--batch-bytes', '10'])).toMatch(/--batch-bytes is a number from 1024 to 16777216/);
      expect(await complaint(['serve', '--batch-bytes', '20000', '--message-bytes', '20001'])).toMatch(/--message-bytes is a number from 1024 to 20000/);
    });

    it('when the data folder cannot be made', async () => {
      const cwd = makeFolder();
      writeFileSync(join(cwd, 'taken'), '');
      expect(await complaint(['serve', '--data', 'taken'], { cwd })).toMatch(/taken .*EEXIST.*--data/);
      expect(await complaint(['serve', '--data', 'taken/in'], { cwd })).toMatch(/taken.in .*ENOTDIR.*--data/);
    });

    it('when the database is not one', async () => {
      const cwd = makeFolder();
      mkdirSync(join(cwd, '.hitherto'));
      writeFileSync(join(cwd, '.hitherto', 'hitherto.db'), 'x'.repeat(10_000));
      expect(await complaint(['serve'], { cwd })).toMatch(/hitherto\.db is not a database; move it away/);
    });

    it('when libsql is not installed', async () => {
      // Far from any node_modules.
      const away = makeFolder();
      cpSync('dist', join(away, 'dist'), { recursive: true });
      writeFileSync(join(away, 'package.json'), '{ "type": "module" }');
      expect(await complaint(['serve'], { cli: join(away, 'dist', 'cli.js') })).toContain('npm install libsql');
    });

    it('when others could reach it without keys', async () => {
      for (const keys of [[], ['--write-key', 'wk'], ['--admin-token', 'at']]) {
        expect(await complaint(['serve', '--host', '0.0.0.0', ...keys])).toMatch(/--write-key and --admin-token are required/);
      }
    });

    it.each<[string[], RegExp]>([
      [['serve', '--port', 'http'], /--port is a number from 0 to 65535, not "http"/],
      [['serve', '--port', '65536'], /--port is a number/],
      [['serve', '--port'], /--port.*--help/],
      [['serve', '--prot', '1'], /--prot.*--help/],
      [['serve', '--write-key', ' '], /--write-key is blank/],
      [['serve', '--database', 'mysql://127.0.0.1/shop'], /the database is no address of a Postgres; .*postgres:\/\/user/],
      [['snippet'], /--endpoint and --write-key of a collector, or, .* --src/],
      [['serve', '--host', '192.0.2.1', '--write-key', 'wk', '--admin-token', 'at'], /cannot listen on 192\.0\.2\.1/],
      [['serve', 'here'], /"here"/],
      [['server'], /no command "server".*hitherto serve/],
    ])('%j', async (args, expected) => {
      expect(await complaint(args)).toMatch(expected);
    });

    it.each([
      ['{', /hitherto\.json is no JSON: /],
      ['[]', /hitherto\.json holds no object; it looks like \{ "campaigns"/],
      ['{"campaign":[]}', /hitherto\.json: campaign is not known here; use anonymousEventMerge, campaigns, segments, webhook, port, /],
      ['{"campaigns":[{"name":"a","event":"b","were":{}}]}', /hitherto\.json: campaigns\[0\]\.were is not known here; use name, event, where\./],
      ['{"segments":[{"name":"a","event":"b","atLeast":0}]}', /hitherto\.json: segments\[0\]\.atLeast is a whole number from 1; this is 0\./],
      ['{"anonymousEventMerge":"no"}', /hitherto\.json: anonymousEventMerge is true or false\./],
      ['{"webhook":"https://shop.example"}', /hitherto\.json: webhook is \{ "url"/],
      ['{"webhook":{"url":"https://shop.example"}}', /hitherto\.json: webhook\.secret is missing: .* HITHERTO_WEBHOOK_SECRET; make one with: /],
      ['{"webhook":{"url":"https://shop.example","secret":"hunter2"}}', /hitherto\.json: webhook\.secret is "whsec_"/],
    ])('when the file of --config is wrong: %s', async (text, message) => {
      const cwd = makeFolder();
      writeFileSync(join(cwd, 'hitherto.json'), text);
      expect(await complaint(['serve', '--config', 'hitherto.json'], { cwd })).toMatch(message);
    });

    it('when the file of --config is not there', async () => {
      expect(await complaint(['serve', '--config', 'nowhere.json'])).toMatch(/nowhere\.json cannot be read \(ENOENT\); .*--config hitherto\.json/);
    });

    it('when the database is out of reach, and does not say its password', async () => {
      const message = await complaint(['serve', '--database', 'postgres://ada:hunter2@127.0.0.1:1/hitherto']);
      expect(message).toMatch(/Nothing answers at 127\.0\.0\.1:1/);
      expect(message).not.toContain('hunter2');
    });

    it('when PORT is no port', async () => {
      expect(await complaint(['serve'], { env: { PORT: 'tcp' } })).toMatch(/PORT is a number/);
    });
  });
});

describe('hitherto', () => {
  it('says what it can do, and which one it is', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await hitherto(['--version']).ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    for (const args of [['--help'], ['help'], []]) {
      const { code, stdout } = await hitherto(args).ended;
      expect(code).toBe(0);
      for (const command of COMMANDS) expect(stdout).toContain(`hitherto ${command}`);
      expect(stdout).toMatch(/ends with 0 when it is done, with 1 .*, with 2 when there is nobody/);
    }
  });

  it.each(COMMANDS)('says what %s takes, with examples, and without colours where nobody looks', async (command) => {
    const { code, stdout } = await hitherto([command, '--help']).ended;
    expect([code, stdout]).toEqual([0, expect.stringMatching(new RegExp(`^hitherto ${command}.*: \\S.*\\n[^]*\\nOptions\\n  --\\S+[^]*\\nExamples\\n.*hitherto ${command}`))]);
    expect(stdout).not.toContain('\u001B');
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
