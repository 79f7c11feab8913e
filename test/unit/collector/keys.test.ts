import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../../src/collector/keys.js';

describe('secrets', () => {
  it('are those that were configured, and nothing that is near them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { maxLength: 4 }), fc.string(), (secrets, candidate) => {
        const isSecret = createSecrets(secrets);
        expect(isSecret(candidate)).toBe(secrets.includes(candidate));
        for (const secret of secrets) {
          expect(isSecret(secret)).toBe(true);
          // What a comparison that goes round and round would take: the secret twice, or cut.
          for (const near of [secret + secret, secret.slice(1), secret.slice(0, -1), `${secret}\0`]) expect(isSecret(near)).toBe(secrets.includes(near));
        }
      }),
    );
  });
});
