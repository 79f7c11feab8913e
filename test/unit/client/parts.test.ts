import { afterEach, describe, expect, it, vi } from 'vitest';
import { startClient } from '../../../src/client/index.js';
import { errors, sent, start } from './harness.js';

const AUTO_PAGE = '../../../src/client/auto-page.js';
const FIRST_PARTY = '../../../src/client/first-party.js';

const missing = (): never => {
  throw new TypeError('Failed to fetch dynamically imported module');
};

afterEach(() => {
  for (const part of [AUTO_PAGE, FIRST_PARTY]) vi.doUnmock(part);
  vi.resetModules();
});

describe('a part that is loaded on demand, and cannot be', () => {
  it.each([
    ['the collector’s own cookie', FIRST_PARTY, { firstPartyCookie: true }, ['a']],
    ['page views, but for the first', AUTO_PAGE, { autoPage: true }, ['a', 'page']],
  ])('%s: it is told once, and everything else goes on', async (_, part, options, expected) => {
    vi.doMock(part, missing);
    const client = start(options);
    client.track('a');
    await vi.waitFor(() => expect(sent).toHaveLength(expected.length));
    expect(sent.map(({ event, type }) => event ?? type)).toEqual(expected);
    expect(errors).toMatchObject([{ code: 'part_unavailable' }]);
  });
});

describe('a part that never comes', () => {
  it('holds nothing up', async () => {
    vi.doMock(FIRST_PARTY, () => new Promise(() => {}));
    vi.useFakeTimers();
    start({ firstPartyCookie: true }).track('a');
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(sent.map(({ event }) => event)).toEqual(['a']));
  });
});

describe('the part that looks at events', () => {
  it('is told to be missing, once', async () => {
    const client = startClient(
      { writeKey: 'KEY', endpoint: 'https://collector.example', debug: true, events: {}, onError: (error) => errors.push(error) },
      { loadAdvice: () => Promise.reject(new TypeError('Failed to fetch dynamically imported module')) },
    );
    client.track('a');
    client.track('b');
    await client.flush();
    expect(sent).toHaveLength(2);
    expect(errors).toMatchObject([{ code: 'part_unavailable' }]);
  });
});

describe('automatic page views that are loaded late', () => {
  function startLate(): () => void {
    let load!: () => void;
    const loaded = new Promise<void>((resolve) => (load = resolve));
    vi.doMock(AUTO_PAGE, async (importOriginal) => {
      await loaded;
      return importOriginal();
    });
    history.replaceState(null, '', '/landing?utm_source=letter');
    document.title = 'Landing';
    start({ autoPage: true });
    return load;
  }

  it('view the page that was loaded as it was, and the one that it has become', async () => {
    const load = startLate();
    const before = new Date().toISOString();
    history.pushState(null, '', '/second');
    document.title = 'Second';
    load();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent).toMatchObject([
      { type: 'page', properties: { path: '/landing', title: 'Landing' }, context: { page: { path: '/landing' }, campaign: { source: 'letter' } } },
      { type: 'page', properties: { path: '/second', title: 'Second', referrer: 'http://127.0.0.1/landing?utm_source=letter' } },
    ]);
    expect(String(sent[0]!['timestamp']) <= before).toBe(true);
  });

  it('view it once where a router has only tidied it up', async () => {
    const load = startLate();
    history.replaceState(null, '', '/tidy');
    load();
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    history.pushState(null, '', '/second');
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent).toMatchObject([{ properties: { path: '/tidy' } }, { properties: { path: '/second', referrer: 'http://127.0.0.1/tidy' } }]);
  });
});
