// @vitest-environment node
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { startDropIn } from '../../../src/client/index.js';
import { snippet, tag } from '../../../src/loader/index.js';

const COLLECTOR = { src: 'https://collector.example/hitherto.remote.min.js', writeKey: 'a-write-key', endpoint: 'https://collector.example' };

type Queue = unknown[] & Record<string, (...values: unknown[]) => unknown>;

/** A page of nothing but what the snippet touches. */
function page() {
  const scripts: Record<string, unknown>[] = [];
  const document = { title: 'Shop', URL: 'https://shop.example/#cart', createElement: () => ({ dataset: {} }), head: { append: (script: Record<string, unknown>) => scripts.push(script) } };
  const self: Record<string, unknown> = {};
  const run = (html: string): unknown => runInNewContext(/>(.*)<\/script>$/.exec(html)![1]!, { self, document });
  return { scripts, self, run, queue: () => self['cioanalytics'] as Queue };
}

describe('the snippet', () => {
  it('has at most 600 bytes, with a collector and a key', () => {
    expect(Buffer.byteLength(snippet(COLLECTOR))).toBeLessThanOrEqual(600);
  });

  it('takes a call of every method that does something, and none of one that only answers', () => {
    const { run, queue } = page();
    run(snippet(COLLECTOR));
    const client = startDropIn({ writeKey: 'KEY' }, { ...COLLECTOR, persistence: 'memory' }) as unknown as Record<string, unknown>;
    const missing = Object.keys(client).filter((name) => typeof client[name] === 'function' && typeof queue()[name] !== 'function');
    expect(missing.sort()).toEqual(['activity', 'explain', 'inspect', 'message', 'user']);
  });

  it('takes calls in their order, each with its time and page, and gives them to the script that it loads', () => {
    const { run, queue, scripts } = page();
    run(snippet(COLLECTOR));
    const before = Date.now();
    queue()['page']!();
    expect(queue()['track']!('addedToCart', { product: 'cool-shoes' })).toBe(queue());
    const calls = [...queue()] as (unknown[] & { at: unknown[] })[];
    expect(calls.map((call) => [...call])).toEqual([['page'], ['track', 'addedToCart', { product: 'cool-shoes' }]]);
    const [time, ...place] = [...calls[1]!.at];
    expect(time).toBeGreaterThanOrEqual(before);
    expect(place).toEqual(['https://shop.example/#cart', 'Shop']);
    expect(scripts).toEqual([{ dataset: { writeKey: 'a-write-key', endpoint: 'https://collector.example' }, src: COLLECTOR.src }]);
  });

  it('does nothing the second time, nor where the client is already', () => {
    const { run, scripts, self } = page();
    run(snippet(COLLECTOR));
    run(snippet(COLLECTOR));
    expect(scripts).toHaveLength(1);
    self['cioanalytics'] = { initialize: true };
    run(snippet(COLLECTOR));
    expect(scripts).toHaveLength(1);
  });

  it('says whatever else it is told', () => {
    const { run, scripts, self } = page();
    run(snippet({ src: 'https://cdn.example/h.js', global: 'my-analytics', consent: 'pending', autoPage: true, nonce: 'n', integrity: 'sha384-x' }));
    expect(Array.isArray(self['my-analytics']) || typeof self['my-analytics']).toBeTruthy();
    expect(scripts).toEqual([
      { dataset: { consent: 'pending', autoPage: '', global: 'my-analytics' }, src: 'https://cdn.example/h.js', nonce: 'n', integrity: 'sha384-x', crossOrigin: '' },
    ]);
    expect(snippet({ src: 'x', nonce: 'n"' })).toContain('<script nonce="n&quot;">');
  });

  it('ends where it ends, whatever is in an address', () => {
    const { run, scripts } = page();
    const src = 'https://cdn.example/</script><script>alert(1)//"';
    const html = snippet({ src });
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    run(html);
    expect(scripts[0]!['src']).toBe(src);
  });
});

describe('the tag', () => {
  it('says the same without code', () => {
    expect(tag(COLLECTOR)).toBe('<script async src="https://collector.example/hitherto.remote.min.js" data-write-key="a-write-key" data-endpoint="https://collector.example"></script>');
  });

  it('ends where it ends', () => {
    expect(tag({ src: '"><script>alert(1)</script>', integrity: 'sha384-x' })).toBe('<script async src="&quot;>&lt;script>alert(1)&lt;/script>" integrity="sha384-x" crossorigin="anonymous"></script>');
  });
});
