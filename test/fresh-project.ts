import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A project somewhere else, with this package installed from what `npm pack` packs. */
export interface FreshProject {
  folder: string;
  /** Writes a file. @returns its path */
  write(file: string, text: string): string;
  /** Runs a program in the project; rejects with what it says when it fails. */
  run(command: string, parameters: string[], env?: Record<string, string>): Promise<string>;
  remove(): void;
}

/** The files that `npm pack` puts into a package. */
export async function packedFiles(): Promise<string[]> {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']);
  return (JSON.parse(stdout) as { files: { path: string }[] }[])[0]!.files.map(({ path }) => path).sort();
}

/**
 * Makes a project as `npm install` would, without a network: this package unpacked from its tarball, everything else
 * linked from here.
 *
 * @param packages what else is installed, beside what this package depends on
 * @param from a folder that the project begins with
 */
export async function createFreshProject(packages: string[], from?: string): Promise<FreshProject> {
  const folder = mkdtempSync(join(tmpdir(), 'hitherto-project-'));
  if (from) cpSync(from, folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const installed = join(folder, 'node_modules', 'hitherto');
  mkdirSync(installed, { recursive: true });
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))!;
  await run('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components', '1']);
  for (const name of ['idb-keyval', 'js-cookie', 'nanoid', ...packages]) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve('node_modules', name), link);
  }

  return {
    folder,
    write(file, text) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    async run(command, parameters, env = {}) {
      const { stdout } = await run(command, parameters, { cwd: folder, env: { ...process.env, ...env }, timeout: 60_000 });
      return stdout;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
