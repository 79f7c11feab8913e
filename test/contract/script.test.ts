import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector } from '../../src/collector/index.js';
import { memoryLedger } from '../../src/ledger/index.js';
import { createSite } from '../../src/site.js';

// What is shipped is what is tested: `npm run build` comes first.
const site = createSite({ dist: 'dist', writeKey: 'WK', version: '1.2.3' });
const CLIENT = readFileSync('dist/hitherto.remote.min.js', 'utf8');
const KEY = 'it\'s "1"</script>';
const ADDRESS = `/v1/analytics-js/snippet/${encodeURIComponent(KEY)}/analytics.min.js`;

let collector: Collector;
const start = (given?: typeof site): void => void (collector = createCollector({ ledger: memoryLedger(), writeKeys: ['WK', KEY], secretKeys: ['SECRET'], ...(given && { site: given }) }));
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') => collector.fetch(new Request(`http://127.0.0.1:4321${path}`, { method, headers }));
afterEach(() => collector.close());

describe("the address of the original's snippet", () => {
  /** What the script says about its tag before it starts the client. */
  async function setUp(src: string, given: Record<string, string> = {}): Promise<Record<string, string>> {
    const text = await (await ask(ADDRESS)).text();
    expect(text.endsWith(CLIENT)).toBe(true);
    const currentScript = { src, dataset: { ...given } as Record<string, string> };
    runInNewContext(text.slice(0, -CLIENT.length), { document: { currentScript } });
    return currentScript.dataset;
  }

  it('gives our client, set up for the key and for where the browser got it', async () => {
    start(site);
    expect(await setUp(`https://shop.example/t${ADDRESS}`)).toEqual({ writeKey: KEY, endpoint: 'https://shop.example/t' });
  });

  it("leaves what the page's tag says", async () => {
    start(site);
    const given = { writeKey: 'other', endpoint: 'https://elsewhere.example' };
    expect(await setUp(`https://shop.example${ADDRESS}`, given)).toEqual(given);
  });

  it('does nothing but start the client where there is no tag, as in a worker', async () => {
    start(site);
    const text = await (await ask(ADDRESS)).text();
    expect(() => runInNewContext(text.slice(0, -CLIENT.length), {})).not.toThrow();
  });

  it('can be loaded by any page, is asked for again after some minutes, and spared whoever has it', async () => {
    start(site);
    const { status, headers } = await ask(ADDRESS);
    expect([status, headers.get('Content-Type'), headers.get('Access-Control-Allow-Origin'), headers.get('Cross-Origin-Resource-Policy'), headers.get('Cache-Control')]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      '*',
      'cross-origin',
      'public, max-age=300',
    ]);
    expect((await ask(ADDRESS, { 'If-None-Match': headers.get('ETag')! })).status).toBe(304);
    const other = await ask('/v1/analytics-js/snippet/WK/analytics.min.js');
    expect(other.headers.get('ETag')).not.toBe(headers.get('ETag'));
  });

  it('is there for write keys only', async () => {
    start(site);
    for (const key of ['nobody', 'SECRET']) {
      const response = await ask(`/v1/analytics-js/snippet/${key}/analytics.min.js`);
      expect([response.status, await response.json()]).toEqual([404, { code: 'not_found', message: expect.stringMatching(/write key/) }]);
    }
    expect((await ask(ADDRESS, {}, 'POST')).status).toBe(405);
  });

  it('says so where the collector has no scripts', async () => {
    start();
    const response = await ask(ADDRESS);
    expect([response.status, await response.json()]).toEqual([404, { code: 'not_found', message: expect.stringMatching(/site/) }]);
  });
});

describe('an address with a version', () => {
  const hash = `sha384-${createHash('sha384').update(CLIENT).digest('base64')}`;

  it('gives the same bytes for ever, to any page, and beside them the hash that a tag may ask for', async () => {
    start(site);
    const script = await ask('/v1.2.3/hitherto.remote.min.js');
    expect([await script.text(), script.headers.get('Cache-Control'), script.headers.get('Access-Control-Allow-Origin')]).toEqual([CLIENT, 'public, max-age=31536000, immutable', '*']);
    const hashes = await ask('/v1.2.3/integrity.json');
    expect(await hashes.json()).toMatchObject({ 'hitherto.remote.min.js': hash, 'hitherto.min.js': expect.stringMatching(/^sha384-/) });
    expect(hashes.headers.get('Access-Control-Allow-Origin')).toBe('*');
  });

  it('leads on to this version when it names another, and keeps nobody there', async () => {
    start(site);
    const response = await ask('/v0.9.0/hitherto.remote.min.js');
    expect([response.status, response.headers.get('Location'), response.headers.get('Access-Control-Allow-Origin'), response.headers.get('Cache-Control')]).toEqual([
      307,
      '../v1.2.3/hitherto.remote.min.js',
      '*',
      'no-store',
    ]);
  });

  it('leads nowhere but to a script', async () => {
    start(site);
    for (const path of ['/v1.2.3/none.min.js', '/v0.9.0/cli.js', '/v0.9.0/..%2fcli.js', '/v9/hitherto.min.js', '/v1.2.3/']) expect([path, (await ask(path)).status]).toEqual([path, 404]);
  });
});
