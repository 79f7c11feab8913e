import { beforeEach, describe, expect, it } from 'vitest';
import { classic, type Classic } from '../../../src/integrations/classic.js';
import { sent, start } from '../client/harness.js';

let cio: Classic;
let arrive: () => Promise<unknown[]>;
beforeEach(() => {
  const client = start({ scrub: ['token'] });
  cio = classic(client);
  arrive = async () => {
    await client.flush();
    return sent.map(({ type, event, name, userId, traits }) => [event ?? name ?? type, userId, traits]);
  };
});

describe('_cio.page()', () => {
  it('without a name says the page\'s address, without its fragment and what is scrubbed', async () => {
    history.replaceState(null, '', '/cart?token=secret&step=2#access_token=secret');
    cio.page();
    expect(await arrive()).toEqual([['http://127.0.0.1/cart?step=2', null, undefined]]);
    expect(JSON.stringify(sent)).not.toContain('secret');
  });
});
