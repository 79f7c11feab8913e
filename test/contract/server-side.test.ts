import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

/** In a process of its own, which ends when nothing is left to be done. */
async function inNode(code: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', code], { timeout: 30_000 });
  expect(stderr.replaceAll(/^hitherto: .*\n/gm, '')).toBe('');
  return stdout;
}

it('the client can be imported where a page is rendered on a server, and does nothing there', async () => {
  expect(await inNode("await import('./dist/index.js'); console.log(Object.keys(globalThis).filter((key) => /hitherto|cio/.test(key)).length)")).toBe('0\n');
});

it.each([
  ['', ''],
  [' beside a localStorage that is none', 'globalThis.localStorage = {};'],
])('a client that is made there%s takes calls, and throws nothing', async (_, before) => {
  const code = `
    ${before}
    const { createClient } = await import('./dist/index.js');
    process.on('unhandledRejection', (error) => { console.log('unhandled', error); process.exit(1); });
    const client = createClient({ writeKey: 'KEY', endpoint: 'http://127.0.0.1:9' });
    const { durable } = await client.track('rendered', { at: 'the server' });
    await client.identify('ada');
    console.log(durable, typeof client.user().anonymousId());
    process.exit(0);`;
  expect(await inNode(code)).toBe('memory string\n');
});

it('a client there, whose options were not found, has nothing to complain of', async () => {
  const options = "{ writeKey: 'KEY', endpoint: 'http://127.0.0.1:9', persistence: undefined, onError: ({ code }) => console.log(code) }";
  expect(await inNode(`const { createClient } = await import('./dist/index.js'); console.log(createClient(${options}).inspect().persistence); setTimeout(process.exit, 50, 0);`)).toBe('memory\n');
});

it.each([
  ['a client without a collector', "import { createClient } from './dist/index.js'; const client = createClient(); void client.track('a'); await client.activity();"],
  ['a test client', "import { createTestClient } from './dist/testing.js'; createTestClient().track('a');"],
])('%s keeps no program waiting', async (_, code) => {
  // The engine says that it is there.
  const said = await inNode(`${code} setImmediate(() => console.log(process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length));`);
  expect(said.replaceAll(/^hitherto: .*\n/gm, '')).toBe('0\n');
});
