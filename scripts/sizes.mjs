// What the browser's entries weigh: brotli bytes of each, and the minified bytes of the modules in one of them.
//   node scripts/sizes.mjs [src/snippet.remote.ts]
import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const SCRIPTS = ['dist/hitherto.min.js', 'dist/hitherto.remote.min.js', 'dist/hitherto.classic.min.js', 'dist/hitherto-activity.min.js'];
const [entry = 'src/snippet.remote.ts'] = process.argv.slice(2);

for (const file of SCRIPTS) print(brotliCompressSync(readFileSync(file)).length, file);

const { metafile } = await build({ entryPoints: [entry], bundle: true, minify: true, format: 'iife', target: 'es2022', metafile: true, write: false });
const [{ bytes, inputs }] = Object.values(metafile.outputs);
print(bytes, `${entry}, minified; of that:`);
for (const [file, { bytesInOutput }] of Object.entries(inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)) print(bytesInOutput, `  ${file}`);

function print(size, what) {
  console.log(String(size).padStart(7), what);
}
