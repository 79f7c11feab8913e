// Every suite, from a fresh clone: brings the browser, builds what is tested, runs.
import { spawnSync } from 'node:child_process';
import { howToInstall, provideBrowser } from './browsers.mjs';

const isCi = process.env.CI === 'true';
const chromium = provideBrowser('chromium');
if (!chromium && isCi) fail(`The browser tests need Chromium. ${howToInstall('chromium')}`);

// Two tests more for each that is there; the others go without.
for (const name of ['firefox', 'webkit']) {
  if (!provideBrowser(name)) console.error(`\nNot run in ${name}: test/e2e/browsers.spec.mjs. ${howToInstall(name)}`);
}

run('node', ['scripts/build.mjs']);
run('npx', ['vitest', 'run', '--project', 'unit', '--project', 'contract']);
if (chromium) {
  run('npx', ['vitest', 'run', '--project', 'browser']);
  run('npx', ['playwright', 'test']);
} else {
  console.error(`\nNot run: the suites in test/browser and test/e2e, which need Chromium. ${howToInstall('chromium')}`);
}

function run(command, parameters) {
  const env = { ...process.env, ...(chromium && { CHROMIUM: chromium }) };
  const { status } = spawnSync(command, parameters, { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
