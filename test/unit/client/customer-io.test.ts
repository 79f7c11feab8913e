// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { readLoadOptions as readRequest } from '../../../src/client/customer-io.js';
import type { ClientOptions } from '../../../src/client/index.js';

const readLoadOptions = (settings: unknown, options: unknown): ClientOptions => readRequest(settings, options).options;

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

  it('takes plugins and the timeout from either argument', () => {
    const [one, two] = [{ name: 'one' }, { name: 'two' }];
    expect(readLoadOptions({ writeKey: 'KEY', plugins: [one], timeout: 5 }, {})).toMatchObject({ plugins: [[one], []], timeout: 5 });
    expect(readLoadOptions({ writeKey: 'KEY', plugins: [one], timeout: 5 }, { plugins: [two], timeout: 6 })).toMatchObject({ plugins: [[one], [two]], timeout: 6 });
  });

  it('sends under the apiKey of their integration, and asks for the settings of the source', () => {
    const request = readRequest({ writeKey: 'KEY' }, integrations({ apiKey: 'OTHER', apiHost: 'collector.example/v1' }));
    expect(request).toMatchObject({ options: { writeKey: 'OTHER' }, source: 'KEY' });
    expect(readLoadOptions({ writeKey: 'KEY', cdnSettings: integrations({ apiKey: 'OTHER' }) }, {}).writeKey).toBe('OTHER');
  });

  it.each([undefined, null, {}, []])('reads no write key out of %j, and does not throw', (settings) => {
    expect(readLoadOptions(settings, undefined).writeKey).toBeUndefined();
  });

  it.each([null, 'x', { integrations: null }, { integrations: { 'Customer.io Data Pipelines': true } }, integrations({ apiHost: 7 })])(
    'falls back to Customer.io for %j',
    (options) => {
      expect(readLoadOptions({ writeKey: 'KEY' }, options).endpoint).toBe('https://cdp.customer.io');
    },
  );
});

describe('where the settings are asked for', () => {
  const cdnSettings = { integrations: { 'Customer.io Data Pipelines': { apiHost: 'cdp-eu.customer.io/v1' } } };

  it('is Customer.io, or where the page says; messages go there too as long as nobody says otherwise', () => {
    expect(readRequest({ writeKey: 'KEY' }, {})).toMatchObject({ cdnURL: 'https://cdp.customer.io', options: { endpoint: 'https://cdp.customer.io' } });
    const eu = { cdnURL: 'https://cdp-eu.customer.io', options: { endpoint: 'https://cdp-eu.customer.io' } };
    expect(readRequest({ writeKey: 'KEY', cdnURL: 'https://cdp-eu.customer.io' }, {})).toMatchObject(eu);
    expect(readRequest({ writeKey: 'KEY' }, { cdnURL: 'https://cdp-eu.customer.io' })).toMatchObject(eu);
  });

  it('is nowhere when the page has them, or says where to send in our words', () => {
    expect(readRequest({ writeKey: 'KEY', cdnSettings }, {})).not.toHaveProperty('cdnURL');
    expect(readRequest({ writeKey: 'KEY' }, { endpoint: 'https://collector.example' })).not.toHaveProperty('cdnURL');
  });

  it('does not matter where the page has them: they say where to send, and the page\'s own options over them', () => {
    expect(readRequest({ writeKey: 'KEY', cdnSettings }, {}).options.endpoint).toBe('https://cdp-eu.customer.io/v1');
    expect(readRequest({ writeKey: 'KEY', cdnSettings }, integrations({ protocol: 'http' })).options.endpoint).toBe('http://cdp-eu.customer.io/v1');
    expect(readRequest({ writeKey: 'KEY', cdnSettings }, integrations({ apiHost: 'other.example/v1' })).options.endpoint).toBe('https://other.example/v1');
  });

  it('keeps nothing in the browser of a page that asks for that', () => {
    expect(readRequest({ writeKey: 'KEY' }, { disableClientPersistence: true }).options.persistence).toBe('memory');
  });

  it.each([[{ persist: false }, 'memory'], [{ disable: true }, 'memory'], [{ persist: true, disable: false }, undefined], [null, undefined]])(
    'keeps no visitor where it is to keep no user, unless the page says where to: %j',
    (user, persistence) => {
      expect(readLoadOptions({ writeKey: 'KEY' }, { user }).persistence).toBe(persistence);
      expect(readLoadOptions({ writeKey: 'KEY' }, { user, persistence: 'cookie' }).persistence).toBe('cookie');
    },
  );
});
