// The package as somebody gets it: what `npm pack` packs, in a fresh project, with the usual bundlers, and on a server.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshProject, packedFiles, type FreshProject } from '../fresh-project.js';

/** A way into a door: its types, and its code. */
interface Way {
  types: string;
  default: string;
}
type Target = string | (Partial<Way> & { import?: Way; require?: Way });

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, Target> };
const DOORS = Object.entries(exports).flatMap(([path, target]) => (typeof target === 'string' ? [] : [{ name: path.replace('.', 'hitherto'), ...target }]));
const WAYS = DOORS.flatMap(({ import: esm, require: cjs, ...only }) => (esm && cjs ? [esm, cjs] : [only as Way]));
const TEN_MINUTES_MS = 600_000;

let project: FreshProject;
beforeAll(async () => {
  project = await createFreshProject(['react', 'react-dom', 'scheduler', 'vue', 'libsql', 'postgres', 'vite', 'webpack', 'esbuild', '@types/react', '@types/node', 'csstype']);
  project.write('package.json', '{ "name": "fresh", "private": true, "type": "module" }');
}, TEN_MINUTES_MS);
afterAll(() => project.remove());

describe('the tarball', () => {
  it('holds the files of the package, and nothing that no door leads to', async () => {
    const [scripts, declarations, files] = [await reachedScripts(), reachedDeclarations(), await packedFiles()];
    const isOther = (file: string): boolean => /^dist\/(site\/|cjs\/package\.json$|integrity\.json$|[\w.-]+\.min\.js$)/.test(file);
    const surplus = files.filter((file) => !scripts.has(file) && !declarations.has(file) && !isOther(file));
    expect(surplus).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'THIRD-PARTY.md', 'package.json']);
    expect([...scripts, ...declarations].filter((file) => !files.includes(file))).toEqual([]);
    expect(files.filter((file) => file.endsWith('.min.js'))).toEqual(['dist/hitherto-activity.min.js', 'dist/hitherto.classic.min.js', 'dist/hitherto.min.js', 'dist/hitherto.remote.min.js']);
  });

  it('names the licence of every package whose code it holds', () => {
    const licences = readFileSync('THIRD-PARTY.md', 'utf8');
    for (const name of ['idb-keyval', 'js-cookie', 'nanoid', 'hono', '@hono/node-server']) expect(licences).toMatch(new RegExp(`^## ${name} \\d`, 'm'));
  });
});

/** What a page that only makes a client and tracks has to load before it does, and what it may load later. */
const PAGE = "import { createClient } from 'hitherto';\ncreateClient({ writeKey: 'KEY', endpoint: 'https://collector.example' }).track('addedToCart');\n";
/** Texts that stand for the parts: what names a person's merges, what is said of a message that cannot be read, and what the doors and the collector's parts complain with. */
const ENGINE = ['failed_attribute_change', 'threw an exception; send plain data'];
const OTHER_DOORS = ['HithertoProvider', 'createHitherto', 'segmentMessage', 'createTestClient', 'Max-Age=', 'hitherto.campaigns', '_cio has no method'];

it('knows the other doors by what it looks for', async () => {
  const code = [...(await reachedScripts())].map((file) => readFileSync(file, 'utf8')).join('\n');
  expect([...ENGINE, ...OTHER_DOORS].filter((text) => !code.includes(text))).toEqual([]);
});

describe.each(['vite', 'webpack', 'esbuild'])('a fresh project with %s', (bundler) => {
  it('bundles a page that tracks, without the engine and the doors that it does not use', async () => {
    const folder = `out-${bundler}`;
    project.write('src/main.js', PAGE);
    project.write('index.html', '<script type="module" src="/src/main.js"></script>');
    await project.run(process.execPath, ['--input-type=module', '--eval', BUNDLE[bundler]!(folder)]);
    const { entry, later } = outputOf(join(project.folder, folder));
    expect(entry).toContain('addedToCart');
    expect([...ENGINE, ...OTHER_DOORS].filter((text) => entry.includes(text))).toEqual([]);
    // It is there, for a page that has no collector.
    expect(ENGINE.filter((text) => !later.includes(text))).toEqual([]);
  }, TEN_MINUTES_MS);
});

const BUNDLE: Record<string, (folder: string) => string> = {
  vite: (folder) => `await (await import('vite')).build({ logLevel: 'error', build: { outDir: '${folder}' } });`,
  webpack: (folder) => `
    const { default: webpack } = await import('webpack');
    const stats = await new Promise((resolve, reject) => webpack({
      mode: 'production', entry: './src/main.js', output: { path: process.cwd() + '/${folder}', filename: 'main.js', chunkFilename: 'chunk-[id].js' },
    }, (error, stats) => (error ? reject(error) : resolve(stats))));
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());`,
  esbuild: (folder) => `
    const { build } = await import('esbuild');
    const { warnings } = await build({ entryPoints: ['src/main.js'], bundle: true, minify: true, splitting: true, format: 'esm', outdir: '${folder}', logLevel: 'error' });
    if (warnings.length > 0) throw new Error(JSON.stringify(warnings));`,
};

/** What is loaded with the page, static imports included, and what is loaded on demand. */
function outputOf(folder: string): { entry: string; later: string } {
  const files = new Map(readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((file) => (file.endsWith('.js') ? [[file.split('/').at(-1)!, readFileSync(join(folder, file), 'utf8')] as const] : [])));
  const loaded = new Set<string>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const [, imported] of files.get(name)!.matchAll(/(?:from|import) ?["']\.\/([^"']+)["']/g)) load(imported!);
  };
  load([...files.keys()].find((name) => /^(index|main)/.test(name))!);
  const text = (isEntry: boolean): string => [...files].flatMap(([name, code]) => (loaded.has(name) === isEntry ? code : [])).join('\n');
  return { entry: text(true), later: text(false) };
}

describe('on a server', () => {
  it('imports every door as an ES module', async () => {
    // A custom element is for a page.
    const doors = DOORS.map(({ name }) => name).filter((name) => name !== 'hitherto/activity');
    const code = `for (const door of ${JSON.stringify(doors)}) console.log(door, Object.keys(await import(door)).length > 0);`;
    expect(await project.run(process.execPath, ['--input-type=module', '--eval', code])).toBe(doors.map((door) => `${door} true\n`).join(''));
  });

  it('requires every door of the browser as CommonJS', async () => {
    const doors = DOORS.flatMap(({ name, require: cjs }) => (cjs ? name : []));
    const code = `for (const door of ${JSON.stringify(doors)}) console.log(door, Object.keys(require(door)).length > 0);`;
    // The file says what it is: in this project a .js file is a module.
    project.write('all.cjs', code);
    expect(await project.run(process.execPath, ['--no-experimental-require-module', 'all.cjs'])).toBe(doors.map((door) => `${door} true\n`).join(''));
    expect(doors).toContain('hitherto/testing');
  });

  it('makes a client that complains of nothing, and lets the program end', async () => {
    // Both streams are one here: whatever is said besides fails this.
    const code = `
      console.error = (line) => console.log(line);
      const { createClient } = await import('hitherto');
      const client = createClient({ writeKey: 'wk', endpoint: 'https://collector.example' });
      console.log(client.inspect().persistence);`;
    expect(await project.run(process.execPath, ['--input-type=module', '--eval', code])).toBe('memory\n');
  });

  it('starts the command line', async () => {
    expect(await project.run(process.execPath, ['node_modules/hitherto/dist/cli.js', '--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('the types', () => {
  it.each(['NodeNext', 'Bundler'])('of every door are whole, without skipLibCheck, with moduleResolution %s', async (moduleResolution) => {
    const imports = DOORS.map(({ name }, i) => `import * as door${i} from '${name}';\nvoid door${i};`).join('\n');
    project.write('src/all.ts', imports);
    project.write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: { strict: true, noEmit: true, target: 'ES2022', lib: ['ES2022', 'DOM', 'DOM.Iterable'], module: moduleResolution === 'NodeNext' ? 'NodeNext' : 'ESNext', moduleResolution, types: ['node'] },
        files: ['src/all.ts'],
      }),
    );
    await project.run(process.execPath, [join(process.cwd(), 'node_modules/typescript/lib/tsc.js'), '-p', '.']);
  }, TEN_MINUTES_MS);
});

/** Every script that a door, or the command line, may load. */
async function reachedScripts(): Promise<Set<string>> {
  const { metafile } = await build({
    // The worker is started by its address.
    entryPoints: [...WAYS.map((way) => way.default), 'dist/cli.js', 'dist/ledger/sqlite-worker.js'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    outdir: 'out',
    logLevel: 'silent',
    platform: 'node',
    packages: 'external',
    external: [...builtinModules],
  });
  return new Set(Object.keys(metafile!.inputs));
}

function reachedDeclarations(): Set<string> {
  const program = ts.createProgram(WAYS.map((way) => way.types), { moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, types: [] });
  const prefix = `${process.cwd()}/`;
  return new Set(program.getSourceFiles().flatMap(({ fileName }) => (/^(.*\/)?dist\//.test(fileName) && !fileName.includes('node_modules') ? fileName.replace(prefix, '').replace(/^\.\//, '') : [])));
}
