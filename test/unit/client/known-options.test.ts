import { describe, expect, it, vi } from 'vitest';
import * as advice from '../../../src/client/advice.js';
import { startClient, type ClientOptions } from '../../../src/client/index.js';
import { errors } from './harness.js';

/** What the page's developer is told of these options, once they have been looked at. */
async function told(options: object): Promise<string[]> {
  const given = { writeKey: 'KEY', endpoint: 'https://collector.example', onError: (error) => errors.push(error), ...options } satisfies ClientOptions;
  const load = vi.fn(async () => advice);
  startClient(given, { loadAdvice: load });
  await load.mock.results[0]?.value;
  await Promise.resolve();
  return errors.map(({ message }) => message);
}

describe('on a developer’s own machine, an option', () => {
  it('that there is not is told of, with the one that was meant', async () => {
    expect(await told({ autopage: true, concent: 'pending' })).toEqual([
      'createClient() has no option "autopage"; write autoPage. It was passed over.',
      'createClient() has no option "concent". It was passed over.',
    ]);
  });

  it('of another kind is told of', async () => {
    expect(await told({ cookie: 'shop.example', batchSize: '50' })).toEqual([
      'the option cookie should be of type object; it is of type string.',
      'the option batchSize should be of type number; it is of type string.',
    ]);
  });

  it('that is as it should be, or was not found, is not', async () => {
    expect(await told({ consent: 'pending', scrub: ['token'], plugins: [], cookie: {}, limit: undefined, flushInterval: 0, autoPage: false, campaigns: undefined })).toEqual([]);
  });
});

it('elsewhere, options are looked at with debug only', async () => {
  vi.stubGlobal('location', new URL('https://shop.example/'));
  expect(await told({ concent: 'pending' })).toEqual([]);
  vi.spyOn(console, 'debug').mockImplementation(() => {});
  expect(await told({ concent: 'pending', debug: true })).toHaveLength(1);
});
