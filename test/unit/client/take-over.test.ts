import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { timeOfCall } from '../../../src/client/circumstances.js';
import { takeOver } from '../../../src/client/index.js';
import type { Client, ClientOptions } from '../../../src/client/index.js';
import { snippet } from '../../../src/loader/index.js';

type Call = [name: string, ...values: unknown[]];
interface Page {
  cioanalytics?: unknown;
  analytics?: unknown;
}
const page = globalThis as Page;

/** A client that writes down what it is asked to do, and with what it was started. */
function recorder() {
  const calls: Call[] = [];
  const started: unknown[] = [];
  const methods = Object.fromEntries(['track', 'page', 'identify', 'on'].map((name) => [name, (...values: unknown[]) => calls.push([name, ...values])]));
  const start = (options: ClientOptions, settings?: unknown): Client => {
    started.push(settings ? { ...settings, options } : options);
    return { initialized: true, ...methods } as unknown as Client;
  };
  return { calls, started, start };
}

function tag(attributes: Record<string, string> = {}): HTMLScriptElement {
  const script = document.createElement('script');
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(`data-${name}`, value);
  return script;
}

/** What the pasted snippet of this kind of client does, in our own words. */
function paste(): void {
  const stub = (page.cioanalytics ??= []) as unknown[] & Record<string, unknown>;
  if (stub['initialize'] || stub['invoked']) return;
  stub['invoked'] = true;
  for (const name of ['track', 'page', 'identify']) stub[name] = (...values: unknown[]) => (stub.push([name, ...values]), stub);
  stub['load'] = (key: string, options?: unknown) => Object.assign(stub, { _writeKey: key, _loadOptions: options });
}

function global(): Record<string, (...values: unknown[]) => unknown> {
  return page.cioanalytics as Record<string, (...values: unknown[]) => unknown>;
}

beforeEach(() => {
  delete page.cioanalytics;
  delete page.analytics;
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('takeOver', () => {
  it('makes the calls that the page made before, in their order, whatever their methods', () => {
    const { calls, start } = recorder();
    paste();
    global()['page']!();
    global()['track']!('early', { a: 1 });
    global()['identify']!('ada');
    global()['track']!('late');
    takeOver(tag(), start);
    expect(calls).toEqual([['page'], ['track', 'early', { a: 1 }], ['identify', 'ada'], ['track', 'late']]);
  });

  it('puts the client in the stub\'s place', () => {
    const { start } = recorder();
    paste();
    takeOver(tag(), start);
    expect(page.cioanalytics).toMatchObject({ initialized: true });
    expect(Array.isArray(page.cioanalytics)).toBe(false);
  });

  it('does as well where the page pasted nothing but the tag', () => {
    const { calls, start } = recorder();
    takeOver(tag(), start);
    expect(page.cioanalytics).toMatchObject({ initialized: true });
    expect(calls).toEqual([]);
  });

  it('hears the page that has kept the stub, or a method of it', () => {
    const { calls, start } = recorder();
    paste();
    const stub = global();
    const { track } = stub;
    takeOver(tag(), start);
    stub['page']!('held');
    track!('held too');
    expect(calls).toEqual([['page', 'held'], ['track', 'held too']]);
  });

  it('takes what is pushed where the page cannot know whether the script is there', () => {
    const { calls, start } = recorder();
    const push = (...call: Call): unknown => ((page.cioanalytics ??= []) as unknown[]).push(call);
    push('track', 'before');
    takeOver(tag(), start);
    push('track', 'after');
    expect(calls).toEqual([['track', 'before'], ['track', 'after']]);
  });

  it('does so too in a page that has frozen what arrays inherit', () => {
    const { calls, start } = recorder();
    const inherited: unknown = Object.freeze(Object.create(Array.prototype, { push: { value: Array.prototype.push, writable: false } }));
    page.cioanalytics = Object.setPrototypeOf([['track', 'before']], inherited as object);
    takeOver(tag(), start);
    expect(calls).toEqual([['track', 'before']]);
  });

  it('makes a call after those before it though one of them makes it', () => {
    const { calls, start } = recorder();
    paste();
    const stub = global();
    const startReentrant = (options: ClientOptions): Client => {
      const client = start(options) as unknown as Record<string, unknown>;
      client['on'] = (fn: () => void) => fn();
      return client as unknown as Client;
    };
    stub['track']!('first');
    (stub as unknown as unknown[]).push(['on', () => stub['track']!('from a callback')]);
    takeOver(tag(), startReentrant);
    expect(calls).toEqual([['track', 'first'], ['track', 'from a callback']]);
  });

  it('starts one client though the tag is pasted twice', () => {
    const { started, start } = recorder();
    paste();
    takeOver(tag(), start);
    const client = page.cioanalytics;
    takeOver(tag(), start);
    expect(started).toHaveLength(1);
    expect(page.cioanalytics).toBe(client);
  });

  it('stands though the snippet is pasted once more after it', () => {
    const { calls, start } = recorder();
    paste();
    takeOver(tag(), start);
    paste();
    global()['track']!('after');
    expect(calls).toEqual([['track', 'after']]);
  });

  it('stands though our own snippet is pasted after it', () => {
    const { calls, start } = recorder();
    takeOver(tag(), start);
    const [code] = /(?<=<script>).*(?=<\/script>)/s.exec(snippet({ src: 'https://collector.example/hitherto.remote.min.js' }))!;
    // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- as a page runs what was pasted into it
    new Function('self', code)(page);
    global()['track']!('after');
    expect(calls).toEqual([['track', 'after']]);
  });

  it('makes a call as of the time and the page that the snippet noted with it', () => {
    const times: unknown[] = [];
    const at = [7, 'https://shop.example/first', 'First', ''];
    page.cioanalytics = [Object.assign(['track', 'a'], { at }), ['track', 'b']];
    takeOver(tag(), () => ({ initialized: true, track: () => times.push(timeOfCall()) }) as unknown as Client);
    expect(times[0]).toBe(7);
    expect(times[1]).toBeGreaterThan(7);
  });

  it('says which call it cannot make, and makes the others', () => {
    const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { calls, start } = recorder();
    page.cioanalytics = [['teleport', 'x'], 'nonsense', null, ['track', 'a'], []];
    takeOver(tag(), start);
    expect(calls).toEqual([['track', 'a']]);
    expect(consoleError.mock.calls[0]![0]).toContain('teleport');
  });
});

describe('what a tag says', () => {
  it('is the write key and the endpoint', () => {
    const { started, start } = recorder();
    takeOver(tag({ 'write-key': 'KEY', endpoint: 'https://collector.example' }), start);
    expect(started).toEqual([{ writeKey: 'KEY', endpoint: 'https://collector.example' }]);
  });

  it('is whether the visitor has agreed, and whether to track page views', () => {
    const { started, start } = recorder();
    takeOver(tag({ consent: 'pending', 'auto-page': '' }), start);
    delete page.cioanalytics;
    takeOver(tag({ 'auto-page': 'false' }), start);
    expect(started).toEqual([{ consent: 'pending', autoPage: true }, { autoPage: false }]);
  });

  it('is what is kept of the visitor, and whether the browser may say no', () => {
    const { started, start } = recorder();
    takeOver(tag({ persistence: 'localStorage', 'global-privacy-control': '', 'do-not-track': 'true', debug: '', 'first-party-cookie': 'false' }), start);
    expect(started).toEqual([{ persistence: 'localStorage', globalPrivacyControl: true, doNotTrack: true, debug: true, firstPartyCookie: false }]);
  });

  it('is the same in the names that the options have in a script', () => {
    const { started, start } = recorder();
    takeOver(tag({ writeKey: 'KEY', endPoint: 'https://collector.example', autoPage: '' }), start);
    expect(started).toEqual([{ writeKey: 'KEY', endpoint: 'https://collector.example', autoPage: true }]);
  });

  it('is no consent where a template had none to put in', () => {
    const { started, start } = recorder();
    takeOver(tag({ consent: '' }), start);
    expect(started).toEqual([{ consent: '' }]);
  });

  it('may be nothing: then the engine runs in the page', () => {
    const { started, start } = recorder();
    takeOver(tag(), start);
    takeOver(null, start);
    expect(started).toEqual([{}]);
  });

  it.each(['global', 'global-customerio-analytics-key'])('names the global, as data-%s', (attribute) => {
    const { calls, start } = recorder();
    page.analytics = [['track', 'a']];
    takeOver(tag({ [attribute]: 'analytics' }), start);
    expect(page.analytics).toMatchObject({ initialized: true });
    expect(page.cioanalytics).toBeUndefined();
    expect(calls).toEqual([['track', 'a']]);
  });
});

describe('load() on the stub', () => {
  it('names the write key', () => {
    const { started, start } = recorder();
    paste();
    global()['load']!('KEY');
    takeOver(tag(), start);
    expect(started).toEqual([{ writeKey: 'KEY', cdnURL: undefined, options: {} }]);
  });

  it('is told otherwise by the tag, or by its own options before that', () => {
    const { started, start } = recorder();
    paste();
    global()['load']!('KEY');
    takeOver(tag({ endpoint: 'https://collector.example' }), start);
    delete page.cioanalytics;
    paste();
    global()['load']!('KEY', { endpoint: 'https://other.example', batchSize: 5 });
    takeOver(tag({ endpoint: 'https://collector.example' }), start);
    expect(started).toEqual([
      { writeKey: 'KEY', cdnURL: undefined, options: { endpoint: 'https://collector.example' } },
      { writeKey: 'KEY', cdnURL: undefined, options: { endpoint: 'https://other.example', batchSize: 5 } },
    ]);
  });

  it('says where the settings are, in the snippet\'s own way', () => {
    const { started, start } = recorder();
    paste();
    global()['load']!('KEY');
    Object.assign(global(), { _cdn: 'https://cdp-eu.customer.io' });
    takeOver(tag(), start);
    expect(started).toEqual([{ writeKey: 'KEY', cdnURL: 'https://cdp-eu.customer.io', options: {} }]);
  });
});
