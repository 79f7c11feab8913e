import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createAdminRoutes, type AdminOptions } from '../../src/collector/admin-routes.js';
import { createTrackRoutes, type TrackOptions } from '../../src/collector/track/routes.js';
import { memoryLedger } from '../../src/ledger/index.js';
import { SECRET_KEY, servedCollectors, WRITE_KEY } from './clients/collector.js';

const serve = servedCollectors();
const run = promisify(execFile);
const page = readFileSync('docs/collector-api.md', 'utf8');

/** Each command of the page, and the answers it shows. */
const examples = [...page.matchAll(/```sh\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```/g)].map(([, commands, answers]) => ({ commands: commands!, answers: valuesIn(answers!) }));

/** What stands one after the other, each over as many lines as it takes. */
function valuesIn(text: string): unknown[] {
  const values: unknown[] = [];
  let part = '';
  // A status follows its answer on the same line in a shell, and on the next one in the page.
  for (const piece of text.replace(/(?<=[}\]])(?=\d{3}$|\{)/gm, '\n').split('\n')) {
    part += `${piece}\n`;
    try {
      values.push(JSON.parse(part));
      part = '';
    } catch {
      // It goes on in the next line.
    }
  }
  if (part.trim() !== '') throw new Error(`This is no JSON: ${part}`);
  return values;
}

describe('docs/collector-api.md', () => {
  it('shows a command with its answer for each surface', () => {
    expect(examples.length).toBe([...page.matchAll(/^```sh$/gm)].length);
    for (const surface of ['/v1/track', '/v1/batch', '/api/v1/', '/api/v2/', '/api/explain']) expect(page).toContain(`$COLLECTOR${surface}`);
  });

  it('shows the answers that its commands give', async () => {
    const collector = await serve();
    const env = { ...process.env, COLLECTOR: collector.url, WRITE_KEY, SECRET_KEY, ADMIN_TOKEN: 'ADMIN' };
    for (const { commands, answers } of examples) {
      const { stdout } = await run('sh', ['-e', '-c', commands], { env });
      expect({ commands, answers: valuesIn(stdout) }).toMatchObject({ commands, answers });
    }
  });

  it('names every address', () => {
    // Nothing is asked of them here.
    const routes = [
      ...createTrackRoutes({} as TrackOptions).routes,
      ...createAdminRoutes({ ledger: memoryLedger(), adminToken: 'ADMIN', now: () => 0 } as AdminOptions).routes.map(({ path, ...route }) => ({ ...route, path: `/api${path}` })),
    ];
    const addresses = routes.map(({ path }) => path).filter((path) => !path.endsWith('*'));
    expect(addresses.length).toBeGreaterThan(30);
    const named = (path: string) => path.replaceAll(/:(\w+)/g, (_, name: string) => name.replaceAll(/[A-Z]/g, '_$&').toUpperCase());
    expect(addresses.filter((path) => !new RegExp(`${named(path)}[\`?]`).test(page))).toEqual([]);
  });
});
