// Builds everything into dist/, writes down whose code the bundles contain, and speaks only when something is wrong.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rollup } from 'rollup';
import configurations from '../rollup.config.mjs';

const packages = new Set();
rmSync('dist', { recursive: true, force: true });
for (const { output, ...input } of configurations) {
  const bundle = await rollup({ ...input, onLog: refuseWarnings });
  for (const file of bundle.watchFiles) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
    if (name && name !== 'tslib') packages.add(name);
  }
  await bundle.write(output);
  await bundle.close();
}
writeFileSync('THIRD-PARTY.md', licences([...packages].sort()));
writeFileSync('dist/integrity.json', `${JSON.stringify(integrityOfScripts(), null, 2)}\n`);
removeIdleDeclarations();

/** A warning of the build is a fault: nobody would read it. */
function refuseWarnings(level, log) {
  if (level === 'warn') throw new Error(log.message);
}

function licences(names) {
  const entries = names.map((name) => {
    const folder = `node_modules/${name}`;
    const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!license || !file) throw new Error(`${name} is bundled, but has no licence file; look it up before shipping it.`);
    const text = readFileSync(`${folder}/${file}`, 'utf8').trim();
    return `## ${name} ${version} (${license})\n\n\`\`\`\n${text}\n\`\`\`\n`;
  });
  return `# Third-party licences\n\nThe files in dist/ contain code of these packages.\n\n${entries.join('\n')}`;
}

/** For the attribute `integrity` of a script's tag: what a browser compares the script with before it runs it. */
function integrityOfScripts() {
  const scripts = readdirSync('dist').filter((name) => name.endsWith('.min.js'));
  return Object.fromEntries(scripts.map((name) => [name, `sha384-${createHash('sha384').update(readFileSync(`dist/${name}`)).digest('base64')}`]));
}

/** Each build declares the whole of src; what no door of the package leads to is nobody's. */
function removeIdleDeclarations() {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const used = new Set();
  const follow = (file) => {
    if (used.has(file)) return;
    used.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?'(\.[^']+)\.js'/g)) follow(join(dirname(file), `${path}.d.ts`));
  };
  JSON.stringify(exports, (key, value) => {
    if (key === 'types') follow(join(value));
    return value;
  });
  for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
    const file = relative('.', join(entry.parentPath, entry.name));
    if (file.endsWith('.d.ts') && !used.has(file)) rmSync(file);
  }
}
