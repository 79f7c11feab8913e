import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector, type Meter } from '../../src/collector/index.js';
import { memoryLedger } from '../../src/ledger/index.js';

/** Written down instead of counted. */
function recordingMeter(refused: string[]): Meter {
  return {
    answered() {},
    appending: () => () => {},
    appended() {},
    failed() {},
    refused: (code, messages) => void refused.push(...Array<string>(messages).fill(code)),
    givenUp() {},
    purged() {},
  };
}

const SECRET = { Authorization: `Basic ${btoa('site:SECRET')}` };
const big = 'x'.repeat(33_000);
const item = (fields: object) => ({ type: 'person', action: 'event', name: 'it', identifiers: { id: 'ada' }, ...fields });

describe('what is refused', () => {
  let refused: string[];
  let collector: Collector;
  beforeEach(() => {
    refused = [];
    collector = createCollector({ ledger: memoryLedger(), writeKeys: ['WK'], secretKeys: ['SECRET'], meter: recordingMeter(refused) });
  });
  afterEach(() => collector.close());

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    collector.fetch(new Request(`http://127.0.0.1${path}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) }));

  // Whatever the answer says: without strict mode the Pipelines API says 200 to all of these.
  it.each<[string, string[], string, unknown, Record<string, string>?]>([
    ['a key that nobody knows', ['unknown_write_key'], '/v1/b', { writeKey: 'other', batch: [] }],
    ['no key', ['unknown_write_key'], '/v1/t', {}],
    ['what is no JSON', ['not_json'], '/v1/b', '{'],
    ['what is no object', ['not_an_object'], '/v1/b', '[]'],
    ['too much', ['too_large'], '/v1/b', big.repeat(16)],
    ['a batch without messages', ['no_batch'], '/v1/b', { writeKey: 'WK' }],
    ['each message for itself', ['no_event', 'unknown_type', 'no_identity', 'too_large'], '/v1/b', {
      writeKey: 'WK',
      batch: [{ type: 'track', anonymousId: 'v' }, { type: 'shout' }, { type: 'track', event: 'it' }, { type: 'track', event: 'fine', anonymousId: 'v' }, { type: 'track', event: 'it', anonymousId: 'v', properties: { big } }],
    }],
    ['each message with a key of its own', ['unknown_write_key'], '/v1/b', { batch: [{ type: 'track', event: 'fine', anonymousId: 'v', writeKey: 'WK' }, { type: 'track', event: 'it', anonymousId: 'v', writeKey: 'other' }] }],
    ['one message', ['no_event'], '/v1/t', { writeKey: 'WK', anonymousId: 'v' }],
    ['a server without a secret', ['unauthorized'], '/api/v1/events', { name: 'it', anonymous_id: 'v' }],
    ['a write key in the place of a secret', ['unauthorized'], '/api/v2/entity', item({}), { Authorization: `Basic ${btoa('WK:')}` }],
    ['an event without a name', ['no_name'], '/api/v1/events', { anonymous_id: 'v' }, SECRET],
    ['a body of the Track API', ['not_json'], '/api/v1/events', 'name=it', SECRET],
    ['an entity', ['no_identifiers'], '/api/v2/entity', item({ identifiers: {} }), SECRET],
    ['each item for itself', ['no_name', 'bad_type', 'bad_identifiers'], '/api/v2/batch', { batch: [item({ name: '' }), item({}), 7, item({ identifiers: { id: 'x'.repeat(151) } })] }, SECRET],
  ])('is counted by a code that stays: %s', async (_, codes, path, body, headers) => {
    await post(path, body, headers);
    expect(refused).toEqual(codes);
  });

  it('is nothing when everything is fine', async () => {
    await post('/v1/b', { writeKey: 'WK', batch: [{ type: 'track', event: 'it', anonymousId: 'v' }] });
    await post('/api/v2/batch', { batch: [item({})] }, SECRET);
    expect(refused).toEqual([]);
  });
});
