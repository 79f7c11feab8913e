import { act, createElement, StrictMode, type ReactElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { createBrowserRouter, Link, Outlet, redirect, RouterProvider, useLocation } from 'react-router';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp, h, type App } from 'vue';
import { createRouter, createWebHistory, RouterLink, RouterView } from 'vue-router';
import { HithertoProvider, usePageViews } from '../../../src/integrations/react.js';
import { createHitherto } from '../../../src/integrations/vue.js';
import { client, go, views } from './client.js';

function click(text: string): void {
  const link = [...document.querySelectorAll('a')].find(({ textContent }) => textContent === text);
  link!.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, button: 0 }));
}

/** The page views so far: of each its path and its query, and the path of its referrer. */
function places(): string[][] {
  return client.messages.flatMap(({ type, properties }) => (type === 'page' ? [[`${String(properties?.['path'])}${String(properties?.['search'])}`, String(properties?.['referrer']).replace(location.origin, '')]] : []));
}

describe('usePageViews() with react-router', () => {
  let root: Root;
  let router: ReturnType<typeof createBrowserRouter>;
  beforeEach(async () => {
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    const Layout = (): ReactElement => {
      usePageViews(useLocation());
      return createElement('main', null, createElement(Link, { to: '/pricing?plan=pro' }, 'Pricing'), createElement(Outlet));
    };
    router = createBrowserRouter([
      {
        Component: Layout,
        children: [
          { path: '/', element: 'Home' },
          { path: '/pricing', element: 'Pricing of it' },
          { path: '/old', loader: () => redirect('/pricing') },
        ],
      },
    ]);
    root = createRoot(document.getElementById('app')!);
    await act(() => root.render(createElement(StrictMode, null, createElement(HithertoProvider, { client, children: createElement(RouterProvider, { router }) }))));
  });
  afterEach(async () => {
    await act(() => root.unmount());
    router.dispose();
    vi.unstubAllGlobals();
  });

  it('tracks the first page, and the one behind a link, once', async () => {
    await act(() => click('Pricing'));
    expect(document.body.textContent).toContain('Pricing of it');
    expect(places()).toEqual([
      ['/', ''],
      ['/pricing?plan=pro', '/'],
    ]);
  });

  it('tracks another query, and no other hash', async () => {
    await act(() => router.navigate('/pricing'));
    await act(() => router.navigate('/pricing#end'));
    await act(() => router.navigate('/pricing?plan=club#end'));
    expect(places().map(([place]) => place)).toEqual(['/', '/pricing', '/pricing?plan=club']);
  });

  it('tracks where a redirect leads, and not where it comes from', async () => {
    await act(() => router.navigate('/old'));
    expect(places().map(([place]) => place)).toEqual(['/', '/pricing']);
  });
});

describe('createHitherto() with vue-router', () => {
  let app: App;
  function start(first = '/') {
    go(first);
    const router = createRouter({
      history: createWebHistory(),
      routes: [
        { path: '/', name: 'Home', component: { render: () => h('b', 'Home') } },
        { path: '/pricing', name: 'Pricing', component: { render: () => h('b', 'Pricing of it') } },
        { path: '/old', redirect: '/pricing' },
        { path: '/closed', beforeEnter: () => false, component: { render: () => h('b') } },
        { path: '/later', name: 'Later', component: () => Promise.resolve({ render: () => h('b', 'Later') }) },
      ],
    });
    app = createApp(() => [h(RouterLink, { to: '/pricing?plan=pro' }, () => 'Pricing'), h(RouterView)]);
    app.use(router).use(createHitherto({ client, router })).mount('#app');
    return router;
  }
  afterEach(() => app.unmount());

  it('tracks the first page, and the one behind a link, with the names of the routes', async () => {
    start();
    await vi.waitFor(() => expect(views()).toHaveLength(1));
    click('Pricing');
    await vi.waitFor(() => expect(views()).toHaveLength(2));
    expect(views()).toEqual([
      ['Home', ''],
      ['Pricing', '/'],
    ]);
    expect(places().map(([place]) => place)).toEqual(['/', '/pricing?plan=pro']);
  });

  it('tracks a first page whose component is loaded when it is wanted', async () => {
    start('/later');
    await vi.waitFor(() => expect(views()).toEqual([['Later', '']]));
  });

  it('tracks where a redirect leads, no page that a guard has closed, and no other hash', async () => {
    const router = start();
    await router.isReady();
    await router.push('/old');
    await router.push('/closed');
    await router.push('/pricing#end');
    await router.push('/pricing?plan=club');
    await vi.waitFor(() => expect(places().map(([place]) => place)).toEqual(['/', '/pricing', '/pricing?plan=club']));
  });
});
