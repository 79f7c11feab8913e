// @vitest-environment node
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPost, KEEPALIVE_BYTES, keepaliveRoom, type Post } from '../../../src/outbox/transport.js';

const URL = 'https://collector.example/v1/b';

/** With the fetch of now. */
const post: Post = (...given) => createPost()(...given);

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function stubFetch(...answers: (Response | Error)[]): { calls: (RequestInit & { url: string })[] } {
  const calls: (RequestInit & { url: string })[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    calls.push({ ...init, url });
    const answer = answers.shift() ?? new Response('{}');
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { calls };
}

describe('post', () => {
  it('asks no permission of the other origin first: plain text, and no header of its own', async () => {
    const { calls } = stubFetch();
    await post(URL, 'body');
    expect(calls).toMatchObject([{ url: URL, method: 'POST', body: 'body', headers: { 'Content-Type': 'text/plain' } }]);
  });

  it('says what came back', async () => {
    stubFetch(new Response('later', { status: 503, headers: { 'Retry-After': '7' } }));
    await expect(post(URL, 'body')).resolves.toEqual({ status: 503, body: 'later', retryAfterMs: 7_000 });
  });

  it('outlives the page while its body fits into what browsers allow for that', async () => {
    const { calls } = stubFetch();
    await post(URL, 'x'.repeat(KEEPALIVE_BYTES));
    await post(URL, 'x'.repeat(KEEPALIVE_BYTES + 1));
    expect(calls.map(({ keepalive }) => keepalive)).toEqual([true, false]);
  });

  it('counts bytes and not characters', async () => {
    const { calls } = stubFetch();
    await post(URL, '€'.repeat(KEEPALIVE_BYTES / 3 + 1));
    expect(calls[0]!.keepalive).toBe(false);
  });

  it('counts what is under way, and frees it when it is back, however it comes back', async () => {
    stubFetch(new Error('aborted'), new Response('{}'));
    const first = post(URL, 'x'.repeat(1_000));
    const second = post(URL, 'x'.repeat(500));
    expect(keepaliveRoom()).toBe(KEEPALIVE_BYTES - 1_500);
    await Promise.all([first, second]);
    expect(keepaliveRoom()).toBe(KEEPALIVE_BYTES);
  });

  it('tries once more without keepalive when a browser refuses it: the pool is shared with the page', async () => {
    const { calls } = stubFetch(new TypeError('Failed to fetch'), new Response('{}'));
    await expect(post(URL, 'body')).resolves.toMatchObject({ status: 200 });
    expect(calls.map(({ keepalive }) => keepalive)).toEqual([true, false]);
  });

  it('never rejects: offline is status 0', async () => {
    stubFetch(new TypeError('Failed to fetch'), new TypeError('Failed to fetch'));
    await expect(post(URL, 'body')).resolves.toEqual({ status: 0, body: '' });
  });

  it('never rejects: neither where a page has no fetch', async () => {
    vi.stubGlobal('fetch', undefined);
    await expect(post(URL, 'body')).resolves.toMatchObject({ status: 0 });
  });

  it('gives up on a server that does not answer within 30 s', async () => {
    vi.useFakeTimers();
    vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => {
      return new Promise((_resolve, reject) => signal!.addEventListener('abort', () => reject(new DOMException('gone', 'AbortError'))));
    });
    const settled = vi.fn<(...values: unknown[]) => void>();
    void post(URL, 'body').then(settled);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toHaveBeenCalledWith({ status: 0, body: '' });
  });
});

describe('a body that is compressed', () => {
  const text = JSON.stringify({ batch: Array.from({ length: 400 }, (_, i) => ({ event: `event ${i}` })) });

  it('says so in the address, so that no permission has to be asked for, and is counted as it leaves', async () => {
    const { calls } = stubFetch();
    await post(URL, text, { gzip: true });
    const { url, body, headers } = calls[0]!;
    expect(url).toBe(`${URL}?encoding=gzip`);
    expect(headers).toEqual({ 'Content-Type': 'text/plain' });
    const unfolded = new Response(body).body!.pipeThrough(new DecompressionStream('gzip'));
    await expect(new Response(unfolded).text()).resolves.toBe(text);
  });

  it('is not sent when nobody wants it any more by then', async () => {
    const { calls } = stubFetch();
    let isWanted = true;
    const posted = post(URL, text, { gzip: true, isWanted: () => isWanted });
    isWanted = false;
    await expect(posted).resolves.toEqual({ status: 0, body: '' });
    expect(calls).toEqual([]);
  });

  it('is sent as it is when it is small, and where a browser cannot', async () => {
    const { calls } = stubFetch();
    await post(URL, 'small', { gzip: true });
    vi.stubGlobal('CompressionStream', undefined);
    await post(URL, text, { gzip: true });
    expect(calls.map(({ url, body }) => [url, body])).toEqual([[URL, 'small'], [URL, text]]);
  });
});

describe('compression that does not work', () => {
  const text = 'x'.repeat(10_000);

  it.each([
    ['throws', () => { throw new Error('a polyfill of the page'); }],
    ['fails as it goes', () => new TransformStream({ transform: (_, controller) => controller.error(new Error('a polyfill of the page')) })],
  ])('%s: what it was to compress is sent as it is', async (_, construct) => {
    const { calls } = stubFetch();
    vi.stubGlobal('CompressionStream', function (this: unknown) { return construct(); });
    await expect(post(URL, text, { gzip: true })).resolves.toMatchObject({ status: 200 });
    expect(calls.map(({ url, body }) => [url, body])).toEqual([[URL, text]]);
  });
});

describe('a page that replaces fetch', () => {
  it('does not get to see what is sent', async () => {
    const { calls } = stubFetch();
    const early = createPost();
    vi.stubGlobal('fetch', () => Promise.reject(new Error('not mine')));
    await early(URL, 'body');
    expect(calls).toHaveLength(1);
  });
});
