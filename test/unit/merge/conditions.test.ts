import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meets, type Conditions } from '../../../src/merge/conditions.js';

const CART = { plan: 'pro', price: 20, trial: false, coupon: null, tags: ['sale', 'new'], cart: { total: 50, 'net.total': 40 }, 'cart.size': 3 };

describe('a condition', () => {
  it.each<[string, Conditions, Conditions]>([
    ['a value alone: this very value', { plan: 'pro' }, { plan: 'Pro' }],
    ['a number is not the text of it', { price: 20 }, { price: '20' }],
    ['null is null, not nothing', { coupon: null }, { nowhere: null }],
    ['is', { trial: { is: false } }, { trial: { is: null } }],
    ['not', { plan: { not: 'free' } }, { plan: { not: 'pro' } }],
    ['in', { plan: { in: ['pro', 'team'] } }, { plan: { in: ['free', null] } }],
    ['gt', { price: { gt: 19.99 } }, { price: { gt: 20 } }],
    ['gte', { price: { gte: 20 } }, { price: { gte: 20.01 } }],
    ['lt', { price: { lt: 20.01 } }, { price: { lt: 20 } }],
    ['lte', { price: { lte: 20 } }, { price: { lte: 19.99 } }],
    ['numbers compare with numbers only', { price: { gt: 0 } }, { coupon: { lte: 0 } }],
    ['contains, in a text', { plan: { contains: 'pr' } }, { plan: { contains: 'fr' } }],
    ['contains, in a list: a whole item', { tags: { contains: 'sale' } }, { tags: { contains: 'sal' } }],
    ['contains, in what is neither', { tags: { contains: 'new' } }, { price: { contains: '2' } }],
    ['exists', { plan: { exists: true } }, { nowhere: { exists: true } }],
    ['exists not', { nowhere: { exists: false } }, { plan: { exists: false } }],
    ['null exists', { coupon: { exists: true } }, { coupon: { exists: false } }],
    ['all that is said of one value', { price: { gt: 10, lt: 30 } }, { price: { gt: 10, lt: 15 } }],
    ['all values', { plan: 'pro', price: 20 }, { plan: 'pro', price: 21 }],
    ['a dot leads into an object', { 'cart.total': 50 }, { 'cart.nowhere': 50 }],
    ['a name with a dot of its own, further in', { 'cart.net.total': 40 }, { 'cart.net': { exists: true } }],
    ['a name with a dot of its own', { 'cart.size': 3 }, { 'plan.length': 3 }],
    ['an item of a list', { 'tags.0': 'sale' }, { 'tags.2': 'sale' }],
  ])('%s', (_, holds, fails) => {
    expect(meets(CART, holds)).toBe(true);
    expect(meets(CART, fails)).toBe(false);
  });

  it('takes the name with the dot before the way into the object', () => {
    expect(meets({ 'a.b': 1, a: { b: 2 } }, { 'a.b': 1 })).toBe(true);
  });

  it('of nothing at all is met by `not` and by `exists: false`', () => {
    for (const nothing of [undefined, null, 'text', 7]) {
      expect(meets(nothing, { plan: { not: 'pro' } })).toBe(true);
      expect(meets(nothing, { plan: { exists: false } })).toBe(true);
      expect(meets(nothing, { plan: { is: 'pro' } })).toBe(false);
    }
  });
});

describe('meets', () => {
  it('holds when there are no conditions', () => {
    expect(meets({}, undefined)).toBe(true);
    expect(meets(undefined, {})).toBe(true);
  });

  it('sees own properties only', () => {
    expect(meets({}, { toString: { exists: true } })).toBe(false);
    expect(meets({ a: {} }, { 'a.constructor.name': 'Object' })).toBe(false);
    expect(meets({}, { ['__proto__']: { exists: true } })).toBe(false);
    expect(meets(JSON.parse('{ "__proto__": 1 }'), JSON.parse('{ "__proto__": 1 }'))).toBe(true);
  });

  it('is not met by a value that throws when it is read, and does not throw', () => {
    const trap = {
      get plan(): string {
        throw new Error('no');
      },
    };
    expect(meets(trap, { plan: { not: 'pro' } })).toBe(false);
  });

  it('never throws, whatever the values and the conditions are', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (values, conditions) => {
        expect(typeof meets(values, conditions as Conditions)).toBe('boolean');
      }),
    );
  });
});
