import { describe, expect, it } from 'vitest';
import { isStartedBy, parseCampaigns, type Campaign } from '../../../src/merge/campaign.js';
import type { AcceptedMessage } from '../../../src/wire/index.js';

const CART: Campaign = { name: 'Cart', event: 'addedToCart', where: { 'product.price': { gte: 20 } } };

describe('a campaign', () => {
  it.each<[string, boolean, Partial<AcceptedMessage>]>([
    ['is started by its event when the conditions hold', true, {}],
    ['is not started by another event', false, { event: 'AddedToCart' }],
    ['is not started when a condition fails', false, { properties: { product: { price: 19 } } }],
    ['is not started when there are no properties', false, { properties: null }],
    ['is not started by a page of the same name', false, { type: 'page', name: 'addedToCart' }],
  ])('%s', (_, isStarted, said) => {
    const message: AcceptedMessage = { type: 'track', messageId: 'm', event: 'addedToCart', properties: { product: { price: 20 } }, ...said };
    expect(isStartedBy(CART, message)).toBe(isStarted);
  });

  it('without conditions is started by its event, whatever the properties', () => {
    expect(isStartedBy({ name: 'Any', event: 'e' }, { type: 'track', messageId: 'm', event: 'e' })).toBe(true);
  });
});

describe('parseCampaigns', () => {
  it('gives what it was given when that is right', () => {
    const campaigns = [CART, { name: 'Plain', event: 'e' }, { name: 'Unset', event: 'e', where: undefined }];
    expect(parseCampaigns(campaigns)).toEqual(campaigns);
    expect(parseCampaigns([])).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['campaigns is a list; this is an object.', {}],
    ['campaigns is a list; this is missing.', undefined],
    ['campaigns[0] is an object; this is text.', ['Cart']],
    ['campaigns[0] is an object; this is missing.', Array.from({ length: 1 })],
    ['campaigns[0].name is text that is not blank; this is missing.', [{ event: 'e' }]],
    ['campaigns[0].name is text that is not blank; this is blank.', [{ name: ' ', event: 'e' }]],
    ['campaigns[1].name is taken by an earlier one; give each its own.', [CART, CART]],
    ['campaigns[0].name has at most 150 bytes; this has 152.', [{ name: 'ü'.repeat(76), event: 'e' }]],
    ['campaigns[0].event is text that is not blank; this is 5.', [{ name: 'n', event: 5 }]],
    ['campaigns[0].when is not known here; use name, event, where.', [{ name: 'n', event: 'e', when: {} }]],
  ])('says: %s', (sentence, value) => {
    expect(() => parseCampaigns(value)).toThrow(new TypeError(sentence));
  });

  it.each<[string, unknown]>([
    ['campaigns[1].where is an object, as in { "plan": "pro" }; this is a list.', []],
    ['campaigns[1].where is an object, as in { "plan": "pro" }; this is null.', null],
    ['campaigns[1].where.price.gte is a number; this is text.', { price: { gte: '5' } }],
    ['campaigns[1].where.price.lt is a number; this is NaN.', { price: { lt: Number.NaN } }],
    ['campaigns[1].where.plan.is is text, a number, true, false or null; this is missing.', { plan: { is: undefined } }],
    ['campaigns[1].where.plan.in is a list whose items are text, a number, true, false or null; this is a list.', { plan: { in: [{}] } }],
    ['campaigns[1].where.plan.contains is text; this is true.', { plan: { contains: true } }],
    ['campaigns[1].where.plan.exists is true or false; this is text.', { plan: { exists: 'yes' } }],
    ['campaigns[1].where.plan says nothing; use is, not, in, gt, gte, lt, lte, contains, exists.', { plan: {} }],
    ['campaigns[1].where.plan.equals is not known here; use is, not, in, gt, gte, lt, lte, contains, exists.', { plan: { equals: 1 } }],
    [
      'campaigns[1].where.cart.total is text, a number, true, false or null, or an object, as in { "gte": 5 }; this is a list.',
      { 'cart.total': [1] },
    ],
  ])('says of conditions: %s', (sentence, where) => {
    expect(() => parseCampaigns([CART, { name: 'n', event: 'e', where }])).toThrow(new TypeError(sentence));
  });

  it('takes a name of 150 bytes', () => {
    expect(parseCampaigns([{ name: 'ü'.repeat(75), event: 'e' }])).toHaveLength(1);
  });

  it('takes a thousand, and not one more', () => {
    const campaigns = Array.from({ length: 1001 }, (_, index) => ({ name: `${index}`, event: 'e' }));
    expect(parseCampaigns(campaigns.slice(1))).toHaveLength(1000);
    expect(() => parseCampaigns(campaigns)).toThrow(new TypeError('campaigns has at most 1000 items; this has 1001.'));
  });
});
