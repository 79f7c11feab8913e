// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { readLoadOptions } from '../../../src/client/customer-io.js';

const integrations = (more: object): object => ({ integrations: { 'Customer.io Data Pipelines': more } });

describe('readLoadOptions', () => {
  it('sends to Customer.io unless told otherwise, as the original does', () => {
    expect(readLoadOptions({ writeKey: 'KEY' }, {})).toEqual({ writeKey: 'KEY', endpoint: 'https://cdp.customer.io' });
  });

  it('takes an endpoint in our words', () => {
    expect(readLoadOptions({ writeKey: 'KEY' }, { endpoint: 'https://collector.example' })).toMatchObject({ endpoint: 'https://collector.example' });
  });

  it('takes an endpoint in Customer.io\'s words, with https unless told otherwise', () => {
    expect(readLoadOptions({ writeKey: 'KEY' }, integrations({ apiHost: 'collector.example/v1' }))).toMatchObject({ endpoint: 'https://collector.example/v1' });
    expect(readLoadOptions({ writeKey: 'KEY' }, integrations({ apiHost: '127.0.0.1:4321/v1', protocol: 'http' }))).toMatchObject({
      endpoint: 'http://127.0.0.1:4321/v1',
    });
  });

  it('prefers ours', () => {
    const options = { endpoint: 'https://collector.example', ...integrations({ apiHost: 'other.example/v1' }) };
    expect(readLoadOptions({ writeKey: 'KEY' }, options)).toMatchObject({ endpoint: 'https://collector.example' });
  });

  it('hands on every option of ours', () => {
    const options = { cookie: { maxage: 7 }, flushInterval: 5, batchSize: 6 };
    expect(readLoadOptions({ writeKey: 'KEY' }, options)).toMatchObject(options);
  });

  it.each([undefined, null, 'KEY', 7, []])('reads no write key out of %j, and does not throw', (settings) => {
    expect(readLoadOptions(settings, undefined).writeKey).toBeUndefined();
  });

  it.each([null, 'x', { integrations: null }, { integrations: { 'Customer.io Data Pipelines': true } }, integrations({ apiHost: 7 })])(
    'falls back to Customer.io for %j',
    (options) => {
      expect(readLoadOptions({ writeKey: 'KEY' }, options).endpoint).toBe('https://cdp.customer.io');
    },
  );
});
