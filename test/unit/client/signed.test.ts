import { describe, expect, it } from 'vitest';
import { signedCall } from '../../../src/client/signed.js';

const part = (value: object): string => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const TOKEN = `${part({ alg: 'HS256' })}.${part({ sub: 'ada' })}.c2ln`;

describe('an identify with a token', () => {
  it('may be nothing but the token: it says who it is', () => {
    expect(signedCall({ token: TOKEN }, null)).toEqual({ token: TOKEN, userId: 'ada', traits: {}, options: {} });
  });

  it('may have it among its options, beside its traits', () => {
    expect(signedCall({ plan: 'pro' }, { token: TOKEN, integrations: {} })).toEqual({ token: TOKEN, userId: 'ada', traits: { plan: 'pro' }, options: { integrations: {} } });
  });

  it.each([
    [{ token: TOKEN, plan: 'pro' }, null],
    [{ token: 'a word' }, null],
    [{ token: 7 }, { token: 'a.b' }],
    [null, undefined],
  ])('is not one with %j, %j: a trait is a trait', (traits, options) => {
    expect(signedCall(traits, options)).toEqual({ traits, options });
  });

  it('whose inside cannot be read goes to the collector as it is', () => {
    expect(signedCall({ token: 'a.b.c' }, null)).toMatchObject({ token: 'a.b.c', userId: undefined });
  });
});
