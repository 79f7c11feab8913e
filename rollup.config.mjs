// What is built, each from one entry file or a list of doors:
//   1. ES modules, one file each, with declarations: for bundlers, which take what they need
//   2. the browser doors as CommonJS, dependencies included: for Jest and older toolchains
//   3. the scripts for a tag (dist/hitherto.min.js, dist/hitherto.remote.min.js, dist/hitherto.classic.min.js), and the activity log's
//   4. the collector and the command line, their pure-JavaScript dependencies included
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import nodeResolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import typescript from '@rollup/plugin-typescript';

const BROWSER_DEPENDENCIES = ['idb-keyval', 'js-cookie', 'nanoid'];
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
/**
 * The first line has Chromium compile a script whole while it comes in, beside the page's thread: compiled function by function,
 * as each is called, it would take that thread twice as long (the inner ones are read again with each outer one).
 */
const PREAMBLE = `//# allFunctionsCalledOnLoad\n/*! hitherto ${version} | MIT | THIRD-PARTY.md */`;
const BROWSER_DOORS = Object.fromEntries(
  ['index', 'engine', 'campaigns', 'classic', 'sessions', 'react', 'vue', 'segment', 'server', 'testing'].map((door) => [door, `src/${door}.ts`]),
);
/** The frameworks of a page are its own. */
const FRAMEWORKS = ['react', 'vue'];
/** A door into React is no server component. */
const banner = ({ name }) => (/(^|\/)react$/.test(name) ? "'use client';" : '');

/** Declarations are written beside the modules that they describe; the scripts have none. Types are checked by `npm run types`, once. */
function compile(declarationDir) {
  const options = declarationDir
    ? { declaration: true, declarationDir, rootDir: 'src', outDir: declarationDir }
    : { declaration: false };
  return typescript({ tsconfig: 'tsconfig.json', compilerOptions: { noEmit: false, noCheck: true, ...options }, exclude: ['test/**', '*.config.ts'] });
}

/** A page may be of any encoding, so that a script is ASCII. @param name what its exports are called in the page; without one it leaves nothing there */
function script(input, file, name) {
  return {
    input,
    output: { file, name, format: 'iife', inlineDynamicImports: true, plugins: [terser({ ecma: 2020, toplevel: !name, compress: { passes: 3 }, format: { ascii_only: true, comments: false, preamble: PREAMBLE } })] },
    plugins: [compile(), nodeResolve({ browser: true })],
  };
}

export default [
  {
    input: { ...BROWSER_DOORS, 'activity/define': 'src/activity/define.ts' },
    external: [...BROWSER_DEPENDENCIES, ...FRAMEWORKS],
    treeshake: { moduleSideEffects: 'no-external' },
    output: { dir: 'dist', format: 'es', preserveModules: true, preserveModulesRoot: 'src', banner },
    plugins: [compile('dist')],
  },
  {
    input: BROWSER_DOORS,
    external: FRAMEWORKS,
    output: { dir: 'dist/cjs', format: 'cjs', chunkFileNames: '[name].js', exports: 'named', banner },
    plugins: [compile('dist/cjs'), nodeResolve({ browser: true }), commonJsFolder('dist/cjs')],
  },
  script('src/snippet.ts', 'dist/hitherto.min.js'),
  script('src/snippet.remote.ts', 'dist/hitherto.remote.min.js'),
  script('src/snippet.classic.ts', 'dist/hitherto.classic.min.js'),
  script('src/activity/define.ts', 'dist/hitherto-activity.min.js', 'HithertoActivity'),
  script('src/activity/page/page.ts', 'dist/site/activity-page.js'),
  {
    input: { cli: 'src/cli.ts', 'collector/index': 'src/collector/index.ts', 'ledger/index': 'src/ledger/index.ts', 'ledger/sqlite': 'src/ledger/sqlite.ts', 'ledger/sqlite-worker': 'src/ledger/sqlite-worker.ts', 'ledger/postgres': 'src/ledger/postgres.ts' },
    external: ['libsql', 'postgres', /^node:/],
    output: { dir: 'dist', format: 'es', chunkFileNames: 'server/[name].js', banner: (chunk) => (chunk.name === 'cli' ? '#!/usr/bin/env node' : '') },
    plugins: [compile('dist'), nodeResolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs(), json(), siteFiles()],
  },
];

/** Says that the .js files of this folder are CommonJS, in a package whose files are ES modules. */
function commonJsFolder(folder) {
  return { name: 'commonjs-folder', writeBundle: () => writeFileSync(`${folder}/package.json`, '{ "type": "commonjs" }\n') };
}

/** The pages that the collector shows: the activity log, and the demo shop. */
function siteFiles() {
  return {
    name: 'site-files',
    writeBundle() {
      for (const file of ['index.html', 'page.css']) cpSync(`src/activity/page/${file}`, `dist/site/${file}`);
      cpSync('node_modules/uplot/dist/uPlot.min.css', 'dist/site/uplot.css');
      cpSync('examples/collector', 'dist/site/demo', { recursive: true, filter: (path) => !path.endsWith('.md') });
    },
  };
}
