import { afterEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector, type SizeLimits } from '../../src/collector/index.js';
import { memoryLedger } from '../../src/ledger/index.js';

let collector: Collector;
function start(sizeLimits: SizeLimits): void {
  collector = createCollector({ ledger: memoryLedger(), writeKeys: ['WK'], secretKeys: ['SECRET'], sizeLimits });
}
afterEach(() => collector?.close());

async function post(path: string, text: string): Promise<[number, { code?: string; refused?: { code: string; message: string }[]; errors?: { batch_index?: number; message: string }[]; meta?: { errors: string[] } }]> {
  const headers = { 'Authorization': `Basic ${btoa('SECRET:')}`, 'X-Strict-Mode': '1' };
  const response = await collector.fetch(new Request(`http://127.0.0.1${path}`, { method: 'POST', headers, body: text }));
  return [response.status, (await response.json()) as object];
}

/** Something that is so many bytes long as JSON. */
function padded(value: (text: string) => object, bytes: number): string {
  return JSON.stringify(value('x'.repeat(bytes - JSON.stringify(value('')).length)));
}

const message = (text: string) => ({ type: 'track', event: 'it', anonymousId: 'v', properties: { text } });
const item = (text: string) => ({ type: 'person', action: 'event', name: 'it', identifiers: { anonymous_id: 'v' }, attributes: { text } });

describe('limits that are set', () => {
  it('hold for a message of the Pipelines API, to the byte', async () => {
    start({ messageBytes: 2000, batchBytes: 10_000 });
    const [status, { refused }] = await post('/v1/b', `{"batch":[${padded(message, 2000)},${padded(message, 2001)}]}`);
    expect([status, refused]).toEqual([200, [expect.objectContaining({ index: 1, code: 'too_large', message: expect.stringContaining('2000 bytes') })]]);
  });

  it('hold for a request of it, and for the number of its messages', async () => {
    start({ messageBytes: 2000, batchBytes: 2000, batchMessages: 2 });
    const batch = (count: number) => (text: string) => ({ batch: Array.from({ length: count }, () => ({ type: 'track', event: 'it', anonymousId: 'v' })), text });
    expect((await post('/v1/b', padded(batch(2), 2000)))[0]).toBe(200);
    expect(await post('/v1/b', padded(batch(2), 2001))).toMatchObject([400, { code: 'too_large', message: expect.stringContaining('2000 bytes') }]);
    expect(await post('/v1/b', padded(batch(3), 2000))).toMatchObject([400, { code: 'too_many', message: expect.stringContaining('at most 2 messages') }]);
  });

  it('hold for the Track API', async () => {
    start({ messageBytes: 2000, batchBytes: 10_000 });
    const event = (text: string) => ({ name: 'it', anonymous_id: 'v', data: { text } });
    expect((await post('/api/v1/events', padded(event, 1900)))[0]).toBe(200);
    expect(await post('/api/v1/events', padded(event, 2001))).toMatchObject([413, { meta: { errors: [expect.stringContaining('2000 bytes')] } }]);
    expect((await post('/api/v2/entity', padded(item, 2000)))[0]).toBe(200);
    expect((await post('/api/v2/entity', padded(item, 2001)))[0]).toBe(413);
    expect(await post('/api/v2/batch', `{"batch":[${padded(item, 2000)},${padded(item, 3000)}]}`)).toMatchObject([207, { errors: [{ batch_index: 1, message: expect.stringContaining('2000 bytes') }] }]);
    expect((await post('/api/v2/batch', padded((text) => ({ batch: [], text }), 10_001)))[0]).toBe(413);
  });

  it('may be wider than the original’s', async () => {
    start({ messageBytes: 100_000, batchBytes: 1_000_000 });
    expect(await post('/v1/b', `{"batch":[${Array(9).fill(padded(message, 100_000)).join()}]}`)).toMatchObject([200, { accepted: 9 }]);
  });

  it('make sense, or the collector does not start', () => {
    for (const [limits, reason] of [
      [{ messageBytes: 0 }, /messageBytes is a whole number/],
      [{ batchMessages: 1.5 }, /batchMessages is a whole number/],
      [{ batchBytes: Number.NaN }, /batchBytes is a whole number/],
      [{ messageBytes: 1_000_000 }, /at most batchBytes \(512000\)/],
    ] as const) {
      expect(() => start(limits)).toThrow(reason);
    }
  });
});
