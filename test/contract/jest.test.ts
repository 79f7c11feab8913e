import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

/** What jest says of a test, in a project that has the built package. */
function runJest(test: string): { status: number | null; said: string } {
  const folder = makeFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('.'), join(folder, 'node_modules/hitherto'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "jest": { "testEnvironment": "node", "transform": {}, "watchman": false } }');
  writeFileSync(join(folder, 'page.test.js'), test);
  // Vitest tells every process below it what it is; to jest that would be somebody else's business.
  const { status, stdout, stderr } = spawnSync(process.execPath, [jest, '--ci', '--no-cache', '--runInBand', '--rootDir', folder], { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: folder } });
  return { status, said: stdout + stderr };
}

const START = `
const { createTestClient, matchers, startClock } = require('hitherto/testing');
expect.extend(matchers);
`;

describe('hitherto/testing in jest', () => {
  it('asserts what was called, and jumps by the clock', () => {
    const { status, said } = runJest(`${START}
      test('a visit', () => {
        const clock = startClock('2026-05-20T12:00:00Z');
        const client = createTestClient();
        client.track('old cart');
        clock.jump({ days: 1 });
        client.page('Shop', { step: 1 });
        client.track('cart', { product: 'cool-shoes', price: 39.95 });
        clock.jump({ days: 30 });
        client.identify('ada', { plan: 'club' });
        expect(client).toHaveViewed('Shop', { step: 1 });
        expect(client).toHaveTracked('cart', { product: expect.stringContaining('shoes') });
        expect(client).not.toHaveTracked('cart', { product: 'boots' });
        expect(client).toHaveIdentified('ada', { plan: 'club' });
        expect(client).toHaveMerged('cart', 'ada');
        expect(client).not.toHaveMerged('old cart', 'ada');
        clock.restore();
      });`);
    expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('1 passed') });
  });

  it('fails with what was called instead', () => {
    const { status, said } = runJest(`${START}
      test('a visit', () => {
        const client = createTestClient();
        client.track('cart');
        expect(client).toHaveTracked('bought');
      });`);
    expect(status).toBe(1);
    expect(said).toContain('Expected the client to track "bought". Its calls were:');
    expect(said).toContain('track cart');
  });
});
