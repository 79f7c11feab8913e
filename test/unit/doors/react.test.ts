import { act, createElement, StrictMode, useEffect, useState, type ReactElement, type ReactNode } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HithertoProvider, useHitherto, usePageViews, type PageDescription, type RouterLocation } from '../../../src/integrations/react.js';
import type { Client } from '../../../src/client/index.js';
import { client, go, views } from './client.js';

let root: Root | undefined;
beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
});
afterEach(async () => {
  await act(() => root?.unmount());
  root = undefined;
  vi.unstubAllGlobals();
});

function container(): HTMLElement {
  return document.getElementById('app')!;
}

async function render(element: ReactElement): Promise<void> {
  root ??= createRoot(container());
  await act(() => root!.render(element));
}

function below(children: ReactNode): ReactElement {
  return createElement(HithertoProvider, { client, children });
}

function strict(children: ReactNode): ReactElement {
  return createElement(StrictMode, null, below(children));
}

function Page({ at, page }: { at: RouterLocation; page?: PageDescription }): null {
  usePageViews(at, page);
  return null;
}

describe('useHitherto()', () => {
  it('is the client of the provider', async () => {
    let given: Client | undefined;
    const Button = (): null => {
      given = useHitherto();
      return null;
    };
    await render(below(createElement(Button)));
    expect(given).toBe(client);
  });

  it('says what is missing, without a provider', () => {
    const Button = (): null => {
      useHitherto();
      return null;
    };
    expect(() => renderToString(createElement(Button))).toThrow('useHitherto() needs <HithertoProvider client={client}> above this component.');
  });

  it('is typed with the events of a site', async () => {
    const Button = (): null => {
      const hitherto = useHitherto<{ addedToCart: { product: string } }>();
      useEffect(() => {
        void hitherto.track('addedToCart', { product: 'cool-shoes' });
        // @ts-expect-error -- no such event
        void hitherto.track('addedToCard', { product: 'cool-shoes' });
      }, [hitherto]);
      return null;
    };
    await render(below(createElement(Button)));
    expect(client).toHaveTracked('addedToCart', { product: 'cool-shoes' });
  });
});

describe('usePageViews()', () => {
  it('tracks the first page, and each other one, with the page before as its referrer', async () => {
    await render(below(createElement(Page, { at: '/', page: { name: 'Home' } })));
    go('/pricing?plan=pro');
    await render(below(createElement(Page, { at: { pathname: '/pricing', search: '?plan=pro' }, page: { name: 'Pricing' } })));
    go('/');
    await render(below(createElement(Page, { at: '/' })));
    expect(views()).toEqual([
      ['Home', ''],
      ['Pricing', '/'],
      [undefined, '/pricing?plan=pro'],
    ]);
  });

  it('says nothing in a referrer that came in a fragment', async () => {
    history.replaceState(null, '', '/#access_token=secret');
    await render(below(createElement(Page, { at: '/' })));
    go('/pricing');
    await render(below(createElement(Page, { at: '/pricing' })));
    expect(views()).toEqual([[undefined, ''], [undefined, '/']]);
  });

  it('tracks a page once in StrictMode', async () => {
    await render(strict(createElement(Page, { at: '/' })));
    go('/pricing');
    await render(strict(createElement(Page, { at: '/pricing' })));
    expect(views()).toHaveLength(2);
  });

  it('tracks a page once, however often and in however many components it is rendered', async () => {
    const twice = (key: string): ReactNode => createElement('div', { key }, createElement(Page, { at: '/' }), createElement(Page, { at: '/' }));
    await render(below(twice('a')));
    // Another key: the components are others.
    await render(below(twice('b')));
    expect(views()).toHaveLength(1);
  });

  it('takes another hash, and other properties, for the same page', async () => {
    await render(below(createElement(Page, { at: '/a#top', page: { properties: { n: 1 } } })));
    await render(below(createElement(Page, { at: '/a#end', page: { properties: { n: 2 } } })));
    expect(client.messages.map(({ properties }) => properties?.['n'])).toEqual([1]);
  });

  it('sees the title that a component below sets', async () => {
    const Titled = (): null => {
      useEffect(() => void (document.title = 'Pricing'), []);
      return null;
    };
    const Layout = (): ReactElement => {
      usePageViews('/pricing');
      return createElement(Titled);
    };
    await render(below(createElement(Layout)));
    expect(client.messages[0]?.properties).toMatchObject({ title: 'Pricing' });
  });

  it('does nothing on a server, and tracks once after hydration', async () => {
    const Counter = (): ReactElement => {
      usePageViews('/');
      const [count] = useState(1);
      return createElement('b', null, count);
    };
    const html = renderToString(strict(createElement(Counter)));
    expect([html, views()]).toEqual(['<b>1</b>', []]);
    container().innerHTML = html;
    await act(() => {
      root = hydrateRoot(container(), strict(createElement(Counter)));
    });
    expect(views()).toHaveLength(1);
  });
});
