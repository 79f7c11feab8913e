import { expect, test, WRITE_KEY } from './fixtures.js';

/** Ways to say `hit()` where text becomes markup, an address, a style, or a piece of script. */
const CALL = "parent.hit('x')";
const HANDLERS = ['onerror', 'onload', 'onclick', 'onfocus', 'onmouseover', 'onanimationstart', 'ontoggle', 'onbegin', 'onpointerenter', 'onbeforetoggle'];
const TAGS = ['img src=x', 'svg', 'body', 'input autofocus', 'details open', 'video src=x', 'audio src=x', 'iframe src=x', 'object data=x', 'marquee', 'select autofocus', 'a href=x', 'math', 'style', 'link rel=stylesheet href=x', 'base href=x'];
const BREAKOUTS = ['', '">', "'>", '</bdi>', '</script>', '</style>', '</title>', '</textarea>', ']]>', '-->'];
const SCRIPTS = [
  `<script>${CALL}</script>`,
  `<script src="data:text/javascript,${CALL}"></script>`,
  `<iframe srcdoc="<script>${CALL}</script>"></iframe>`,
  `<a href="javascript:${CALL}">x</a>`,
  `<form action="javascript:${CALL}"><button>x</button></form>`,
  `<meta http-equiv="refresh" content="0;url=javascript:${CALL}">`,
  `<math><mtext><table><mglyph><style><img src=x onerror="${CALL}">`,
  `<svg><animate onbegin="${CALL}" attributeName=x dur=1s>`,
  `<svg><use href="data:image/svg+xml,<svg id=x><script>${CALL}</script></svg>#x">`,
  `javascript:${CALL}`,
  `{{constructor.constructor("${CALL}")()}}`,
  `\${${CALL}}`,
  `' + ${CALL} + '`,
  `\u202e<img src=x onerror="${CALL}">`,
  `<img src=x onerror=\u0000"${CALL}">`,
  `<IMG """><SCRIPT>${CALL}</SCRIPT>">`,
  '__proto__',
  'constructor',
  `"; background: url(javascript:${CALL}); "`,
  `@import url("javascript:${CALL}");`,
];

const payloads = [
  ...SCRIPTS,
  ...BREAKOUTS.flatMap((breakout) => SCRIPTS.slice(0, 3).map((script) => `${breakout}${script}`)),
  ...TAGS.flatMap((tag) => HANDLERS.map((handler) => `<${tag} ${handler}="${CALL}">`)),
  ...BREAKOUTS.flatMap((breakout) => HANDLERS.slice(0, 2).map((handler) => `${breakout} ${handler}="${CALL}" x="`)),
];

test('200 injections in every field are text: none of them runs, and the policy of the page has nothing to forbid', async ({ page, collector }) => {
  expect(new Set(payloads).size).toBeGreaterThanOrEqual(200);
  const batch = payloads.flatMap((text, index) => {
    // An id that is not to be had would be refused; the text stands behind something that makes it one.
    const id = `${index} ${text}`.slice(0, 140);
    return [
      { type: 'track', messageId: `m ${id}`, event: text, anonymousId: `a ${id}`, properties: { [text]: text } },
      { type: 'page', messageId: `p ${id}`, name: text, anonymousId: `b ${id}` },
      { type: 'identify', messageId: `i ${id}`, userId: `u ${id}`, anonymousId: `a ${id}`, traits: { [text]: text, email: `${index}@example.com`, name: text } },
    ];
  });
  const sent = await fetch(`${collector.url}/v1/b`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ writeKey: WRITE_KEY, batch }) });
  expect(sent.status).toBe(200);

  const trouble: string[] = [];
  page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()));
  page.on('dialog', (dialog) => trouble.push(dialog.message()));
  await page.addInitScript(() => {
    Object.assign(window, { hits: 0, hit: () => (window as unknown as { hits: number }).hits++ });
    addEventListener('securitypolicyviolation', ({ violatedDirective, sourceFile }) => console.error(`${violatedDirective} ${sourceFile}`));
  });
  await page.goto(collector.logUrl);

  // Every line comes by, on both tabs; panels open on what has the most fields.
  for (const tab of ['Identified', 'Anonymous']) {
    await page.getByRole('tab', { name: tab }).click();
    await expect(page.getByRole('article').first()).toBeVisible();
    await page.getByRole('article').first().focus();
    let last = '';
    for (;;) {
      await page.keyboard.press('PageDown');
      const at = (await page.locator('[data-at][tabindex="0"]').getAttribute('aria-label')) + ((await page.locator('[data-at][tabindex="0"]').getAttribute('aria-posinset')) ?? '');
      if (at === last) break;
      last = at;
    }
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'Details', exact: true })).toBeVisible();
    await page.getByText('The whole message').click();
    await expect(page.locator('pre')).toContainText('"messageId"');
    await page.keyboard.press('Escape');
  }
  await page.getByRole('tab', { name: 'People' }).click();
  await expect(page.locator('.person').nth(40)).toBeAttached();
  for (const index of [0, 20, 40]) {
    await page.locator('.person').nth(index).click();
    await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible();
    await page.keyboard.press('Escape');
  }
  await page.getByRole('searchbox', { name: 'Search people' }).fill(payloads[0]!);
  await expect(page.getByRole('heading', { name: 'Nobody found' })).toBeVisible();

  expect(await page.evaluate(() => (window as unknown as { hits: number }).hits)).toBe(0);
  expect(trouble).toEqual([]);
});
