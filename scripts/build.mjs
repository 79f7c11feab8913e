// Builds everything into dist/, writes down whose code the bundles contain, and speaks only when something is wrong.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
