import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Context } from '../../../src/client/context.js';
import { sessions } from '../../../src/integrations/sessions.js';
import type { JsonObject } from '../../../src/wire/index.js';

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ now: 1_000_000 });
  return () => vi.useRealTimers();
});

type Session = { id: string; number: number; startedAt: string };

/** The session of a call that is made now. */
function sessionOf(plugin: ReturnType<typeof sessions>): Session {
  const context = new Context({ type: 'track', context: {} });
  plugin.track!(context);
  return (context.event['context'] as JsonObject)['session'] as Session;
}

describe('a session', () => {
  it('goes on as long as there is no silence of half an hour', () => {
    const plugin = sessions();
    const first = sessionOf(plugin);
    expect(first).toEqual({ id: expect.stringMatching(/^[\w-]{21}$/) as string, number: 1, startedAt: '1970-01-01T00:16:40.000Z' });
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(29 * 60_000);
      expect(sessionOf(plugin)).toEqual(first);
    }
    vi.advanceTimersByTime(30 * 60_000);
    const second = sessionOf(plugin);
    expect(second.number).toBe(2);
    expect(second.id).not.toBe(first.id);
  });

  it('is that of all tabs, and of the next page', () => {
    expect(sessionOf(sessions())).toEqual(sessionOf(sessions()));
  });

  it('ends when the clock was set back', () => {
    const first = sessionOf(sessions());
    vi.setSystemTime(1_000);
    expect(sessionOf(sessions()).id).not.toBe(first.id);
  });

  it.each(['nonsense', '{}', 'null', '[1]'])('begins anew where something else wrote %s', (text) => {
    localStorage.setItem('hitherto.session', text);
    expect(sessionOf(sessions()).number).toBe(1);
  });

  it('is the page\'s own where nothing can be stored', () => {
    vi.stubGlobal('localStorage', undefined);
    const plugin = sessions({ timeoutMs: 10 });
    const first = sessionOf(plugin);
    expect(sessionOf(plugin)).toEqual(first);
    vi.advanceTimersByTime(10);
    expect(sessionOf(plugin).number).toBe(2);
    vi.unstubAllGlobals();
  });
});
