import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCircumstances, createScrubber, during, timeOfCall, type Circumstances, type Scrub } from '../../../src/client/circumstances.js';
import type { Report } from '../../../src/client/report.js';
import { VERSION } from '../../../src/client/version.js';

let circumstances: () => Circumstances;

beforeEach(() => {
  circumstances = createCircumstances(undefined);
  document.head.innerHTML = '';
  document.title = 'Cool shoes';
  visit('/html/pricing/index.html');
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function visit(path: string): void {
  history.replaceState(null, '', path);
}

function canonical(href: string): void {
  document.head.innerHTML = `<link rel="canonical" href="${href}">`;
}

describe('the circumstances of a call', () => {
  it('are the page, the visitor\'s browser, and who says so', () => {
    expect(circumstances()).toEqual({
      page: {
        path: '/html/pricing/index.html',
        referrer: document.referrer,
        search: '',
        title: 'Cool shoes',
        url: 'http://127.0.0.1/html/pricing/index.html',
      },
      userAgent: navigator.userAgent,
      locale: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      library: { name: 'hitherto', version: VERSION },
    });
  });

  it('have the query in search and url, and the fragment nowhere', () => {
    visit('/cart?step=2#pay');
    expect(circumstances().page).toMatchObject({ path: '/cart', search: '?step=2', url: 'http://127.0.0.1/cart?step=2' });
  });

  it('have the campaign that the address names, in the names that receivers know', () => {
    visit('/?utm_source=news&utm_medium=email&utm_campaign=spring&utm_term=t%20x&utm_content=c+d&foo=bar');
    expect(circumstances()['campaign']).toEqual({ source: 'news', medium: 'email', name: 'spring', term: 't x', content: 'c d' });
  });

  it('have no campaign where the address names none', () => {
    visit('/?foo=bar&utm_source=');
    expect(circumstances()).not.toHaveProperty('campaign');
  });

  it('have the canonical address of a page that names one', () => {
    visit('/cart?step=2');
    canonical('https://shop.example/basket');
    expect(circumstances().page).toMatchObject({ path: '/basket', search: '?step=2', url: 'https://shop.example/basket?step=2' });
  });

  it('leave a canonical address alone that has a query of its own', () => {
    visit('/cart?step=2');
    canonical('https://shop.example/basket?id=7');
    expect(circumstances().page!.url).toBe('https://shop.example/basket?id=7');
  });

  it('are the same object as long as nothing has changed: making them is dear', () => {
    expect(circumstances()).toBe(circumstances());
  });

  it.each([
    ['the address', () => visit('/elsewhere')],
    ['the title', () => (document.title = 'Cooler shoes')],
    ['the canonical address', () => canonical('https://shop.example/other')],
  ])('are new ones when %s has changed', (_, change) => {
    const before = structuredClone(circumstances());
    change();
    expect(circumstances()).not.toEqual(before);
  });

  it('are who says so, and nothing else, where there is no document', () => {
    vi.stubGlobal('document', undefined);
    expect(circumstances()).toEqual({ library: { name: 'hitherto', version: VERSION } });
  });
});

describe('a call that was made before the client arrived', () => {
  const moment = [1_000, 'https://shop.example/pricing?utm_source=news#top', 'Pricing'];

  it('has the time and the page of then', () => {
    vi.spyOn(document, 'referrer', 'get').mockReturnValue('https://search.example/');
    const before = circumstances();
    during(moment, () => {
      expect(timeOfCall()).toBe(1_000);
      expect(circumstances()).toMatchObject({
        page: { url: 'https://shop.example/pricing?utm_source=news', path: '/pricing', search: '?utm_source=news', title: 'Pricing', referrer: 'https://search.example/' },
        campaign: { source: 'news' },
      });
    });
    expect(circumstances()).toBe(before);
    expect(timeOfCall()).toBeGreaterThan(1_000);
  });

  it('is of now again though it throws', () => {
    expect(() =>
      during(moment, () => {
        throw new Error('of the page');
      }),
    ).toThrow('of the page');
    expect(timeOfCall()).toBeGreaterThan(1_000);
  });

  it.each([undefined, null, 'yesterday', {}, [], ['noon']])('is of now when the note is %j', (note) => {
    expect(during(note, timeOfCall)).toBeGreaterThan(1_000);
    expect(during(note, circumstances).page).toMatchObject({ title: 'Cool shoes' });
  });
});

function scrubbedBy(scrub: Scrub, report: Report = vi.fn<Report>()): Circumstances {
  return createCircumstances(createScrubber(scrub, report))();
}

describe('what is nobody\'s business', () => {
  it('is left out of every address, and of what is read out of it', () => {
    visit('/reset?token=secret&utm_source=news&gclid=click&step=2');
    const said = scrubbedBy(['token', 'gclid']);
    expect(said.page).toMatchObject({ url: 'http://127.0.0.1/reset?utm_source=news&step=2', search: '?utm_source=news&step=2' });
    expect(said).not.toHaveProperty('clickIds');
    expect(said['campaign']).toEqual({ source: 'news' });
  });

  it('is left out of the referrer and of a canonical address too', () => {
    vi.spyOn(document, 'referrer', 'get').mockReturnValue('https://mail.example/?email=ada@example.com&q=1');
    canonical('https://shop.example/basket?email=ada@example.com');
    const { page } = scrubbedBy(['email']);
    expect(page).toMatchObject({ referrer: 'https://mail.example/?q=1', url: 'https://shop.example/basket' });
  });

  it('is whatever the page\'s own function takes away', () => {
    visit('/users/42/orders');
    const scrub = (url: URL): void => void (url.pathname = url.pathname.replace(/\d+/, ':id'));
    expect(scrubbedBy(scrub).page).toMatchObject({ path: '/users/:id/orders', url: 'http://127.0.0.1/users/:id/orders' });
  });

  it('is the whole query when one of the names is none, and somebody is told', () => {
    visit('/reset?token=secret');
    const report = vi.fn<Report>();
    expect(scrubbedBy([/token/] as unknown as string[], report).page).toMatchObject({ path: '/reset', search: '', url: 'http://127.0.0.1/reset' });
    expect(report).toHaveBeenCalledWith('scrub_failed', expect.any(String), expect.any(TypeError));
  });

  it('is the whole query when that function fails, and somebody is told', () => {
    visit('/reset?token=secret');
    const report = vi.fn<Report>();
    const taken = (url: URL): void => void (url as unknown as string).replace('token', '');
    const { page } = scrubbedBy(taken, report);
    expect(page).toMatchObject({ path: '/reset', search: '', url: 'http://127.0.0.1/reset' });
    expect(report).toHaveBeenCalledWith('scrub_failed', expect.stringContaining('url.replace is not a function'), expect.any(TypeError));
  });
});

describe('the time zone', () => {
  it('is found where the page has something of its own under the name Temporal', () => {
    vi.stubGlobal('Temporal', document.createElement('section'));
    expect(circumstances()['timezone']).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });

  it('is found where an older polyfill of Temporal has no name for it', () => {
    vi.stubGlobal('Temporal', { Now: {} });
    expect(circumstances()['timezone']).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });
});

describe('a click on an advertisement', () => {
  it('is known by the ids that advertisers add to their links', () => {
    visit('/?gclid=a&fbclid=b&other=c&msclkid=');
    expect(circumstances()['clickIds']).toEqual({ gclid: 'a', fbclid: 'b' });
  });
});
