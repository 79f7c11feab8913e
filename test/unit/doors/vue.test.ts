import { createApp, createSSRApp, defineComponent, h, nextTick, onMounted, ref, type App } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createHitherto, useHitherto, type Route, type Router } from '../../../src/integrations/vue.js';
import type { Client } from '../../../src/client/index.js';
import { client, go, views } from './client.js';

let app: App | undefined;
afterEach(() => {
  app?.unmount();
  app = undefined;
});

/** What vue-router does, as far as the plugin is concerned: it tells its listeners after each navigation, and is ready after the first. */
function createRouter(): Router & { push(to: Route, failure?: Error): void; listeners: number } {
  const currentRoute = ref<Route>({ fullPath: '/' });
  const listeners = new Set<Parameters<Router['afterEach']>[0]>();
  let begin!: () => void;
  const ready = new Promise<void>((resolve) => (begin = resolve));
  return {
    currentRoute,
    isReady: () => ready,
    afterEach(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    push(to, failure) {
      const from = currentRoute.value;
      if (!failure) {
        currentRoute.value = to;
        go(to.fullPath);
      }
      listeners.forEach((listener) => listener(to, from, failure));
      begin();
    },
    get listeners() {
      return listeners.size;
    },
  };
}

function mount(router?: Router, setup: () => void = () => {}): void {
  app = createApp(defineComponent({ setup: () => (setup(), () => h('b')) })).use(createHitherto({ client, ...(router && { router }) }));
  app.mount('#app');
}

describe('useHitherto()', () => {
  it('is the client of the app, in setup and in templates', () => {
    let given: Client | undefined;
    mount(undefined, () => (given = useHitherto()));
    expect(given).toBe(client);
    expect(app!.config.globalProperties.$hitherto).toBe(client);
  });

  it('says what is missing, where the app does not use the plugin', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    app = createApp(defineComponent({ setup: () => (useHitherto(), () => h('b')) }));
    expect(() => app!.mount('#app')).toThrow('useHitherto() needs app.use(createHitherto({ client })), and to be called in setup().');
    app = undefined;
    vi.restoreAllMocks();
  });
});

describe('with a router', () => {
  it('tracks the first page and each navigation, with the route\'s name and the page before as its referrer', async () => {
    const router = createRouter();
    mount(router);
    router.push({ fullPath: '/', name: 'Home' });
    await vi.waitFor(() => expect(views()).toHaveLength(1));
    router.push({ fullPath: '/pricing?plan=pro', name: 'Pricing' });
    await vi.waitFor(() => expect(views()).toEqual([['Home', ''], ['Pricing', '/']]));
  });

  it('tracks the first page where the router was ready before the app got the plugin, and once', async () => {
    const router = createRouter();
    router.push({ fullPath: '/early', name: 'Early' });
    mount(router);
    await vi.waitFor(() => expect(views()).toEqual([['Early', '']]));
    router.push({ fullPath: '/early#end', name: 'Early' });
    await nextTick();
    expect(views()).toHaveLength(1);
  });

  it('tracks no navigation that failed', async () => {
    const router = createRouter();
    router.push({ fullPath: '/' });
    mount(router);
    router.push({ fullPath: '/forbidden' }, new Error('aborted'));
    router.push({ fullPath: '/next' });
    await vi.waitFor(() => expect(views()).toHaveLength(1));
    expect(client.messages.map(({ properties }) => properties?.['path'])).toEqual(['/next']);
  });

  it('sees the title that a component sets', async () => {
    const router = createRouter();
    mount(router, () => onMounted(() => (document.title = 'Pricing')));
    router.push({ fullPath: '/pricing' });
    await vi.waitFor(() => expect(client.messages[0]?.properties).toMatchObject({ title: 'Pricing' }));
  });

  it('says of a page what the page says', async () => {
    const router = createRouter();
    app = createApp(() => h('b')).use(createHitherto({ client, router, page: (to) => ({ name: 'A page', properties: { path: to.fullPath, plan: 'pro' } }) }));
    app.mount('#app');
    router.push({ fullPath: '/a?b' });
    await vi.waitFor(() => expect(client).toHaveViewed('A page', { path: '/a?b', plan: 'pro' }));
  });

  it('listens no longer than the app lives', () => {
    const router = createRouter();
    mount(router);
    expect(router.listeners).toBe(1);
    app!.unmount();
    app = undefined;
    expect(router.listeners).toBe(0);
  });

  it('tracks nothing while a server renders', async () => {
    const router = createRouter();
    vi.stubGlobal('document', undefined);
    const page = createSSRApp(() => h('b')).use(createHitherto({ client, router }));
    router.push({ fullPath: '/' });
    expect(await renderToString(page)).toBe('<b></b>');
    vi.unstubAllGlobals();
    expect([views(), router.listeners]).toEqual([[], 0]);
  });
});
