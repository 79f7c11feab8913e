// Every code block of the docs: compiled with the package's own types, run where it can be, and every command checked.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it, vi } from 'vitest';

const run = promisify(execFile);
const FILES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs').filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ...readdirSync('examples').map((name) => `examples/${name}/README.md`).filter(existsSync),
];

interface Block {
  /** The file, and the line of its first line. */
  place: string;
  language: string;
  code: string;
}

const BLOCKS: Block[] = FILES.flatMap((file) => {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^```([\w-]*)[^\n]*\n([^]*?)^```/gm)].map(({ 1: language, 2: code, index }) => ({ place: `${file}:${text.slice(0, index).split('\n').length + 1}`, language: language!, code: code! }));
});
const SCRIPTS = BLOCKS.filter(({ language }) => ['ts', 'tsx', 'js'].includes(language));

it('knows what to do with every block', () => {
  // What a service, a proxy and Prometheus are told is for self-hosting.test.ts.
  const known = new Set(['ts', 'tsx', 'js', 'json', 'html', 'sh', 'bash', 'diff', 'text', '', 'ini', 'nginx', 'yaml']);
  expect(BLOCKS.filter(({ language }) => !known.has(language)).map(({ place, language }) => `${place} ${language}`)).toEqual([]);
  expect(SCRIPTS.length).toBeGreaterThan(20);
});

/** What a block may use without saying where it comes from: what the text around it has introduced. */
const AROUND = `
import type { Client, JsonObject } from 'hitherto';
import type { TestClient, HithertoMatchers } from 'hitherto/testing';
import type { z as Zod } from 'zod';
import 'vitest';
declare global {
  const cioanalytics: Client;
  const hitherto: Client;
  const client: Client;
  const shop: TestClient;
  const analytics: { track(event: string): void };
  const writeKey: string;
  const endpoint: string;
  const createClient: typeof import('hitherto').createClient;
  const z: typeof Zod;
  function showOffer(person: string): void;
  function render(person: string | undefined): string;
  interface Window { cioanalytics: { push(call: unknown[]): unknown } }
}
declare module 'vitest' {
  interface Matchers<T> extends HithertoMatchers<T> {}
}
`;

describe('the code', () => {
  it('compiles, with the types of the package', () => {
    const files = new Map([['docs-around.ts', AROUND], ...SCRIPTS.map(({ code, language }, i): [string, string] => [`docs-block-${i}.${language === 'tsx' ? 'tsx' : 'ts'}`, `${code}\nexport {};\n`])].map(([name, code]) => [resolve(name!), code!]));
    const options: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      jsx: ts.JsxEmit.ReactJSX,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: ['node'],
      skipLibCheck: true,
    };
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (name) => files.has(name) || fileExists(name);
    host.readFile = (name) => files.get(name) ?? readFile(name);
    host.getSourceFile = (name, target) => (files.has(name) ? ts.createSourceFile(name, files.get(name)!, target) : getSourceFile(name, target));
    const program = ts.createProgram([...files.keys()], options, host);
    /** A parameter without a type is no fault of a script. */
    const UNTYPED = new Set([7006, 7031]);
    const found = ts.getPreEmitDiagnostics(program).filter(({ code, file }) => !(UNTYPED.has(code) && SCRIPTS[indexOf(file)]?.language === 'js'));
    const problems = found.map(({ file, start, messageText }) => {
      const block = SCRIPTS[indexOf(file)];
      const line = file && start !== undefined ? ts.getLineAndCharacterOfPosition(file, start).line + 1 : 0;
      return `${block?.place ?? file?.fileName} line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
    expect(problems).toEqual([]);
  }, 120_000);

  function indexOf(file: ts.SourceFile | undefined): number {
    return Number(/docs-block-(\d+)/.exec(file?.fileName ?? '')?.[1]);
  }

  /** What a block may import to be run here: what needs no page and no collector. */
  const RUNNABLE = new Set(['hitherto/merge', 'hitherto/testing', 'hitherto/server', 'vitest']);
  const runnable = SCRIPTS.filter(({ code }) => {
    const imports = [...code.matchAll(/from '([^']+)'/g)].map(([, name]) => name!);
    return imports.length > 0 && imports.every((name) => RUNNABLE.has(name));
  });

  it('is run, where it needs no page', () => {
    expect(runnable.length).toBeGreaterThanOrEqual(6);
  });

  it.each(runnable)('$place does what its comments say', async ({ code }) => {
    const cases: (() => unknown)[] = [];
    const after: (() => unknown)[] = [];
    const modules: Record<string, unknown> = {
      'hitherto/merge': await import(resolve('dist/engine.js')),
      'hitherto/testing': await import(resolve('dist/testing.js')),
      'hitherto/server': await import(resolve('dist/server.js')),
      // A test of the docs is a test: its cases are run here.
      vitest: { expect, vi, it: (_: string, work: () => unknown) => cases.push(work), afterEach: (work: () => unknown) => after.push(work) },
    };
    // What stands in a comment behind a statement is its value.
    const checked = code.replaceAll(/^(\s*)([\w$][^\n;]*(?:\)|\]|\w)); \/\/ ('[^']*'|\[\]|\d+|true|false)(?=$| ).*$/gm, (_, indent: string, expression: string, value: string) => `${indent}expectValue(${expression}).toEqual(${value});`);
    const script = ts.transpileModule(checked, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } }).outputText;
    // oxlint-disable-next-line no-new-func -- the docs are ours
    await new Function('require', 'exports', 'expectValue', `return (async () => { ${script} })();`)((name: string) => modules[name], {}, expect);
    for (const work of cases) {
      try {
        await work();
      } finally {
        for (const clean of after) await clean();
      }
    }
  });
});

it.each(BLOCKS.filter(({ language }) => language === 'json'))('$place is JSON', ({ code }) => {
  // An answer, or several examples, one a line.
  const values = isJson(code) ? [code] : code.split('\n').filter((line) => line.trim());
  expect(values.filter((value) => !isJson(value))).toEqual([]);
});

it.each(FILES)('the links of %s lead somewhere', (file) => {
  const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link]) => link!);
  expect(links.filter((link) => !existsSync(join(dirname(file), link)))).toEqual([]);
});

/** What a tag may say, by the names in its dataset. */
const ATTRIBUTES = [...readFileSync('src/client/take-over.ts', 'utf8').matchAll(/^const (?:TEXTS|SWITCHES) = \[(.*)\];$/gm)].flatMap(([, names]) => names!.replaceAll("'", '').split(', ')).concat('global');

describe('a tag', () => {
  // What a service, a proxy and Prometheus are told is for self-hosting.test.ts.
  const known = new Set([...ATTRIBUTES, 'siteId']);

  it.each(BLOCKS.filter(({ language, code }) => language === 'html' && code.includes('hitherto')))('$place has attributes that the script reads', ({ code }) => {
    const attributes = [...code.matchAll(/\sdata-([a-z-]+)/g)].map(([, name]) => name!.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()));
    expect(attributes.filter((name) => !known.has(name))).toEqual([]);
    const scripts = [...code.matchAll(/src="[^"]*\/([\w.-]+\.min\.js)"/g)].map(([, name]) => name!);
    expect(scripts.filter((name) => !existsSync(`dist/${name}`))).toEqual([]);
  });
});

describe('a command', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const lines = BLOCKS.filter(({ language }) => language === 'sh' || language === 'bash').flatMap(({ place, code }) =>
    code
      .replaceAll('\\\n', ' ')
      .split('\n')
      .flatMap((line) => line.replace(/(^|\s)#.*/, '').split(/&&|\|\|?|;/))
      .map((command) => command.trim().replace(/^([A-Z_]+=\S+ +)+/, ''))
      .filter(Boolean)
      .map((command) => ({ place, command })),
  );

  it.each(lines.filter(({ command }) => /^(npx )?hitherto /.test(command)))('$place: $command has options that there are', async ({ command }) => {
    const [name, ...words] = command.replace(/^(npx )?hitherto /, '').split(/\s+/);
    const { stdout } = await run(process.execPath, ['dist/cli.js', ...(name!.startsWith('-') ? [] : [name!]), '--help']);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(`${stdout}\n--help --version`).toContain(option.split('=')[0]!);
  });

  it.each(lines.filter(({ command }) => /^npm (run|start|test)/.test(command)))('$place: $command is a script', ({ place, command }) => {
    const name = /^npm (?:run )?([\w:-]+)/.exec(command)![1]!;
    const folder = place.startsWith('examples/') ? dirname(place.split(':')[0]!) : '.';
    const own = existsSync(join(folder, 'package.json')) ? (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts?: Record<string, string> }).scripts : {};
    expect({ ...scripts, ...own }).toHaveProperty([name]);
  });

  it.each(lines.filter(({ command }) => /^(node|npx vitest|npx playwright) /.test(command)))('$place: $command names files that there are', ({ place, command }) => {
    const folder = place.startsWith('examples/') ? dirname(place.split(':')[0]!) : '.';
    const paths = [...command.matchAll(/\S+\/\S+|\S+\.m?js/g)].map(([path]) => path);
    expect(paths.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
  });
});

describe('the page on troubleshooting', () => {
  const page = readFileSync('docs/troubleshooting.md', 'utf8');
  const source = (folder: string): string =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
  const inClient = [...source('src/client').matchAll(/\b(?:report|drop)\(\s*'([a-z_]+)'/g)].map(([, code]) => code!);
  const inLedger = [...source('src/ledger').matchAll(/new LedgerError\(\s*'([a-z_]+)'/g)].map(([, code]) => code!);
  const listed = [...page.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code!));

  it('has every code that the client tells, and every fault of a ledger', () => {
    expect([...new Set([...inClient, ...inLedger])].filter((code) => !listed.includes(code))).toEqual([]);
  });

  it('has no code that nobody tells', () => {
    const everything = source('src');
    expect(listed.filter((code) => !everything.includes(`'${code}'`))).toEqual([]);
  });
});

describe('the page on options', () => {
  const page = readFileSync('docs/options.md', 'utf8');

  it('has every option of a client', () => {
    const [, options] = /interface ClientOptions \{([^]*?)\n\}/.exec(readFileSync('src/client/types.ts', 'utf8'))!;
    const names = [...options!.matchAll(/^  (\w+)\?:/gm)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has every attribute of a tag', () => {
    const attributes = ATTRIBUTES.map((name) => `data-${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    expect(attributes.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
