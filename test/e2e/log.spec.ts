import type { Page } from '@playwright/test';
import { accessibilityFaults } from './axe.js';
import type { Collector } from './collector.js';
import { expect, test, WRITE_KEY } from './fixtures.js';

const VISITOR = '8f3c2a1b-91d0-4c7e';
const UNKNOWN = 'e0a1b2c3-dead-4eef';

/** Somebody who looked around and then logged in, and somebody who only looks around. */
async function visits({ url }: Collector): Promise<void> {
  const batch = [
    { type: 'page', messageId: 'home', name: 'Home', anonymousId: VISITOR },
    { type: 'track', messageId: 'cart', event: 'addedToCart', anonymousId: VISITOR },
    { type: 'identify', messageId: 'login', userId: 'ada', anonymousId: VISITOR, traits: { email: 'ada@example.com', plan: 'club' } },
    { type: 'track', messageId: 'order', event: 'orderCompleted', userId: 'ada', anonymousId: VISITOR, properties: { total: 89.9, items: ['cool-shoes'] } },
    { type: 'identify', messageId: 'taken', userId: 'grace', anonymousId: VISITOR },
    { type: 'track', messageId: 'search', event: 'searched', anonymousId: UNKNOWN },
  ];
  await send(url, batch);
}

async function send(url: string, batch: object[]): Promise<void> {
  const response = await fetch(`${url}/v1/b`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ writeKey: WRITE_KEY, batch }) });
  expect(response.status).toBe(200);
}

async function signIn(page: Page, collector: Collector): Promise<void> {
  await page.goto(collector.logUrl);
  await expect(page.getByText('Anonymous Data Merged', { exact: true })).toBeVisible();
}

/** Each view of the log, by its name, and the way there from the one before. */
const VIEWS: [name: string, go: (page: Page) => Promise<unknown>][] = [
  ['identified', async (page) => expect(page.getByRole('article').first()).toBeVisible()],
  [
    'why',
    async (page) => {
      await page.getByRole('article', { name: 'orderCompleted' }).click();
      await expect(page.getByText('Sent by a person who was known')).toBeVisible();
      await expect(page.getByText('["cool-shoes"]')).toBeVisible();
      await page.getByText('The whole message').click();
      await expect(page.getByText('"messageId": "order"')).toBeVisible();
    },
  ],
  [
    'profile',
    async (page) => {
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'ada' }).first().click();
      await expect(page.getByText('ada@example.com')).toBeVisible();
      await expect(page.getByText('joined from')).toBeVisible();
    },
  ],
  [
    'anonymous',
    async (page) => {
      await page.keyboard.press('Escape');
      await page.getByRole('tab', { name: /Anonymous/ }).click();
      await expect(page.getByRole('article', { name: 'searched' })).toBeVisible();
    },
  ],
  [
    'preview',
    async (page) => {
      await page.getByRole('article', { name: 'searched' }).click();
      await page.getByRole('textbox', { name: 'Person' }).fill('ada');
      await page.getByRole('button', { name: 'Preview' }).click();
      await expect(page.getByText('1 event would join ada')).toBeVisible();
    },
  ],
  [
    'people',
    async (page) => {
      await page.keyboard.press('Escape');
      await page.getByRole('tab', { name: /People/ }).click();
      await expect(page.getByRole('button', { name: /grace/ })).toBeVisible();
    },
  ],
  [
    'empty',
    async (page) => {
      await page.getByRole('tab', { name: /Identified/ }).click();
      await page.getByRole('searchbox', { name: 'Filter' }).fill('nothing like it');
      await expect(page.getByRole('heading', { name: 'Nothing of that here' })).toBeVisible();
    },
  ],
  [
    'settings',
    async (page) => {
      await page.getByText('Settings', { exact: true }).click();
      await expect(page.getByRole('switch', { name: /Merge anonymous events/ })).toBeEnabled();
    },
  ],
  [
    'signed out',
    async (page) => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await expect(page.getByText('You are signed out.')).toBeVisible();
    },
  ],
];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 390]) {
    test(`every view can be reached, and is accessible: ${colorScheme}, ${width} pixels`, async ({ page, collector }) => {
      await visits(collector);
      // What is still fading in has colours of its own.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 844 });
      await signIn(page, collector);
      for (const [name, go] of VIEWS) {
        await go(page);
        expect({ name, faults: await accessibilityFaults(page) }).toEqual({ name, faults: [] });
      }
    });
  }
}

test('the keyboard is enough: lines, panels, tabs', async ({ page, collector }) => {
  await visits(collector);
  await signIn(page, collector);
  const focused = page.locator('[data-at]:focus');
  await page.getByRole('article').first().focus();
  await page.keyboard.press('ArrowDown');
  await expect(focused).toHaveAttribute('aria-posinset', '2');
  await page.keyboard.press('End');
  await expect(focused).toHaveAttribute('aria-label', 'Home, ada');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Home' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(focused).toHaveAttribute('aria-label', 'Home, ada');

  await page.getByRole('tab', { name: /Identified/ }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('tab', { name: /Anonymous/ })).toBeFocused();
  await expect(page.getByRole('article', { name: 'searched' })).toBeVisible();
});

test('a filter narrows the log to a name, a person, an anonymous id, and a time', async ({ page, collector }) => {
  await visits(collector);
  await signIn(page, collector);
  const lines = page.getByRole('article');
  await page.getByRole('searchbox', { name: 'Filter' }).fill('ORDER');
  await expect(lines).toHaveCount(1);
  await page.getByRole('searchbox', { name: 'Filter' }).fill('');
  await page.getByRole('combobox', { name: 'Filter by' }).selectOption('person');
  await page.getByRole('searchbox', { name: 'Filter' }).fill('grace');
  await page.keyboard.press('Enter');
  await expect(lines).toHaveCount(2);
  await page.getByRole('button', { name: 'Show everybody again' }).click();
  await page.getByRole('combobox', { name: 'Filter by' }).selectOption('anonymousId');
  await page.getByRole('searchbox', { name: 'Filter' }).fill(VISITOR);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'Anonymous Data Merged' })).toBeVisible();
  await page.getByRole('combobox', { name: 'Time' }).selectOption({ label: 'Last hour' });
  await expect(lines).toHaveCount(7);
});

/** As a field for a date and a time takes it: by the clock of whoever reads. */
function fieldValue(time: number): string {
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

test('a filter narrows the log to what came in from one moment until another', async ({ page, collector }) => {
  await visits(collector);
  const cameAt = Date.now();
  await signIn(page, collector);
  const lines = page.getByRole('article');
  await expect(lines).toHaveCount(7);
  await page.getByRole('combobox', { name: 'Time' }).selectOption({ label: 'From – until…' });
  await expect(page.getByLabel('From', { exact: true })).toBeFocused();
  await page.getByLabel('Until', { exact: true }).fill(fieldValue(cameAt - 3_600_000));
  await expect(page.getByRole('heading', { name: 'Nothing of that here' })).toBeVisible();
  await page.getByLabel('Until', { exact: true }).fill(fieldValue(cameAt + 3_600_000));
  await expect(lines).toHaveCount(7);
  await page.getByLabel('From', { exact: true }).fill(fieldValue(cameAt + 3_600_000));
  await expect(page.getByText('The time ends before it begins.')).toBeVisible();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('combobox', { name: 'Time' }).selectOption({ label: 'Any time' });
  await expect(lines).toHaveCount(7);
  await expect(page.getByLabel('From', { exact: true })).toBeHidden();
});

test('a filter by time begins with what is shown, and narrows the log of a client in the page as well', async ({ page, pages }) => {
  pages.put('/', '<!doctype html><html lang="en"><title>Log</title><main><hitherto-activity></hitherto-activity></main><script src="/dist/hitherto-activity.min.js"></script></html>');
  await page.goto(pages.url);
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  await page.evaluate((now) => {
    const client = { activity: ({ tab }: { tab: string }) => (tab === 'identified' ? [1, 2, 3].map((hours) => ({ type: 'event' as const, at: now - hours * 3_600_000, name: `${hours} hours ago`, person: 'ada', messageId: `m${hours}` })) : []) };
    document.querySelector('hitherto-activity')!.client = client;
  }, minute);
  const lines = page.getByRole('article');
  await expect(lines).toHaveCount(3);
  await page.getByRole('combobox', { name: 'Time' }).selectOption({ label: 'Last 24 hours' });
  await page.getByRole('combobox', { name: 'Time' }).selectOption({ label: 'From – until…' });
  await expect(page.getByLabel('From', { exact: true })).not.toHaveValue('');
  await page.getByLabel('Until', { exact: true }).fill(fieldValue(minute - 3_600_000));
  await expect(lines).toHaveCount(2);
  await page.getByLabel('From', { exact: true }).fill(fieldValue(minute - 2 * 3_600_000));
  await expect(lines).toHaveCount(1);
  await expect(page.getByRole('article', { name: '2 hours ago' })).toBeVisible();
});

test('what comes in while one reads further down waits behind a button', async ({ page, collector }) => {
  await visits(collector);
  await send(collector.url, Array.from({ length: 60 }, (_, n) => ({ type: 'track', messageId: `e${n}`, event: `earlier ${n}`, userId: 'ada' })));
  await signIn(page, collector).catch(() => undefined);
  await page.getByRole('article').first().focus();
  await page.keyboard.press('End');
  await expect(page.getByText('Anonymous Data Merged', { exact: true })).toBeVisible();
  await send(collector.url, [{ type: 'track', messageId: 'late', event: 'just now', userId: 'ada' }]);
  await page.getByRole('button', { name: '1 new line' }).click();
  await expect(page.getByRole('article', { name: 'just now' })).toBeFocused();
});

test('a person is erased when their id is typed, and not before', async ({ page, collector }) => {
  await visits(collector);
  await signIn(page, collector);
  await page.getByRole('tab', { name: /People/ }).click();
  await page.getByRole('button', { name: /grace/ }).click();
  await page.getByText('Erase this person…').click();
  const erase = page.getByRole('button', { name: 'Erase for good' });
  await page.getByRole('textbox', { name: 'Type grace to confirm' }).fill('ada');
  await expect(erase).toBeDisabled();
  await page.getByRole('textbox', { name: 'Type grace to confirm' }).fill('grace');
  await erase.click();
  await expect(page.getByRole('button', { name: /grace/ })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /ada/ })).toBeVisible();
});

test('the switch of merging is switched, and stays so', async ({ page, collector }) => {
  await visits(collector);
  await signIn(page, collector);
  await page.getByText('Settings', { exact: true }).click();
  await page.getByRole('switch').click();
  await expect(page.getByText('From now on an identify joins nothing.')).toBeVisible();
  await page.reload();
  await page.getByText('Settings', { exact: true }).click();
  await expect(page.getByRole('switch')).toBeEnabled();
  await expect(page.getByRole('switch')).not.toBeChecked();
});

test('the export is a file of every message', async ({ page, collector }) => {
  await visits(collector);
  await signIn(page, collector);
  await page.getByText('Settings', { exact: true }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /Export/ }).click()]);
  const lines: string[] = [];
  for await (const chunk of await download.createReadStream()) lines.push(String(chunk));
  expect(lines.join('').trim().split('\n').map((line) => (JSON.parse(line) as { messageId: string }).messageId).sort()).toEqual(['cart', 'home', 'login', 'order', 'search', 'taken']);
});

test('the counters and the chart are of what came in', async ({ page, collector }) => {
  await visits(collector);
  await signIn(page, collector);
  await expect(page.locator('[data-counter=events]')).toHaveText('4');
  await expect(page.locator('[data-counter=merges]')).toHaveText('1');
  await expect(page.getByRole('img', { name: /Events and merges over time, 24 steps; at most 4 events in one, and at most 1 merge/ })).toBeVisible();
});

test('the log stays where it is when the counts come', async ({ page, collector }) => {
  await visits(collector);
  let answer = (): void => undefined;
  const isAnswered = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/stats*', async (route) => {
    await isAnswered;
    await route.continue();
  });
  await signIn(page, collector);
  const before = await page.locator('hitherto-activity').boundingBox();
  answer();
  await expect(page.locator('[data-counter=events]')).toHaveText('4');
  expect(await page.locator('hitherto-activity').boundingBox()).toEqual(before);
});

test('the counters follow the log', async ({ page, collector }) => {
  await visits(collector);
  await signIn(page, collector);
  await expect(page.locator('[data-counter=events]')).toHaveText('4');
  await send(collector.url, [{ type: 'track', messageId: 'found', event: 'found', anonymousId: UNKNOWN }, { type: 'identify', userId: 'grace', anonymousId: UNKNOWN }]);
  await expect(page.locator('[data-counter=events]')).toHaveText('5');
  await expect(page.locator('[data-counter=merges]')).toHaveText('2');
});

test('where nothing was read yet, what is wrong stands in place of the log, and nothing to filter', async ({ page, pages }) => {
  pages.put('/', '<!doctype html><html lang="en"><title>Log</title><main><h1>Log</h1><hitherto-activity src="/no-collector" token="t"></hitherto-activity></main><script src="/dist/hitherto-activity.min.js"></script></html>');
  await page.goto(pages.url);
  await expect(page.getByRole('alert')).toContainText('is no collector. Check the address in src.');
  await expect(page.getByRole('searchbox')).toHaveCount(0);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.locator('hitherto-activity').evaluate((log) => ((log as HTMLElementTagNameMap['hitherto-activity']).client = { activity: () => [] }));
  await expect(page.getByRole('searchbox', { name: 'Filter' })).toBeVisible();
  await expect(page.getByRole('alert')).toBeHidden();
});

test('in a page of another origin it says that the log is for pages of the collector alone', async ({ page, pages, collector }) => {
  pages.put('/', `<!doctype html><title>Log</title><hitherto-activity src="${collector.url}" token="t"></hitherto-activity><script src="/dist/hitherto-activity.min.js"></script>`);
  await page.goto(pages.url);
  await expect(page.getByRole('alert')).toContainText(`to pages of its own origin only: serve this page from ${collector.url} too`);
});

test('says that the collector is gone, and is there again when that is', async ({ page, collector }) => {
  await visits(collector);
  await signIn(page, collector);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  await collector.kill();
  // At once: a log that is read every 15 seconds would be "Live" for as long.
  await expect(page.getByText('does not answer. Is it running?')).toBeVisible({ timeout: 4_000 });
  await collector.restart();
  await expect(page.getByText('does not answer. Is it running?')).toBeHidden({ timeout: 30_000 });
});

test('lines and tabs are called by words that stand apart, and a group by its name wherever it stands', async ({ page, collector }) => {
  await visits(collector);
  const timestamp = new Date(Date.now() - 7_200_000).toISOString();
  await send(collector.url, [{ type: 'group', messageId: 'g', userId: 'ada', groupId: 'acme', timestamp }]);
  await signIn(page, collector);
  await expect(page.getByRole('tab', { name: 'Anonymous 1', exact: true })).toBeVisible();
  const line = page.getByRole('article', { name: 'acme, ada', exact: true });
  await expect(line.locator('.title')).toHaveText('acme group happened 2 h ago', { useInnerText: true });
  await line.click();
  await expect(page.getByRole('heading', { name: 'acme', exact: true })).toBeFocused();
  await page.getByRole('article', { name: 'Anonymous Data Merged, ada', exact: true }).locator('.title').click();
  await expect(page.getByRole('complementary').getByText('Anonymous Data Merged')).toHaveCount(1);
  await page.getByRole('article', { name: 'acme' }).getByRole('button', { name: 'ada' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'acme' })).toBeVisible();
});

test('at 320 pixels every tab and the whole filter are in sight, and whose a line is', async ({ page, collector }) => {
  await page.setViewportSize({ width: 320, height: 800 });
  await visits(collector);
  await signIn(page, collector);
  const edge = await page.getByRole('tabpanel').evaluate((panel) => panel.getBoundingClientRect().right);
  for (const part of [page.getByRole('tab', { name: /People/ }), page.getByRole('searchbox', { name: 'Filter' })]) {
    const { x, width } = (await part.boundingBox())!;
    expect(x + width).toBeLessThan(edge);
    // Not cut off by what it stands in, either.
    await expect(part).toBeInViewport({ ratio: 1 });
  }
  await expect(page.getByRole('article', { name: 'Failed Attribute Change' }).getByRole('button', { name: 'grace' })).toBeVisible();
});

test('what failed is said in words, and what the filter leaves nothing of', async ({ page, collector }) => {
  await visits(collector);
  await send(collector.url, [{ type: 'identify', messageId: 'email', userId: 'grace', traits: { email: 'ada@example.com' } }]);
  await signIn(page, collector);
  await expect(page.getByText('Could not set email: already taken', { exact: true })).toBeVisible();
  await expect(page.getByText(/Could not set anonymous id\s+8f3c2a1b…: already taken/)).toBeVisible();
  await page.getByRole('searchbox', { name: 'Filter' }).fill('searched');
  await expect(page.getByText('Look under the other tab, or take the filter away.')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Filter' }).fill('nothing like it');
  await expect(page.getByText('Take the filter away.', { exact: true })).toBeVisible();
});

test('in a page that reads from the right, in capitals and centred, the log looks as it does anywhere', async ({ page, pages }) => {
  pages.put('/', '<!doctype html><html lang="ar" dir="rtl" style="text-transform: uppercase; text-align: center; letter-spacing: 4px; line-height: 3"><title>Log</title><main><hitherto-activity></hitherto-activity></main><script src="/dist/hitherto-activity.min.js"></script></html>');
  await page.goto(pages.url);
  await page.locator('hitherto-activity').evaluate((log) => ((log as HTMLElementTagNameMap['hitherto-activity']).client = { activity: () => [] }));
  const look = await page.getByRole('tabpanel').evaluate((panel) => {
    const { direction, textTransform, textAlign, letterSpacing, lineHeight } = getComputedStyle(panel);
    return [direction, textTransform, textAlign, letterSpacing, lineHeight];
  });
  expect(look).toEqual(['ltr', 'none', 'start', 'normal', '24px']);
});

test('where the colours are those of the system, what is chosen can be told, and every mark is there', async ({ page, collector }) => {
  await visits(collector);
  await page.emulateMedia({ forcedColors: 'active' });
  await signIn(page, collector);
  const width = (selector: string, side: string, part?: string): Promise<string> => page.locator(selector).evaluate((element, [name, pseudo]) => getComputedStyle(element, pseudo).getPropertyValue(name!), [side, part] as const);
  expect(await width('#identified', 'border-bottom-width')).toBe('2px');
  expect(await width('#anonymous', 'border-bottom-width')).toBe('0px');
  expect(await width('.status', 'border-top-width', '::before')).not.toBe('0px');
  expect(await width('fieldset :checked + span', 'outline-style')).toBe('solid');
  expect(await width('fieldset :not(:checked) + span', 'outline-style')).toBe('none');
  expect(await width('.switch input', 'border-top-width')).toBe('1px');
  expect(await width('.switch input', 'border-top-width', '::before')).toBe('8px');
});
