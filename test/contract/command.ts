import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, expect } from 'vitest';

// What is shipped is what is tested: `npm run build` comes first.
export const CLI = resolve('dist/cli.js');

export interface CommandOptions {
  /** @defaultValue an empty folder of its own */
  cwd?: string;
  /** All of its environment, but for PATH. */
  env?: Record<string, string>;
  cli?: string;
}

export interface Run {
  child: ChildProcess;
  /** The first line on stdout; rejects when it ends without one. */
  line: Promise<string>;
  /** What it has said on stderr so far. */
  stderr(): string;
  /** How it ended. */
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** The command line, built, in processes of its own, which do not outlive the test that started them. */
export function commands() {
  const running = new Set<ChildProcess>();
  const folders: string[] = [];
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
  });
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  function hitherto(args: string[], { cwd = makeFolder(), env = {}, cli = CLI }: CommandOptions = {}): Run {
    const child = spawn(process.execPath, [cli, ...args], { cwd, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      child.on('close', (code) => {
        running.delete(child);
        resolve({ code, stdout, stderr });
      });
    });
    const line = new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once('line', resolve).once('close', () => reject(new Error(`It ended without a word: ${stderr}`)));
    });
    // Those who wait for the end do not care for the line.
    line.catch(() => undefined);
    return { child, line, stderr: () => stderr, ended };
  }

  function makeFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'hitherto-'));
    folders.push(folder);
    return folder;
  }

  /** What it says when it will not do it. */
  async function complaint(args: string[], options: CommandOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await hitherto(args, options).ended;
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 1, stdout: '', lines: 2 });
    expect(stderr).toMatch(/^hitherto: \S/);
    return stderr;
  }

  return { hitherto, complaint };
}
