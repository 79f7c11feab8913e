import { describe, expect, it } from 'vitest';
import { cut, shortId } from '../../../src/activity/who.js';

describe('what a stranger wrote', () => {
  it('is shown whole as far as an id goes: whoever erases a person has to type it', () => {
    expect(cut('x'.repeat(150))).toBe('x'.repeat(150));
    expect(cut('x'.repeat(151))).toBe(`${'x'.repeat(150)}…`);
  });

  it('is not cut through the middle of a character', () => {
    expect(cut(`${'x'.repeat(149)}🦊🦊`)).toBe(`${'x'.repeat(149)}…`);
    expect(shortId('visitor🦊🦊🦊🦊')).toBe('visitor…');
  });
});
