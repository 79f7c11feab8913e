import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Context } from '../../../src/client/context.js';
import type { Client, Plugin } from '../../../src/client/index.js';
import { sessions, type SessionOptions } from '../../../src/integrations/sessions.js';
import type { JsonObject } from '../../../src/wire/index.js';

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ now: 1_000_000 });
  return () => vi.useRealTimers();
});

const noListener: (event: string, listener: () => void) => void = () => {};

/** The plugin, in a client that has this to say. */
function loaded(options?: SessionOptions, { consent = 'granted', persistence = 'cookie', on = noListener } = {}): Plugin {
  const plugin = sessions(options);
  void plugin.load!(new Context({}), { consent: () => consent, inspect: () => ({ persistence }), on } as unknown as Client);
  return plugin;
}

type Session = { id: string; number: number; startedAt: string };

/** The session of a call that is made now. */
function sessionOf(plugin: Plugin): Session {
  const context = new Context({ type: 'track', context: {} });
  plugin.track!(context);
  return (context.event['context'] as JsonObject)['session'] as Session;
}

describe('a session', () => {
  it('goes on as long as there is no silence of half an hour', () => {
    const plugin = loaded();
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
    expect(sessionOf(loaded())).toEqual(sessionOf(loaded()));
  });

  it.each(['cookie', 'memory'])('ends with reset(), kept in %s', (persistence) => {
    let reset!: () => void;
    const plugin = loaded({}, { persistence, on: (_, listener) => void (reset = listener) });
    const first = sessionOf(plugin);
    reset();
    const next = sessionOf(plugin);
    expect(next.id).not.toBe(first.id);
    expect(next.number).toBe(2);
  });

  it('ends with reset() on a page that made no call, in every tab and on the next page', () => {
    const first = sessionOf(loaded());
    const tab = loaded();
    loaded({}, { on: (_, reset) => reset() });
    expect(sessionOf(tab).id).not.toBe(first.id);
    expect(sessionOf(loaded())).toEqual(sessionOf(tab));
  });

  it('ends when the clock was set back', () => {
    const first = sessionOf(loaded());
    vi.setSystemTime(1_000);
    expect(sessionOf(loaded()).id).not.toBe(first.id);
  });

  it.each(['nonsense', '{}', 'null', '[1]'])('begins anew where something else wrote %s', (text) => {
    localStorage.setItem('hitherto.session', text);
    expect(sessionOf(loaded()).number).toBe(1);
  });

  it('is the page\'s own where nothing can be stored', () => {
    vi.stubGlobal('localStorage', undefined);
    const plugin = loaded({ timeoutMs: 10 });
    const first = sessionOf(plugin);
    expect(sessionOf(plugin)).toEqual(first);
    vi.advanceTimersByTime(10);
    expect(sessionOf(plugin).number).toBe(2);
    vi.unstubAllGlobals();
  });

  it.each([
    ['while nobody knows whether the visitor agrees', { consent: 'pending' }],
    ['of a visitor who says no', { consent: 'denied' }],
    ["with persistence 'memory'", { persistence: 'memory' }],
  ])("is the page's own, neither read nor kept, %s", (_, client) => {
    const kept = sessionOf(loaded());
    const plugin = loaded({}, client);
    const own = sessionOf(plugin);
    expect(own.id).not.toBe(kept.id);
    expect(sessionOf(plugin)).toEqual(own);
    localStorage.clear();
    sessionOf(plugin);
    expect({ ...localStorage }).toEqual({});
  });

  it('goes on once the visitor agrees, and is another after they have said no', () => {
    const plugin = sessions();
    let consent = 'pending';
    void plugin.load!(new Context({}), { consent: () => consent, inspect: () => ({ persistence: 'cookie' }), on() {} } as unknown as Client);
    const first = sessionOf(plugin);
    consent = 'granted';
    expect(sessionOf(plugin)).toEqual(first);
    expect(sessionOf(loaded())).toEqual(first);
    consent = 'pending';
    expect(sessionOf(plugin)).toEqual(first);
    consent = 'granted';
    // As a denial does.
    localStorage.clear();
    expect(sessionOf(plugin).id).not.toBe(first.id);
  });
});
