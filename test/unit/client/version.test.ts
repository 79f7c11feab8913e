// @vitest-environment node
import { expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { VERSION } from '../../../src/client/version.js';

it('VERSION is the version of the package', () => {
  expect(VERSION).toBe(packageJson.version);
});
