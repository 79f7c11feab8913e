import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startCollector, type CollectorProcess } from './collector-process.js';
import { temporaryFolders } from './temporary.js';

// What is shipped is what is tested: `npm run build` comes first.
const CLI = resolve('dist/cli.js');
const makeFolder = temporaryFolders();
const started: CollectorProcess[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((collector) => collector.kill()));
});

function hitherto(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const { cwd = makeFolder(), env = {} } = options;
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.on('data', (data) => (stderr += data));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

/** A data folder in which Ada has joined her past. @returns it, and the flags that ask its collector */
async function withAda(): Promise<{ data: string; collector: CollectorProcess; remote: string[] }> {
  const data = makeFolder();
  const collector = startCollector(data);
  started.push(collector);
  await collector.post([
    { type: 'track', event: 'addedToCart', anonymousId: 'v', messageId: 'm1' },
    { type: 'identify', userId: 'ada', anonymousId: 'v', messageId: 'm2' },
    { type: 'track', event: 'looked', anonymousId: 'w', messageId: 'm3' },
  ]);
  return { data, collector, remote: ['--url', await collector.home, '--admin-token', 'test-token'] };
}

describe.each(['the data itself', 'a collector that runs'])('asked of %s', (place) => {
  const asked = ({ data, remote }: { data: string; remote: string[] }): string[] => (place === 'the data itself' ? ['--data', data] : remote);

  it('explain says whose a message is and why, and its exit code whether it is anybody’s', async () => {
    const there = await withAda();
    const merged = await hitherto(['explain', 'm1', ...asked(there)]);
    expect(merged).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^merged_retroactively {2}ada\nIt happened .* before the identify/) });
    expect(await hitherto(['explain', 'm3', ...asked(there)])).toMatchObject({ code: 2, stdout: expect.stringMatching(/^unclaimed\n/) });
    expect(await hitherto(['explain', 'nowhere', ...asked(there)])).toMatchObject({ code: 2, stdout: expect.stringMatching(/^unknown\n/) });
    const { stdout } = await hitherto(['explain', 'm1', '--json', ...asked(there)]);
    expect(JSON.parse(stdout)).toMatchObject({ reason: 'merged_retroactively', person: 'ada' });
  });

  it('export writes every message once, oldest first, and says nothing else', async () => {
    const there = await withAda();
    const { code, stdout, stderr } = await hitherto(['export', ...asked(there)]);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ messageId }) => messageId)).toEqual(['m1', 'm2', 'm3']);
    expect(lines[0]).toMatchObject({ type: 'track', event: 'addedToCart', anonymousId: 'v', receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) });
  });

  it('export writes a file that nobody else may read', async () => {
    const there = await withAda();
    const cwd = makeFolder();
    expect(await hitherto(['export', '--output', 'all.ndjson', ...asked(there)], { cwd })).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(cwd, 'all.ndjson'), 'utf8').match(/\n/g)).toHaveLength(3);
    expect(statSync(join(cwd, 'all.ndjson')).mode & 0o777).toBe(0o600);
  });

  it('erase forgets a person, and asks first where somebody could answer', async () => {
    const there = await withAda();
    expect(await hitherto(['erase', 'ada', ...asked(there)])).toMatchObject({ code: 1, stderr: expect.stringContaining('say --yes') });
    expect((await there.collector.get('api/people/ada')).status).toBe(200);
    expect(await hitherto(['erase', 'ada', '--yes', ...asked(there)])).toEqual({ code: 0, stdout: 'ada is forgotten.\n', stderr: '' });
    expect((await there.collector.get('api/people/ada')).status).toBe(404);
    expect(await hitherto(['erase', 'ada', '--yes', ...asked(there)])).toMatchObject({ code: 2, stdout: '', stderr: 'hitherto: Nobody is known by this id.\n' });
  });
});

describe('the file of a collector', () => {
  it('tells the other commands where its data is, and whatever else is in it does not disturb them', async () => {
    const { data } = await withAda();
    const cwd = makeFolder();
    writeFileSync(join(cwd, 'hitherto.json'), JSON.stringify({ data, writeKey: ['a', 'b'], campaigns: [] }));
    expect(await hitherto(['explain', 'm1', '--config', 'hitherto.json'], { cwd })).toMatchObject({ code: 0, stderr: '' });
    expect(await hitherto(['export'], { cwd, env: { HITHERTO_CONFIG: 'hitherto.json' } })).toMatchObject({ code: 0, stdout: expect.stringContaining('"m3"') });
    writeFileSync(join(cwd, 'hitherto.json'), '{ "dta": "x" }');
    expect(await hitherto(['explain', 'm1', '--config', 'hitherto.json'], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining('hitherto.json: dta is not known here') });
  });
});

describe('a collector whose file switches merging off', () => {
  it('and explain over its data give the same reason', async () => {
    const [data, cwd] = [makeFolder(), makeFolder()];
    writeFileSync(join(cwd, 'hitherto.json'), JSON.stringify({ data, anonymousEventMerge: false }));
    const collector = startCollector(data, [process.execPath], undefined, ['--config', join(cwd, 'hitherto.json')]);
    await collector.post([{ type: 'track', event: 'seen', anonymousId: 'v', messageId: 'm1' }, { type: 'identify', userId: 'ada', anonymousId: 'v', messageId: 'm2' }]);
    const explanation = (await (await collector.get('api/explain/m1')).json()) as object;
    expect(explanation).toMatchObject({ reason: 'merging_off' });
    const { stdout } = await hitherto(['explain', 'm1', '--json', '--config', 'hitherto.json'], { cwd });
    expect(JSON.parse(stdout)).toEqual(explanation);
    await collector.kill();
  });
});

describe('what is asked wrongly', () => {
  it.each([
    [['explain'], /explain needs MESSAGE_ID; see "hitherto explain --help"/],
    [['explain', 'a', 'b'], /explain does not take "b"/],
    [['export', '--data', 'nowhere'], /nowhere holds no data of a collector; name its folder with --data/],
    [['export', '--url', 'http://127.0.0.1:9'], /--url goes with --admin-token/],
    [['export', '--url', 'somewhere', '--admin-token', 't'], /--url is no address: "somewhere"/],
    [['export', '--url', 'http://127.0.0.1:9', '--admin-token', 't'], /nothing answers at http:\/\/127\.0\.0\.1:9/],
    [['erase', '--sure'], /Unknown option '--sure'; "hitherto erase --help"/],
    [['toString'], /there is no command "toString"/],
    [['serve', '--workers', '2'], /several workers share a Postgres: give --database too/],
    [['serve', '--workers', 'many'], /--workers is a number from 1 to 128, not "many"/],
    [['serve', '--identity', 'some'], /--identity is open, traits, all, not "some"/],
    [['serve', '--identity', 'all'], /--identity is all, which needs --identity-secret or --identity-public-key/],
    [['serve', '--identity', 'all', '--identity-secret', 'short'], /at least 32 bytes/],
    [['serve', '--allow-origin', 'https://shop.example/cart'], /--allow-origin holds .*; an origin looks like https:\/\/shop\.example, without a path/],
    [['serve', '--secret-key', 'demo'], /A write key is public/],
    [['serve', '--admin-token', 'demo'], /A write key is public, so --admin-token may not be/],
    [['serve', '--log-level', 'loud'], /--log-level is error, warning, info, silent, not "loud"/],
    [['serve', '--identity-public-key', 'none.pem'], /none\.pem cannot be read \(ENOENT\)/],
  ])('%j is told in one line, with code 1', async (args, sentence) => {
    const { code, stdout, stderr } = await hitherto([...args, ...(args[0] === 'serve' ? ['--port', '0'] : [])]);
    expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
    expect(stderr).toMatch(/^hitherto: \S/);
    expect(stderr).toMatch(sentence);
  });

  it('a token that is not the collector’s is told', async () => {
    const { collector } = await withAda();
    const { code, stderr } = await hitherto(['export', '--url', await collector.home, '--admin-token', 'guess']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('does not accept this admin token')]);
  });
});

describe('a setting', () => {
  it.each([
    [{ port: 99_999 }, 'port in my.json is a number from 0 to 65535, not "99999".'],
    [{ workers: 2 }, 'several workers share a Postgres: give --database too, or leave out workers in my.json.'],
    [{ host: '0.0.0.0' }, 'others can reach 0.0.0.0, so --write-key and --admin-token are required there; choose both, or leave out host in my.json.'],
    [{ identity: 'all' }, 'identity in my.json is all, which needs --identity-secret or --identity-public-key: what the tokens are checked by.'],
    [{ identityPublicKey: 'none.pem' }, 'none.pem cannot be read (ENOENT); identityPublicKey in my.json is a file with the key as PEM.'],
    [{ allowOrigin: ['shop.example'] }, 'allowOrigin in my.json holds "shop.example"; an origin looks like https://shop.example, without a path.'],
    [{ writeKey: [] }, 'writeKey in my.json is blank; give it a value or leave it out.'],
    [{ secretKey: 'demo' }, 'A write key is public, so none of secretKey in my.json may be one of --write-key.'],
    [{ trustProxy: 'perhaps' }, 'trustProxy in my.json is true or false.'],
  ])('of the file is told by its name there: %j', async (settings, sentence) => {
    const cwd = makeFolder();
    writeFileSync(join(cwd, 'my.json'), JSON.stringify(settings));
    expect(await hitherto(['serve', '--config', 'my.json'], { cwd })).toMatchObject({ code: 1, stderr: `hitherto: ${sentence}\n` });
  });

  it('of the environment is told by its variable', async () => {
    const { code, stderr } = await hitherto(['serve', '--port', '0'], { env: { HITHERTO_LOG_LEVEL: 'loud' } });
    expect([code, stderr]).toEqual([1, 'hitherto: HITHERTO_LOG_LEVEL is error, warning, info, silent, not "loud".\n']);
  });

  it('is what the flag says, else the environment, else the file', async () => {
    const cwd = makeFolder();
    writeFileSync(join(cwd, 'hitherto.json'), JSON.stringify({ host: 'from the file', writeKey: ['a', 'b'] }));
    const hostOf = async (args: string[], env: Record<string, string>): Promise<string> => (await hitherto(['serve', '--port', '0', '--admin-token', 't', '--config', 'hitherto.json', ...args], { cwd, env })).stderr;
    expect(await hostOf([], {})).toContain('from the file');
    expect(await hostOf([], { HITHERTO_HOST: 'from the environment' })).toContain('from the environment');
    expect(await hostOf(['--host', 'from the flag'], { HITHERTO_HOST: 'from the environment' })).toContain('from the flag');
  });

  it('that is an empty variable is none, also the file', async () => {
    const { stdout, stderr } = await hitherto(['snippet', '--src', '/hitherto.min.js'], { env: { HITHERTO_CONFIG: '' } });
    expect([stdout === '', stderr]).toEqual([false, '']);
    expect((await hitherto(['serve', '--host', 'nowhere'], { env: { HITHERTO_CONFIG: '', HITHERTO_WRITE_KEY: '' } })).stderr).toContain('--write-key and --admin-token are required');
  });

  it.each([
    [{ HITHERTO_WRITE_KEY: ' ' }, /HITHERTO_WRITE_KEY is blank/],
    [{ HITHERTO_TRUST_PROXY: 'perhaps' }, /HITHERTO_TRUST_PROXY is true or false/],
    [{ PORT: '65536' }, /PORT is a number from 0 to 65535/],
  ])('that is wrong names where it was said: %j', async (env, sentence) => {
    const { code, stderr } = await hitherto(['serve'], { env });
    expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
  });
});

describe('a collector that is told to stop', () => {
  it('says that it is not ready, finishes what it was asked, and ends within 10 seconds', async () => {
    const { collector } = await withAda();
    const home = await collector.home;
    expect(await (await fetch(`${home}readyz`)).text()).toBe('ready');
    const stream = await collector.get('api/stream');
    collector.child.kill('SIGTERM');
    await vi.waitFor(async () => expect((await fetch(`${home}readyz`)).status).toBe(503));
    const late = await collector.post([{ type: 'track', event: 'late', anonymousId: 'v', messageId: 'm9' }]);
    expect([late.status, late.headers.get('Connection')]).toEqual([200, 'close']);
    expect(await collector.ended).toMatchObject({ code: 0, stderr: '' });
    // Whoever listened is let go, and does not hold it up.
    await stream.text();
  });
});

describe('/metrics', () => {
  it('counts what was accepted, stored, refused, claimed and answered, for whoever has the token', async () => {
    const { collector } = await withAda();
    await collector.post([{ type: 'track', event: 'addedToCart', anonymousId: 'v', messageId: 'm1' }]);
    await fetch(`${await collector.home}v1/b`, { method: 'POST', body: JSON.stringify({ writeKey: 'demo', batch: [{ type: 'shout' }], dropped: 3 }) });
    await fetch(`${await collector.home}v1/b`, { method: 'POST', body: '{' });
    const text = await (await collector.get('metrics')).text();
    for (const line of [
      'hitherto_messages_total{status="stored"} 3',
      'hitherto_messages_total{status="duplicate"} 1',
      'hitherto_messages_accepted_total{type="track"} 3',
      'hitherto_messages_refused_total{code="unknown_type"} 1',
      'hitherto_messages_refused_total{code="not_json"} 1',
      'hitherto_browser_events_given_up_total 3',
      'hitherto_claims_total 1',
      'hitherto_append_queue_messages 0',
      'hitherto_http_requests_total{surface="pipelines",method="POST",status="200"} 4',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toContain('hitherto_append_seconds_bucket');
    expect((await fetch(`${await collector.home}metrics`)).status).toBe(401);
  });
});
