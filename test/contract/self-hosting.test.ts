import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from './command.js';
import { track } from './messages.js';
import { temporaryFolders } from './temporary.js';

const page = readFileSync('docs/self-hosting.md', 'utf8');
const makeFolder = temporaryFolders();
const { hitherto } = commands();

/** A block of the page, by what it holds. */
function block(language: string, part: string): string {
  const found = [...page.matchAll(/```(\w+)\n([\s\S]*?)```/g)].find(([, name, text]) => name === language && text!.includes(part));
  if (!found) throw new Error(`There is no such block: ${part}`);
  return found[2]!;
}

const rowsBelow = (head: string): string[][] => {
  const [, table] = page.split(head);
  return table!.split('\n\n')[0]!.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
};

describe('docs/self-hosting.md', () => {
  it('has every setting, with its names', async () => {
    const { stdout } = await hitherto(['serve', '--help']).ended;
    const flags = [...stdout.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, flag]) => flag!);
    const rows = rowsBelow('| flag | environment |');
    expect(rows.map(([flag]) => flag!.replaceAll('`', ''))).toEqual(flags);
    for (const [flag, variable, key] of rows) {
      const name = flag!.replaceAll('`', '').slice(2);
      expect(variable).toContain(`\`HITHERTO_${name.replaceAll('-', '_').toUpperCase()}\``);
      if (name !== 'config') expect(key).toBe(`\`${name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}\``);
    }
  });

  it('has every metric, with its labels; the file and the settings in it are taken; what is copied meanwhile is whole', async () => {
    const cwd = makeFolder();
    writeFileSync(join(cwd, 'hitherto.json'), block('json', '"campaigns"'));
    const run = hitherto(['serve', '--port', '0', '--config', 'hitherto.json'], { cwd, env: { HITHERTO_ADMIN_TOKEN: 'at' } });
    const home = /http:\/\/[^/]+\//.exec(await run.line)![0];
    const send = (writeKey: string, ...batch: object[]) => fetch(`${home}v1/b`, { method: 'POST', body: JSON.stringify({ writeKey, batch }) });
    expect(await (await send('blog', track('x', { messageId: 'one', anonymousId: 'v' }), { type: 'shout' })).json()).toMatchObject({ accepted: 1 });
    const metrics = await (await fetch(`${home}metrics`, { headers: { Authorization: 'Bearer at' } })).text();
    const names = [...metrics.matchAll(/^# TYPE (hitherto_(?!process_|nodejs_)\w+)/gm)].map(([, name]) => name!);
    const rows = rowsBelow('| metric | labels |');
    expect(rows.map(([name]) => name!.replaceAll('`', '')).sort()).toEqual(names.sort());
    for (const [name, labels] of rows) {
      const series = new RegExp(`^${name!.replaceAll('`', '')}(?:_bucket|_total)?\\{([^}]*)\\}`, 'm').exec(metrics)?.[1] ?? '';
      const found = [...series.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
      expect([name, labels!.split(', ').filter(Boolean).map((label) => label.replaceAll('`', ''))]).toEqual([name, found]);
    }

    if (spawnSync('sqlite3', ['--version']).error) return;
    expect(execFileSync('sh', ['-ec', block('bash', 'VACUUM INTO')], { cwd, encoding: 'utf8' })).toBe('ok\n');
    await send('shop', track('x', { messageId: 'two', anonymousId: 'v' }));
    execFileSync('sh', ['-ec', 'mkdir restored && mv backup.db restored/hitherto.db'], { cwd });
    const { stdout } = await hitherto(['export', '--data', 'restored'], { cwd }).ended;
    expect(stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as { messageId: string }).messageId)).toEqual(['one']);
  });

  it.skipIf(spawnSync('systemd-analyze', ['--version']).error)('has a unit that systemd takes', () => {
    const cwd = makeFolder();
    const file = join(cwd, 'hitherto.service');
    // It looks whether the program is there.
    writeFileSync(file, block('ini', '[Service]').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
