// Each example as a user has it: in a folder of its own, with the package from its tarball, against the real collector.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createFreshProject, type FreshProject } from '../fresh-project.js';
import { expect, test as base, WRITE_KEY } from './fixtures.js';

const test = base.extend<{ project(example: string, ...packages: string[]): Promise<FreshProject>; start(project: FreshProject, file: string, env: Record<string, string>): Promise<string> }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture needs from here
  project: async ({}, use) => {
    const projects: FreshProject[] = [];
    await use(async (example, ...packages) => {
      const project = await createFreshProject(packages, `examples/${example}`);
      projects.push(project);
      return project;
    });
    projects.forEach((project) => project.remove());
  },
  // oxlint-disable-next-line no-empty-pattern
  start: async ({}, use) => {
    const children: ChildProcess[] = [];
    await use(async ({ folder }, file, env) => {
      const child = spawn(process.execPath, [file], { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
      return /http:\S+/.exec(line)![0];
    });
    for (const child of children) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  },
});

for (const [example, packages] of [
  ['spa-react', ['react', 'react-dom', 'scheduler', 'vite']],
  ['spa-vue', ['vue', 'vite']],
] as const) {
  test(`examples/${example}: two routes, and the cart is Ada's after she has logged in`, async ({ page, collector, project }) => {
    const { folder, run } = await project(example, ...packages);
    await run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'], { VITE_ENDPOINT: collector.url, VITE_WRITE_KEY: WRITE_KEY });
    const server = await serve(join(folder, 'dist'));

    await page.goto(server.url);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await page.getByRole('link', { name: 'Cart' }).click();
    await expect(page).toHaveTitle('Cart');
    await page.getByRole('button', { name: 'Log in as Ada' }).click();
    await expect.poll(async () => (await collector.activity('person=ada')).map(({ type }) => type)).toContain('anon_merge');

    const { events, traits } = await collector.person('ada');
    const views = events.filter(({ type }) => type === 'page');
    // Once each, although React mounts everything twice.
    expect([views.length, events.filter(({ name }) => name === 'addedToCart').length]).toEqual([2, 1]);
    expect(traits).toMatchObject({ email: 'ada@example.com' });
    await server.close();
  });
}

test("examples/server-rendered: what the server saw is the page's visitor's, and Ada's after she has logged in", async ({ page, collector, project, start }) => {
  const shop = await start(await project('server-rendered'), 'server.js', { ENDPOINT: collector.url, WRITE_KEY, PORT: '0' });
  await page.goto(shop);
  await expect.poll(async () => (await collector.activity()).map(({ type }) => type).sort()).toEqual(['event', 'page']);
  const [one, other] = await collector.activity();
  expect(one!.anonymousId).toBe(other!.anonymousId);

  await page.getByRole('button', { name: 'Log in as Ada' }).click();
  await expect.poll(async () => (await collector.activity('person=ada')).find(({ type }) => type === 'anon_merge')?.count).toBe(2);
  // From the next request on the server knows the person too.
  await page.reload();
  await expect.poll(async () => (await collector.person('ada')).events.map(({ name, previouslyAnonymous }) => name === 'offerRendered' && !previouslyAnonymous)).toContain(true);
});

test('examples/server-events: an order that a server tells of is an event of Ada', async ({ collector, project }) => {
  const { run } = await project('server-events', '@segment/analytics-node');
  const env = { ENDPOINT: collector.url, WRITE_KEY, ORDER: '7' };
  await run(process.execPath, ['pay.js', 'ada', '39.95'], env);
  await run(process.execPath, ['pay.js', 'ada', '39.95'], env);
  const { events } = await collector.person('ada');
  expect(events).toMatchObject([{ name: 'orderPaid', messageId: 'order-7', previouslyAnonymous: false }]);
  await collector.kill();
  await expect(run(process.execPath, ['pay.js'], { ...env, ENDPOINT: 'http://127.0.0.1:9' })).rejects.toThrow('did not take it');
});

test("examples/migrating: Customer.io's snippet, and a visitor whom its script knew", async ({ page, pages, collector }) => {
  const html = readFileSync('examples/migrating/index.html', 'utf8').replaceAll('http://127.0.0.1:4321', collector.url).replace("load('demo'", `load('${WRITE_KEY}'`);
  pages.put('/', html);
  await page.context().addCookies([{ name: '_cioanonid', value: 'known-before', url: pages.url }]);
  await page.goto(pages.url);
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await page.getByRole('button', { name: 'Log in as Ada' }).click();
  await expect.poll(async () => (await collector.activity('person=ada')).find(({ type }) => type === 'anon_merge')).toMatchObject({ count: 2, anonymousId: 'known-before' });
});

test("README: the first page, and its two buttons", async ({ page, pages, collector }) => {
  const [, html] = /```html\n(<!doctype html>[^]*?)```/.exec(readFileSync('README.md', 'utf8'))!;
  pages.put('/', html!.replaceAll('http://127.0.0.1:4321', collector.url).replace('data-write-key="demo"', `data-write-key="${WRITE_KEY}"`));
  await page.goto(pages.url);
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect.poll(async () => (await collector.activity('person=ada')).find(({ type }) => type === 'anon_merge')).toMatchObject({ count: 2 });
});

/** A plain file server; whatever is no file is the page, as a single-page app needs it. */
async function serve(folder: string): Promise<{ url: string; close(): Promise<void> }> {
  const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css' };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const extension = extname(pathname);
    response.setHeader('Content-Type', types[extension] ?? 'text/html; charset=utf-8').end(readFileSync(join(folder, extension ? pathname : 'index.html')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
