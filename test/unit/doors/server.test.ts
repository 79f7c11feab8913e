import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createIdentity } from '../../../src/identity/index.js';
import { visitorOf, type VisitorOptions } from '../../../src/integrations/server.js';

const ID = 'V1StGXR8_Z5jdHi6B-myT';

/** A visitor of somebody whose browser sends these cookies. */
function from(cookie: string, options?: VisitorOptions): ReturnType<typeof visitorOf> {
  return visitorOf(new Request('https://shop.example/', { headers: cookie ? { 'x-cookie': cookie } : {} }), options);
}

// A Request of a browser hides its cookies; a server's does not.
beforeEach(() => {
  const { get } = Headers.prototype;
  vi.spyOn(Headers.prototype, 'get').mockImplementation(function (this: Headers, name: string) {
    return get.call(this, name === 'cookie' ? 'x-cookie' : name);
  });
  return () => vi.restoreAllMocks();
});

describe('somebody new', () => {
  it('gets an id, and the cookie that the page goes on with', () => {
    const visitor = from('other=1');
    expect(visitor).toMatchObject({ anonymousId: expect.stringMatching(/^[\w-]{21}$/) as string, userId: undefined, isNew: true });
    expect(visitor.setCookie).toBe(`ajs_anonymous_id=${visitor.anonymousId}; Max-Age=31536000; Path=/; SameSite=Lax`);
    expect(from('').anonymousId).not.toBe(visitor.anonymousId);
  });

  it('gets it with the attributes that the page gives to its client', () => {
    const { setCookie } = from('', { cookie: { domain: 'shop.example', maxage: 1, path: '/a', secure: true, sameSite: 'None' } });
    expect(setCookie).toMatch(/; Max-Age=86400; Domain=shop\.example; Path=\/a; SameSite=None; Secure$/);
  });

  it('is the same visitor in the page', () => {
    const visitor = from('');
    document.cookie = visitor.setCookie!;
    const identity = createIdentity({ onChange() {}, onUnwritable() {} });
    identity.begin();
    expect(identity.anonymousId()).toBe(visitor.anonymousId);
  });

  it.each(['ajs_anonymous_id=', 'ajs_anonymous_id=%20', `ajs_anonymous_id=${'x'.repeat(256)}`, 'ajs_anonymous_id'])('is whoever has the cookie %.30s', (cookie) => {
    expect(from(cookie).isNew).toBe(true);
  });
});

describe('somebody known', () => {
  it('keeps the ids of the page, and needs no cookie', () => {
    expect(from(`a=b=c; ajs_anonymous_id=${ID}; ajs_user_id=ada%40example.com`)).toMatchObject({ anonymousId: ID, userId: 'ada@example.com', isNew: false, setCookie: undefined });
  });

  it('keeps the cookie for another year, where it is known which one it is', () => {
    expect(from(`ajs_anonymous_id=${ID}`, { cookie: { domain: 'shop.example' } }).setCookie).toContain(`ajs_anonymous_id=${ID}; Max-Age=31536000; Domain=shop.example`);
  });

  it('is whom the page wrote last, of two cookies', () => {
    expect(from('ajs_anonymous_id=stale; ajs_anonymous_id=young').anonymousId).toBe('young');
  });

  it('may be known under a name of the site\'s own', () => {
    expect(from('who=ada', { user: { cookie: { key: 'who' } } }).userId).toBe('ada');
  });

  it.each([
    ['_cioanonid=anna; _cioid=ada', 'anna', 'ada'],
    ['_sio=anna----ada', 'anna', 'ada'],
    ['ajs_user=%22ada%22; _cioanonid=anna', 'anna', 'ada'],
  ])('keeps the ids of an older client: %s', (cookie, anonymousId, userId) => {
    expect(from(cookie)).toMatchObject({ anonymousId, userId, isNew: false, setCookie: expect.stringContaining(`ajs_anonymous_id=${anonymousId};`) as string });
  });

  it('keeps the ids that analytics.js 1 wrote as JSON, and is nobody where it wrote null', () => {
    expect(from('ajs_anonymous_id=%22anna%22; ajs_user_id=%22ada%22')).toMatchObject({ anonymousId: 'anna', userId: 'ada', isNew: false });
    expect(from('ajs_anonymous_id=%22anna%22; ajs_user_id=null')).toMatchObject({ anonymousId: 'anna', userId: undefined });
    expect(from('ajs_anonymous_id=null').isNew).toBe(true);
  });

  it('is not taken for whom an older client knew, once the page has said otherwise', () => {
    expect(from(`ajs_anonymous_id=${ID}; _cioid=ada`)).toMatchObject({ anonymousId: ID, userId: undefined });
  });

  it.each(['%', '%E0%A4%A', '"quoted"'])('is read from a cookie that somebody else wrote: %s', (value) => {
    expect(from(`ajs_anonymous_id=${value}`).anonymousId).toBe(value.replaceAll('"', ''));
  });

  it('cannot put lines of their own into a response', () => {
    const { setCookie } = from('ajs_anonymous_id=a%0D%0ASet-Cookie%3A%20b%3Dc%3B%20Domain%3Devil', { cookie: { domain: 'shop.example' } });
    expect(setCookie).not.toMatch(/[\r\n]/);
    expect(setCookie!.split(';')).toHaveLength(5);
  });
});

describe('a response', () => {
  it('gets the cookie beside those that it has', () => {
    const append = vi.fn();
    from('').keep({ headers: { append } as unknown as Headers });
    from('').keep({ append } as unknown as Headers);
    from('').keep({ appendHeader: append });
    expect(append.mock.calls.map(([name, value]) => `${name}: ${String(value).split('=')[0]}`)).toEqual(['Set-Cookie: ajs_anonymous_id', 'Set-Cookie: ajs_anonymous_id', 'Set-Cookie: ajs_anonymous_id']);
  });

  it('gets none where the browser has it', () => {
    const append = vi.fn();
    from(`ajs_anonymous_id=${ID}`).keep({ appendHeader: append });
    expect(append).not.toHaveBeenCalled();
  });

  it('may be of Node\'s own server, and the request too', () => {
    expect(visitorOf({ headers: { cookie: `ajs_anonymous_id=${ID}` } }).anonymousId).toBe(ID);
    expect(visitorOf({ headers: {} }).isNew).toBe(true);
  });

  it('may be read from headers alone', () => {
    expect(visitorOf(new Headers({ 'x-cookie': `ajs_anonymous_id=${ID}` })).anonymousId).toBe(ID);
  });
});
