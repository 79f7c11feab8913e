import { generateKeyPair, exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector, type SignedIdentityOptions } from '../../src/collector/index.js';
import { memoryLedger } from '../../src/ledger/index.js';
import type { BatchAnswer, Person } from '../../src/wire/index.js';
import { HOUR, NOON } from './messages.js';

const HOST = 'http://127.0.0.1:4321';
const SECRET = 'a secret of more than thirty-two bytes';
const open: Collector[] = [];

afterEach(async () => {
  for (const collector of open.splice(0)) await collector.close();
});

function collect(signedIdentity: SignedIdentityOptions) {
  const ledger = memoryLedger();
  const collector = createCollector({ ledger, writeKeys: ['WK'], secretKeys: ['SERVER'], adminToken: 'ADMIN', signedIdentity, now: () => NOON });
  open.push(collector);
  const post = async (batch: object[], headers: Record<string, string> = {}) =>
    (await (await collector.fetch(new Request(`${HOST}/v1/b`, { method: 'POST', headers, body: JSON.stringify({ writeKey: 'WK', batch }) }))).json()) as BatchAnswer;
  const person = async (id: string) => {
    const response = await collector.fetch(new Request(`${HOST}/api/people/${id}`, { headers: { Authorization: 'Bearer ADMIN' } }));
    return response.status === 200 ? ((await response.json()) as Person) : undefined;
  };
  return { post, person, ledger };
}

const sign = (claims: Record<string, unknown>, { secret = SECRET, expires = NOON + HOUR } = {}): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(new Date(expires)).sign(new TextEncoder().encode(secret));

const track = { type: 'track', event: 'addedToCart', anonymousId: 'v', messageId: 'm1' };
const identify = (fields: object = {}) => ({ type: 'identify', userId: 'ada', anonymousId: 'v', messageId: 'i', traits: { plan: 'pro' }, ...fields });
const codes = ({ refused }: BatchAnswer) => refused.map(({ index, code }) => `${index} ${code}`);

describe('an identify of a page', () => {
  it('needs no token where identities are open, and one that comes along is not kept', async () => {
    const { post, person } = collect({ require: 'open' });
    expect(await post([track, identify({ token: 'whatever' })])).toMatchObject({ accepted: 2, refused: [] });
    expect(await person('ada')).toMatchObject({ traits: { plan: 'pro' }, anonymousIds: ['v'] });
  });

  it('sets no traits without a token where traits are signed; it joins all the same', async () => {
    const { post, person } = collect({ require: 'traits', secret: SECRET });
    expect(await post([track, identify()])).toMatchObject({ accepted: 2, refused: [] });
    expect(await person('ada')).toMatchObject({ traits: {}, anonymousIds: ['v'], events: [{ messageId: 'm1' }] });
    await post([identify({ messageId: 'i2', token: await sign({ sub: 'ada', anonymous_id: 'v', traits: { plan: 'team' } }) })]);
    expect(await person('ada')).toMatchObject({ traits: { plan: 'team' } });
  });

  it('is refused without a token where all is signed, and its neighbours are not', async () => {
    const { post, person } = collect({ require: 'all', secret: SECRET });
    const answer = await post([{ type: 'shout' }, track, identify(), { type: 'alias', userId: 'ada', previousId: 'v', anonymousId: 'v' }, { ...track, messageId: 'm2' }]);
    expect([answer.accepted, codes(answer)]).toEqual([2, ['0 unknown_type', '2 unsigned_identify', '3 unsigned_identify']]);
    expect(await person('ada')).toBeUndefined();
  });

  it('joins with a token of its site, by a secret or by a public key', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const token = await new SignJWT({ sub: 'ada', anonymous_id: 'v' }).setProtectedHeader({ alg: 'ES256' }).setExpirationTime(new Date(NOON + HOUR)).sign(privateKey);
    for (const [options, signed] of [[{ secret: ['b'.repeat(40), SECRET] }, await sign({ sub: 'ada', anonymous_id: 'v' })], [{ publicKey: await exportSPKI(publicKey) }, token]] as const) {
      const { post, person } = collect({ require: 'all', ...options } as SignedIdentityOptions);
      expect(await post([track, identify({ token: signed })])).toMatchObject({ accepted: 2, refused: [] });
      expect(await person('ada')).toMatchObject({ traits: { plan: 'pro' }, anonymousIds: ['v'] });
    }
  });

  describe.each(['traits', 'all'] as const)('where %s is to be signed', (require) => {
    it('does not reach another visitor by a trait, with a token of its own', async () => {
      const { post, person } = collect({ require, secret: SECRET });
      const token = await sign({ sub: 'mallory', anonymous_id: 'w' });
      for (const anonymousId of [undefined, ' ']) await post([track, { type: 'identify', userId: 'mallory', anonymousId, token, traits: { anonymous_id: 'v', plan: 'free' } }]);
      expect(await person('mallory')).toMatchObject({ traits: { plan: 'free' }, anonymousIds: [], events: [] });
    });

    it('does not become whoever is known by an email, unless the token says so', async () => {
      const { post, person } = collect({ require, secret: SECRET });
      await post([{ type: 'identify', traits: { email: 'ada@shop.example' }, messageId: 'i0' }], { Authorization: `Basic ${btoa('SERVER:')}` });
      const claims = { sub: 'mallory', anonymous_id: 'w' };
      await post([{ type: 'identify', userId: 'mallory', anonymousId: 'w', messageId: 'i1', token: await sign(claims), traits: { email: 'ada@shop.example', plan: 'free' } }]);
      expect(await person('mallory')).toMatchObject({ id: 'mallory', traits: { plan: 'free' } });
      expect(await person('email:ada@shop.example')).toMatchObject({ id: 'email:ada@shop.example' });
      await post([{ type: 'identify', userId: 'ada', anonymousId: 'v', messageId: 'i2', token: await sign({ sub: 'ada', anonymous_id: 'v', traits: { email: 'ada@shop.example' } }) }]);
      expect(await person('email:ada@shop.example')).toMatchObject({ id: 'ada', traits: { email: 'ada@shop.example' } });
    });
  });

  it('takes a number in the token for the text that it is elsewhere, and nobody for nobody', async () => {
    const { post, person } = collect({ require: 'all', secret: SECRET });
    const identified = async (sub: unknown, fields: object) => codes(await post([track, identify({ token: await sign({ sub, anonymous_id: 'v' }), ...fields })]));
    expect(await identified(42, { userId: undefined })).toEqual([]);
    expect(await identified(42, { userId: 42, messageId: 'i2' })).toEqual([]);
    expect(await person('42')).toMatchObject({ id: '42', anonymousIds: ['v'] });
    expect(await identified('x'.repeat(151), { userId: undefined })).toEqual(['1 bad_user_id']);
    for (const sub of ['', ' ', null, {}]) expect(await identified(sub, { userId: undefined })).toEqual(['1 bad_token']);
  });

  it('is kept without its token, whoever sends it', async () => {
    const { post, ledger } = collect({ require: 'open' });
    await post([identify({ token: 'whatever' })]);
    await post([identify({ token: 'whatever', messageId: 'i2' })], { Authorization: `Basic ${btoa('SERVER:')}` });
    const { items } = await ledger.messages({ limit: 10 });
    expect(items.length).toBe(2);
    expect(JSON.stringify(items)).not.toContain('whatever');
  });

  it('may leave its userId to the token', async () => {
    const { post, person } = collect({ require: 'all', secret: SECRET });
    await post([track, { type: 'identify', anonymousId: 'v', messageId: 'i', token: await sign({ sub: 'ada', anonymous_id: 'v' }) }]);
    expect(await person('ada')).toMatchObject({ anonymousIds: ['v'] });
  });

  const bad: [string, string, () => string | Promise<string>][] = [
    ['of another site', 'bad_token', () => sign({ sub: 'ada', anonymous_id: 'v' }, { secret: 'x'.repeat(40) })],
    ['that nobody signed', 'bad_token', () => new UnsecuredJWT({ sub: 'ada', anonymous_id: 'v' }).setExpirationTime(new Date(NOON + HOUR)).encode()],
    ['that is no token', 'bad_token', () => 'a.b.c'],
    ['that never expires', 'bad_token', () => new SignJWT({ sub: 'ada', anonymous_id: 'v' }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET))],
    ['that expires in ten years', 'bad_token', () => sign({ sub: 'ada', anonymous_id: 'v' }, { expires: NOON + 3650 * 24 * HOUR })],
    ['that holds for ten years, though not from now', 'bad_token', () => sign({ sub: 'ada', anonymous_id: 'v', iat: NOON / 1000 - 3650 * 86_400 })],
    ['that was signed in ten years', 'bad_token', () => sign({ sub: 'ada', anonymous_id: 'v', iat: NOON / 1000 + 3650 * 86_400 }, { expires: NOON + 3650 * 24 * HOUR + HOUR })],
    ['that has expired', 'expired_token', () => sign({ sub: 'ada', anonymous_id: 'v' }, { expires: NOON - HOUR })],
    ['of another person', 'token_of_another', () => sign({ sub: 'bob', anonymous_id: 'v' })],
    ['of another visitor', 'token_of_another', () => sign({ sub: 'ada', anonymous_id: 'w' })],
    ['of no visitor', 'token_of_another', () => sign({ sub: 'ada' })],
  ];
  it.each(bad)('is refused with a token %s: %s', async (_, code, make) => {
    const { post, person } = collect({ require: 'all', secret: SECRET });
    const answer = await post([track, identify({ token: await make() })]);
    expect(codes(answer)).toEqual([`1 ${code}`]);
    expect(answer.refused[0]!.message).toMatch(/^[A-Z].*\.$/);
    expect(await person('ada')).toBeUndefined();
  });

  it('may hold for a day, or for as long as the collector was told, from when it was signed, and a minute for clocks that differ', async () => {
    for (const [tokenSeconds, seconds] of [[undefined, 86_400], [600, 600]] as const) {
      const fates = async (holds: number, iat?: number) => {
        const { post } = collect({ require: 'all', secret: SECRET, ...(tokenSeconds && { tokenSeconds }) });
        const token = await sign({ sub: 'ada', anonymous_id: 'v', ...(iat !== undefined && { iat }) }, { expires: ((iat ?? NOON / 1000) + holds) * 1000 });
        return codes(await post([identify({ token })]));
      };
      expect([await fates(seconds + 60), await fates(seconds + 61)]).toEqual([[], ['0 bad_token']]);
      const earlier = NOON / 1000 - 300;
      expect([await fates(seconds + 60, earlier), await fates(seconds + 61, earlier)]).toEqual([[], ['0 bad_token']]);
    }
    expect(() => collect({ require: 'all', secret: SECRET, tokenSeconds: 0 })).toThrow(/tokenSeconds is a whole number from 1/);
  });

  it('is refused with a token that was made up, also where none is needed', async () => {
    const { post } = collect({ require: 'open', secret: SECRET });
    expect(codes(await post([identify({ token: 'a.b.c' })]))).toEqual(['0 bad_token']);
  });

  it('of a server needs none', async () => {
    const { post, person } = collect({ require: 'all', secret: SECRET });
    await post([track, identify()], { Authorization: `Basic ${btoa('SERVER:')}` });
    expect(await person('ada')).toMatchObject({ traits: { plan: 'pro' } });
  });

  it('of nobody yet is kept, without its traits', async () => {
    const { post, person } = collect({ require: 'all', secret: SECRET });
    expect(await post([{ type: 'identify', anonymousId: 'v', messageId: 'i0', traits: { plan: 'free' } }, identify({ token: await sign({ sub: 'ada', anonymous_id: 'v' }), traits: {} })])).toMatchObject({ accepted: 2 });
    expect(await person('ada')).toMatchObject({ traits: {} });
  });
});

describe('options that cannot hold what they promise', () => {
  it.each([
    [{ require: 'all' }, /needs a secret or a publicKey/],
    [{ require: 'traits', secret: 'short' }, /at least 32 bytes/],
    [{ require: 'all', publicKey: SECRET }, /publicKey is a public key as PEM/],
    [{ require: 'some', secret: SECRET }, /"open", "traits" or "all", not "some"/],
  ])('%j are refused at once', (options, sentence) => {
    expect(() => collect(options as SignedIdentityOptions)).toThrow(sentence);
  });
});
