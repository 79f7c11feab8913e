import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

type Target = string | { default?: string; import?: { default: string } };
const { exports, 'size-limit': limits } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, Target>;
  'size-limit': { path: string; limit: string }[];
};

/** Nobody's page loads these: they run on a server. */
const ON_A_SERVER = ['./collector', './ledger', './ledger/sqlite', './ledger/postgres'];

it('every door that a page, its build or its tests may load has a size limit of its own', () => {
  const limited = new Set(limits.map(({ path }) => `./${path}`));
  const doors = Object.entries(exports).flatMap(([door, target]) => (typeof target === 'string' ? [] : [{ door, file: target.import?.default ?? target.default }]));
  expect(doors.filter(({ file }) => !limited.has(file!)).map(({ door }) => door)).toEqual(ON_A_SERVER);
});
