// What the browser's entries weigh: brotli bytes of each; of the least that delivers anything; and the minified bytes of the modules in one of them.
//   node scripts/sizes.mjs [src/snippet.remote.ts]
import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const SCRIPTS = ['dist/hitherto.min.js', 'dist/hitherto.remote.min.js', 'dist/hitherto.classic.min.js', 'dist/hitherto-activity.min.js'];
/** What loses nothing and knows whose it is, before there is a single call. */
const LEAST = [
  "export { createFlusher, createOutbox, createPost, createTabs, keepaliveRoom, readAttempts, writeAttempts } from './src/outbox/index.ts';",
  "export { createIdentity } from './src/identity/index.ts';",
].join('');
const [entry = 'src/snippet.remote.ts'] = process.argv.slice(2);

for (const file of SCRIPTS) print(brotliCompressSync(readFileSync(file)).length, file);
print(await weightOf({}), 'outbox and identity');
print(await weightOf({ mangleProps: /./ }), "the same, were every property renamed, the browser's own too: it would not run");

const { metafile } = await build({ entryPoints: [entry], bundle: true, minify: true, format: 'iife', target: 'es2022', metafile: true, write: false });
const [{ bytes, inputs }] = Object.values(metafile.outputs);
print(bytes, `${entry}, minified; of that:`);
for (const [file, { bytesInOutput }] of Object.entries(inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)) print(bytesInOutput, `  ${file}`);

async function weightOf(options) {
  const { outputFiles } = await build({ stdin: { contents: LEAST, resolveDir: '.' }, bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, ...options });
  return brotliCompressSync(outputFiles[0].contents).length;
}

function print(size, what) {
  console.log(String(size).padStart(7), what);
}
