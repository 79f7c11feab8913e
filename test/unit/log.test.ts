import { describe, expect, it } from 'vitest';
import { escaped } from '../../src/command-line/log.js';

describe('a line of the log', () => {
  it('says the same, with nothing in it that a terminal obeys', () => {
    const entry = { message: 'é 😀 \u007f\u009b31m\u2028\u2029\u202e\u200b\u{e0001} "quoted" \u001b' };
    const line = escaped(JSON.stringify(entry));
    expect(JSON.parse(line)).toEqual(entry);
    expect(line).toContain('é 😀');
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
  });
});
