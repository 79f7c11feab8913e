// Automatic page views, and tracked links and forms, in a real browser.
import type { Page } from '@playwright/test';
import type { JsonObject } from '../../src/wire/index.js';
import type { Recorder } from './captures/recorder.js';
import { expect, open, remotePage, test } from './fixtures.js';

const NO_NAVIGATION_API = '<script>delete window.navigation; Object.defineProperty(window, "navigation", { value: undefined });</script>';
/** Where there is none, a browser finds elements by that name. */
const OTHER_NAVIGATION = '<script>delete window.navigation;</script><nav id="navigation"></nav>';
const LINKS = '<a id="go" href="/second">Go</a> <a id="new" href="/second" target="_blank">New</a> <form id="search" action="/second"><input name="q" value="shoes"></form>';

/** The shop's page, with automatic page views. */
function shop(recorder: Recorder, before = ''): string {
  return before + remotePage(recorder).replace('data-write-key', 'data-auto-page data-write-key') + LINKS;
}

/** The page views that were sent, oldest first. */
function views(recorder: Recorder): unknown[] {
  const viewed = recorder.messages().filter(({ type }) => type === 'page');
  return viewed.map(({ properties }) => ['path', 'search', 'title', 'referrer'].map((name) => (properties as JsonObject)[name]));
}

function events(recorder: Recorder): unknown[] {
  // A page that leaves hears no answer, so that the next one sends its rows once more, under the same id.
  const once = new Map(recorder.messages().map((message) => [message['messageId'], message]));
  return [...once.values()].flatMap(({ type, event, properties }) => (type === 'track' ? [[event, properties]] : []));
}

/** What a router does: the address first, the title when the page is drawn. */
async function navigate(page: Page, how: 'pushState' | 'replaceState', url: string, title: string): Promise<void> {
  await page.evaluate(
    ([how, url, title]) => {
      history[how](null, '', url);
      document.title = title;
    },
    [how, url, title] as const,
  );
}

for (const [how, before] of [['with the Navigation API', ''], ['without it', NO_NAVIGATION_API]] as const) {
  test(`page views ${how}: each page once, as the visitor sees it`, async ({ page, recorder }) => {
    recorder.put('/', shop(recorder, before));
    await open(page, recorder.url);
    await expect.poll(() => views(recorder)).toHaveLength(1);

    await navigate(page, 'replaceState', '/?tidied=1', 'Shop');
    await navigate(page, 'pushState', '/pricing?plan=pro', 'Pricing');
    await expect.poll(() => views(recorder)).toHaveLength(2);
    await navigate(page, 'pushState', '/pricing?plan=pro#faq', 'Pricing');
    await navigate(page, 'pushState', '/pricing?plan=pro', 'Pricing');
    await navigate(page, 'pushState', '/cart', 'Cart');
    await expect.poll(() => views(recorder)).toHaveLength(3);
    await page.evaluate(() => history.go(-3));
    await page.waitForFunction(() => location.pathname === '/pricing');
    await expect.poll(() => views(recorder)).toHaveLength(4);

    const { url } = recorder;
    expect(views(recorder)).toEqual([
      ['/', '', 'Test page', ''],
      ['/pricing', '?plan=pro', 'Pricing', `${url}/?tidied=1`],
      ['/cart', '', 'Cart', `${url}/pricing?plan=pro`],
      ['/pricing', '?plan=pro', 'Cart', `${url}/cart`],
    ]);
  });
}

for (const [how, before] of [['with the Navigation API', ''], ['without it', NO_NAVIGATION_API], ['with an element of that name', OTHER_NAVIGATION]] as const) {
  test(`navigations one upon the other ${how}: each page is viewed as itself`, async ({ page, recorder }) => {
    recorder.put('/', shop(recorder, before));
    await open(page, recorder.url);
    await page.evaluate(() => {
      for (const name of ['one', 'two']) {
        history.pushState(null, '', `/${name}`);
        document.title = name;
      }
    });
    await expect.poll(() => views(recorder)).toHaveLength(3);
    expect(views(recorder).slice(1)).toEqual([
      ['/one', '', 'one', `${recorder.url}/`],
      ['/two', '', 'two', `${recorder.url}/one`],
    ]);
  });
}

test('a page is viewed under its own title, which a framework sets once it has drawn the page', async ({ page, recorder }) => {
  recorder.put('/', shop(recorder));
  await open(page, recorder.url);
  const done = await page.evaluate(async () => {
    history.pushState(null, '', '/second');
    // As React renders: in tasks of its own, after the address.
    for (let task = 0; task < 5; task++) await new Promise((resolve) => setTimeout(resolve, 10));
    const drawn = new Date().toISOString();
    document.title = 'Second';
    return drawn;
  });
  await expect.poll(() => views(recorder)).toHaveLength(2);
  expect(views(recorder)[1]).toEqual(['/second', '', 'Second', `${recorder.url}/`]);
  const [, second] = recorder.messages().filter(({ type }) => type === 'page');
  // What the new page tracks while it is drawn comes after it.
  expect(String(second!['timestamp']) < done).toBe(true);
});

test('a page that is left before it has a title is viewed all the same', async ({ page, recorder }) => {
  recorder.put('/', shop(recorder));
  recorder.put('/elsewhere', remotePage(recorder));
  await open(page, recorder.url);
  await expect.poll(() => views(recorder)).toHaveLength(1);
  await page.evaluate(() => {
    history.pushState(null, '', '/second');
    location.assign('/elsewhere');
  });
  await page.waitForURL('**/elsewhere');
  await expect.poll(() => new Set(views(recorder).map((view) => (view as unknown[])[0]))).toEqual(new Set(['/', '/second']));
});

test('what is scrubbed is in no referrer either, and no fragment is', async ({ page, recorder }) => {
  const options = { endpoint: recorder.url, autoPage: true, scrub: ['token'] };
  recorder.put('/', `<script>window.cioanalytics = Object.assign([], { _writeKey: 'KEY', _loadOptions: ${JSON.stringify(options)} });</script>${remotePage(recorder)}`);
  await open(page, `${recorder.url}/?token=secret&step=1#access_token=secret`);
  await navigate(page, 'pushState', '/done?token=secret', 'Done');
  await navigate(page, 'pushState', '/home', 'Home');
  await expect.poll(() => views(recorder)).toHaveLength(3);
  expect(views(recorder).map((view) => (view as unknown[])[3])).toEqual(['', `${recorder.url}/?step=1`, `${recorder.url}/done`]);
  expect(JSON.stringify(recorder.messages())).not.toContain('secret');
});

test('history still does what the page asks of it, whoever listens', async ({ page, recorder }) => {
  recorder.put('/', shop(recorder, NO_NAVIGATION_API));
  await open(page, recorder.url);
  const state = await page.evaluate(() => {
    history.pushState({ step: 2 }, '', '/two');
    let refused = false;
    try {
      history.pushState(null, '', 'https://elsewhere.example/');
    } catch {
      refused = true;
    }
    return { state: history.state as unknown, path: location.pathname, refused };
  });
  expect(state).toEqual({ state: { step: 2 }, path: '/two', refused: true });
});

test('a page that is prerendered is viewed when it is shown', async ({ page, recorder }) => {
  // The automation cannot prerender, so that the page says so itself.
  recorder.put('/', shop(recorder, '<script>Object.defineProperty(document, "prerendering", { value: true, configurable: true });</script>'));
  await open(page, recorder.url);
  await page.evaluate(() => window.cioanalytics.track('while hidden').then(() => undefined));
  await expect.poll(() => events(recorder)).toHaveLength(1);
  expect(views(recorder)).toEqual([]);
  // A router that begins at another address than the one that was asked for.
  await page.evaluate(async () => {
    history.pushState(null, '', '/start');
    await new Promise((resolve) => setTimeout(resolve));
    await window.cioanalytics.track('still hidden');
  });
  await expect.poll(() => events(recorder)).toHaveLength(2);
  expect(views(recorder)).toEqual([]);
  await page.evaluate(() => {
    Object.defineProperty(document, 'prerendering', { value: false });
    document.dispatchEvent(new Event('prerenderingchange'));
  });
  await expect.poll(() => views(recorder)).toHaveLength(1);
  await navigate(page, 'pushState', '/next', 'Next');
  await expect.poll(() => views(recorder).map((view) => (view as unknown[])[0])).toEqual(['/start', '/next']);
});

test('a link is tracked, and goes where it goes, here or elsewhere', async ({ page, recorder, context }) => {
  recorder.put('/', remotePage(recorder) + LINKS);
  recorder.put('/second', '');
  await open(page, recorder.url);
  const setUp = (): Promise<void> =>
    page.evaluate(() => {
      const client = window.cioanalytics as unknown as Record<string, (...values: unknown[]) => unknown>;
      client['trackLink']!(document.querySelectorAll('a'), (link: HTMLElement) => `clicked ${link.id}`, { from: 'shop' });
      client['trackForm']!(document.querySelector('form'), 'searched', (form: HTMLFormElement) => ({ q: new FormData(form).get('q') }));
      client['trackLink']!(null, 'never');
    });
  await setUp();
  const opened = context.waitForEvent('page');
  await page.click('#new');
  expect((await opened).url()).toContain('/second');
  expect(page.url()).not.toContain('/second');

  await page.click('#go');
  await page.waitForURL('**/second');
  await open(page, recorder.url);
  await setUp();
  await page.evaluate(() => document.forms[0]!.requestSubmit());
  await page.waitForURL('**/second?q=shoes');
  await open(page, recorder.url);
  await expect.poll(() => events(recorder)).toEqual([
    ['clicked new', { from: 'shop' }],
    ['clicked go', { from: 'shop' }],
    ['searched', { q: 'shoes' }],
  ]);
});

test('a link goes where it goes though tracking fails', async ({ page, recorder }) => {
  recorder.put('/', remotePage(recorder) + LINKS);
  recorder.put('/second', '');
  await open(page, recorder.url);
  // The page's own function throws: its own uncaught error, told once the page has gone on.
  await page.evaluate(() => {
    const client = window.cioanalytics as unknown as Record<string, (...values: unknown[]) => unknown>;
    client['track'] = () => Promise.reject(new Error('out of order')).catch(() => undefined);
    client['trackLink']!(document.querySelector('#go'), 'clicked');
  });
  await page.click('#go');
  await page.waitForURL('**/second');
});
