// Builds everything into dist/, and says so only when something is wrong.
import { rmSync } from 'node:fs';
import { rollup } from 'rollup';
import configurations from '../rollup.config.mjs';

rmSync('dist', { recursive: true, force: true });
for (const { output, ...input } of configurations) {
  const bundle = await rollup({ ...input, onLog: refuse });
  await bundle.write(output);
  await bundle.close();
}

/** A warning of the build is a fault: it would be overlooked. */
function refuse(level, log) {
  if (level === 'warn') throw new Error(log.message);
}
