import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { drawAll, TIMELINES } from './drawing.js';

const PAGE = 'docs/merge-rules.md';
const PLACE = /(<!-- drawn -->\n)[^]*(\n<!-- drawn -->)/;

it('the page on merge rules shows what the engine does', () => {
  const text = readFileSync(PAGE, 'utf8');
  const drawn = text.replace(PLACE, (_, begin: string, end: string) => `${begin}\n${drawAll()}\n${end}`);
  // DRAW=1 npx vitest run --project unit test/unit/merge/drawing.test.ts
  if (process.env['DRAW']) writeFileSync(PAGE, drawn);
  else expect(text).toBe(drawn);
  expect(text).toMatch(PLACE);
});

it('draws all sixteen', () => {
  expect(TIMELINES.map(({ name }) => name)).toEqual(Array.from({ length: 16 }, (_, i) => `E${i + 1}`));
});
