import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCollector, type CollectorProcess } from './collector-process.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const server = postgresServer();
const MEBIBYTE = 1024 * 1024;
const LEDGERS: [string, () => string[] | Promise<string[]>][] = [
  ['SQLite', () => []],
  ['Postgres', async () => ['--database', await server.newUrl()]],
];

/** Made before anything listens: that takes seconds, in which a connection that waits is closed. */
const bomb = gzipSync(Buffer.alloc(200 * MEBIBYTE, 0x20));
/** Nothing makes it shorter. */
const text = randomBytes(6000).toString('base64url');
/** Ten control characters, which take most room where an id is stored. */
const controls = String.raw`\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000e\u000f`;

describe.each(LEDGERS)('a collector on %s', (_, options) => {
  let collector: CollectorProcess;
  let home: string;

  // One process for all of it: whatever one body does to it, the next one has to be answered.
  beforeAll(async () => {
    collector = startCollector(makeFolder(), undefined, undefined, await options());
    home = await collector.home;
  });
  afterAll(() => collector.kill());

  const message = (fields = '') => `{"writeKey":"demo","type":"track","event":"e","anonymousId":"v"${fields}}`;
  const identify = (fields: string) => `{"writeKey":"demo","type":"identify"${fields}}`;
  const post = (body: BodyInit, headers: Record<string, string> = {}, path = 'v1/track') => fetch(home + path, { method: 'POST', body, headers });
  async function codes(body: BodyInit, headers: Record<string, string> = {}, path?: string): Promise<[number, number, string | undefined]> {
    const [lax, strict] = [await post(body, headers, path), await post(body, { ...headers, 'X-Strict-Mode': '1' }, path)];
    return [lax.status, strict.status, ((await strict.json()) as { code?: string }).code];
  }

  /** Says bytes on a socket, as they are. @returns the status line; empty when the other side hung up without one */
  function say(...parts: (string | Buffer)[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const { port } = new URL(home);
      const socket = connect(Number(port), '127.0.0.1', () => parts.forEach((part) => socket.write(part)));
      let heard = '';
      socket.on('data', (data) => {
        heard += data.toString('latin1');
        if (heard.includes('\r\n')) socket.destroy();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(heard.split('\r\n')[0]!));
    });
  }

  describe('a body that is not what it should be', () => {
    it.each<[string, () => BodyInit, Record<string, string>, [number, number, string | undefined]]>([
      ['a byte order mark in front of UTF-8', () => `\uFEFF${message()}`, {}, [200, 200, undefined]],
      ['UTF-16', () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(message(), 'utf16le')]), {}, [200, 400, 'not_utf8']],
      ['nothing', () => '', {}, [200, 400, 'not_json']],
      ['half of it', () => message().slice(0, -8), {}, [200, 400, 'not_json']],
      ['gzip that breaks off', () => gzipSync(message()).subarray(0, 30), { 'Content-Encoding': 'gzip' }, [200, 400, 'broken_body']],
      ['no gzip, though it says so', () => message(), { 'Content-Encoding': 'gzip' }, [200, 400, 'broken_body']],
      ['brotli', () => message(), { 'Content-Encoding': 'br' }, [200, 400, 'unknown_encoding']],
      ['100,000 levels of objects', () => message(`,"properties":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`), {}, [200, 400, 'too_large']],
      ['100,000 levels of lists', () => message(`,"properties":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), {}, [200, 400, 'too_deep']],
      ['a million keys', () => message(`,"properties":{${Array.from({ length: 1_000_000 }, (_, key) => `"${key}":1`).join()}}`), {}, [200, 400, 'too_large']],
      ['a key twice: the last one counts, as in every JSON', () => message(',"event":"again"'), {}, [200, 200, undefined]],
      ['NUL and half of a pair of surrogates', () => message(String.raw`,"properties":{"a\u0000b":"\ud800"}`), {}, [200, 200, undefined]],
      ['ids as long as they may be, of control characters', () => message(`,"anonymousId":"${controls.repeat(25)}","messageId":"${controls.repeat(10)}","userId":"${controls.repeat(15)}"`), {}, [200, 200, undefined]],
      ['a name of 8 KB', () => message(`,"event":"again","properties":{"name":"${text}"},"groupId":"${text}"`), {}, [200, 200, undefined]],
      ['__proto__', () => message(',"properties":{"__proto__":{"isAdmin":true}}'), {}, [200, 400, 'forbidden_key']],
      ['a list', () => '[]', {}, [200, 400, 'not_an_object']],
      ['a number', () => '1e999', {}, [200, 400, 'not_an_object']],
    ])('%s', async (_, makeBody, headers, expected) => {
      expect(await codes(makeBody(), headers)).toEqual(expected);
    });

    it.each<[string, () => string, [number, number, string | undefined]]>([
      ['an email of 8 KB, of somebody', () => identify(`,"userId":"ada","traits":{"email":"${text}@shop.example"}`), [200, 200, undefined]],
      ['an email of 8 KB, of a visitor', () => identify(`,"anonymousId":"v2","traits":{"email":"${text}@shop.example","anonymous_id":"${text}"}`), [200, 200, undefined]],
      ['an email of 8 KB, of nobody else', () => identify(`,"traits":{"email":"${text}@shop.example"}`), [200, 400, 'no_identity']],
      ['an id of 8 KB', () => identify(`,"userId":"${text}"`), [200, 400, 'bad_user_id']],
    ])('of an identify: %s', async (_, makeBody, expected) => {
      expect(await codes(makeBody(), {}, 'v1/identify')).toEqual(expected);
    });

    it('keys that are nobody’s, and Basic authorization that is none', async () => {
      expect(await codes(message().replace('demo', 'guess'))).toEqual([200, 401, 'unknown_write_key']);
      expect(await codes(message(), { Authorization: 'Basic %%%' })).toEqual([200, 200, undefined]);
      expect(await codes('{"type":"track","event":"e","anonymousId":"v"}', { Authorization: 'Basic %%%' })).toEqual([200, 401, 'unknown_write_key']);
      expect(await codes(message(), { Authorization: `Basic ${Buffer.from('\u0000:\uFFFF').toString('base64')}` })).toEqual([200, 401, 'unknown_write_key']);
    });
  });

  describe('a request that is not what it should be', () => {
    const head = (length: number | string, more = '') => `POST /v1/track HTTP/1.1\r\nHost: x\r\nX-Strict-Mode: 1\r\nContent-Length: ${length}\r\n${more}\r\n`;

    it('says less than it sends: what is over is no request of anybody', async () => {
      expect(await say(head(10), message())).toMatch(/^HTTP\/1\.1 400/);
    });

    it('says more than it sends, and hangs up: nothing of it is stored, and nobody waits', async () => {
      const socket = connect(Number(new URL(home).port), '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(head(10_000) + message());
      socket.destroy();
      expect((await fetch(`${home}healthz`)).status).toBe(200);
    });

    it.each([
      ['a health check', 'GET /healthz HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 200/],
      ['a message', `POST /v1/track HTTP/1.0\r\nX-Strict-Mode: 1\r\nContent-Length: ${message().length}\r\n\r\n${message()}`, /^HTTP\/1\.1 200/],
    ])('is HTTP/1.0 and names no host: %s', async (_, text, answer) => {
      expect(await say(text)).toMatch(answer);
    });

    it.each([
      ['a length that is no number', head('many'), /^HTTP\/1\.1 400/],
      ['a length and chunks', head(5, 'Transfer-Encoding: chunked\r\n'), /^HTTP\/1\.1 400/],
      ['no HTTP', '\u0016\u0003\u0001 hello\r\n\r\n', /^HTTP\/1\.1 400/],
      ['headers without end', `GET / HTTP/1.1\r\n${'X-A: b\r\n'.repeat(5000)}`, /^HTTP\/1\.1 431/],
    ])('has %s', async (_, text, status) => {
      expect(await say(text)).toMatch(status);
    });

    it.each([
      ['GET', 'v1/b', 405],
      ['PATCH', 'v1/batch', 405],
      ['POST', 'v1/nothing', 404],
      ['POST', 'healthz', 405],
      ['DELETE', 'api/settings', 401],
      ['GET', 'api/v1/nothing', 401],
      ['GET', '../../etc/passwd', 404],
      ['GET', '%2e%2e/%2e%2e/package.json', 404],
      ['GET', 'v1/projects/__proto__/settings', 404],
      ['GET', 'constructor', 404],
      ['GET', '%', 404],
    ])('%s /%s', async (method, path, status) => {
      const response = await fetch(home + path, { method });
      expect([response.status, typeof ((await response.json()) as { message?: string; meta?: object })]).toEqual([status, 'object']);
    });
  });

  describe('a gzip bomb', () => {
    it('is not unfolded: the process grows by less than 32 MB', async () => {
      await codes(message());
      const before = peakBytes(collector);
      for (let i = 0; i < 4; i++) expect(await codes(bomb, { 'Content-Encoding': 'gzip' })).toEqual([200, 400, 'too_large']);
      expect(peakBytes(collector) - before).toBeLessThan(32 * MEBIBYTE);
    });
  });

  it('after all that it is up, has said nothing that is not one line of JSON, and has what was in order', async () => {
    expect(await (await fetch(`${home}readyz`)).text()).toBe('ready');
    for (const line of collector.stderr().split('\n').filter(Boolean)) expect(Object.keys(JSON.parse(line) as object)).toEqual(expect.arrayContaining(['level', 'code', 'message']));
    expect(collector.stderr()).not.toContain('"not_stored"');
    const stored = (await collector.activity()).map(({ type, name }) => name ?? type);
    expect(new Set(stored)).toEqual(new Set(['e', 'again', 'identify']));
    const metrics = await (await collector.get('metrics')).text();
    expect(metrics).toContain('hitherto_messages_refused_total{code="too_deep"} 2');
  });
});

/** The most memory that the process has had. */
function peakBytes({ child }: CollectorProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
}
