import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { circumstances } from '../../../src/client/circumstances.js';
import { VERSION } from '../../../src/client/version.js';

beforeEach(() => {
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
