import { describe, expect, it } from 'vitest';
import { readyText } from '../../src/command-line/ready.js';

const READY = { home: 'http://127.0.0.1:4321/', token: '#token=t', place: '.hitherto/hitherto.db', endpoint: 'http://127.0.0.1:4321', writeKey: 'demo' };

describe('what a collector says once it is ready', () => {
  it('is one line for a program', () => {
    const text = readyText(READY, false);
    expect(text.split('\n')).toEqual([expect.stringContaining('http://127.0.0.1:4321/#token=t'), '']);
  });

  it('tells people where everything is, and how a page comes to send to it', () => {
    const text = readyText(READY, true);
    for (const told of ['http://127.0.0.1:4321/#token=t', 'http://127.0.0.1:4321/demo/', '.hitherto/hitherto.db', 'hitherto snippet --endpoint http://127.0.0.1:4321 --write-key demo']) expect(text).toContain(told);
  });
});
