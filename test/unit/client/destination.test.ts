// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { destinationOf } from '../../../src/client/destination.js';

const PAGE = 'https://shop.example/cart?x=1';
const KEY = 'KEY';

describe('destinationOf', () => {
  it('is the page itself without endpoint and write key', () => {
    expect(destinationOf({}, true, PAGE)).toEqual({ kind: 'page' });
    expect(destinationOf({ writeKey: '', endpoint: '' }, true, PAGE)).toEqual({ kind: 'page' });
  });

  it('is nowhere without them in a script that has no engine', () => {
    expect(destinationOf({}, false, PAGE)).toEqual({ kind: 'nowhere', problem: expect.stringMatching(/data-write-key.*data-endpoint/) as string });
  });

  it('is the collector with both', () => {
    expect(destinationOf({ writeKey: KEY, endpoint: 'https://collector.example' }, true, PAGE)).toEqual({
      kind: 'collector',
      endpoint: 'https://collector.example',
      writeKey: KEY,
    });
  });

  it('is nowhere with an endpoint alone, and says which collector\'s key is missing', () => {
    expect(destinationOf({ endpoint: 'https://collector.example' }, true, PAGE)).toEqual({
      kind: 'nowhere',
      problem: expect.stringMatching(/writeKey is missing.*https:\/\/collector\.example/) as string,
    });
  });

  it('is nowhere with a write key alone, and says that the endpoint is missing', () => {
    expect(destinationOf({ writeKey: KEY }, true, PAGE)).toEqual({ kind: 'nowhere', problem: expect.stringMatching(/endpoint is missing/) as string });
  });

  it.each(['https://collector.example/', 'https://collector.example//', 'https://collector.example/v1', 'https://collector.example/v1/'])(
    'adds /v1/b itself, whichever way %s ends',
    (endpoint) => {
      expect(destinationOf({ writeKey: KEY, endpoint }, true, PAGE)).toMatchObject({ endpoint: 'https://collector.example' });
    },
  );

  it('keeps the path of a collector that lives below one', () => {
    expect(destinationOf({ writeKey: KEY, endpoint: 'https://example.com/t/' }, true, PAGE)).toMatchObject({ endpoint: 'https://example.com/t' });
  });

  it.each([
    ['/collect', 'https://shop.example/collect'],
    ['//collector.example', 'https://collector.example'],
    ['http://127.0.0.1:4321', 'http://127.0.0.1:4321'],
  ])('reads %s as the page would', (endpoint, address) => {
    expect(destinationOf({ writeKey: KEY, endpoint }, true, PAGE)).toMatchObject({ endpoint: address });
  });

  it.each(['localhost:4321', 'javascript:alert(1)', 'data:text/html,x', 'http://', 'https://exa mple.com'])('is nowhere for %s', (endpoint) => {
    expect(destinationOf({ writeKey: KEY, endpoint }, true, PAGE)).toEqual({ kind: 'nowhere', problem: expect.stringContaining(endpoint) as string });
  });

  it('needs a whole address where there is no page', () => {
    expect(destinationOf({ writeKey: KEY, endpoint: '/collect' }, true, undefined).kind).toBe('nowhere');
    expect(destinationOf({ writeKey: KEY, endpoint: 'https://collector.example' }, true, undefined).kind).toBe('collector');
  });
});
