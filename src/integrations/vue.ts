import { inject, nextTick, type App, type InjectionKey } from 'vue';
import type { AnyEvents, Client } from '../client/index.js';
import { viewPage, type PageDescription } from './views.js';

const KEY: InjectionKey<Client> = /* @__PURE__ */ Symbol('hitherto');

/** What is used of a route of vue-router. */
export interface Route {
  /** Path, query and hash. */
  fullPath: string;
  name?: string | symbol | null | undefined;
  meta?: object;
}

/** What is used of vue-router; its own `Router` is one. */
export interface Router {
  /** Calls after each navigation. @returns stops it */
  afterEach(listener: (to: Route, from: Route, failure?: unknown) => void): () => void;
  /** Resolves after the first navigation. */
  isReady(): Promise<void>;
  readonly currentRoute: { readonly value: Route };
}

/** Options of {@link createHitherto}. */
export interface HithertoVueOptions<Events extends object = AnyEvents> {
  /** Made once: `createClient({ writeKey, endpoint })`. */
  client: Client<Events>;
  /** With it, each navigation is a page view, the first page included. @defaultValue none: page views are yours to call */
  router?: Router;
  /** The name and the properties of a page. @defaultValue the route's name, if it has one */
  page?: (to: Route) => PageDescription;
}

/** What `app.use()` takes. */
export interface HithertoVue {
  /** Gives the app the client. */
  install(app: App): void;
}

/**
 * A plugin for an app: every component has the client, as `useHitherto()` and, in templates, as `$hitherto`.
 *
 * @example
 * ```ts
 * createApp(App).use(router).use(createHitherto({ client, router })).mount('#app');
 * ```
 */
export function createHitherto<Events extends object = AnyEvents>({ client: given, router, page = nameOf }: HithertoVueOptions<Events>): HithertoVue {
  const client = given as unknown as Client;

  async function view(to: Route): Promise<void> {
    // Components set the title while they render.
    await nextTick();
    viewPage(client, to.fullPath.replace(/#.*$/, ''), page(to));
  }

  return {
    install(app) {
      app.provide(KEY, client);
      app.config.globalProperties.$hitherto = client;
      // A server navigates too, once for every page that it renders.
      if (!router || typeof document === 'undefined') return;
      const stop = router.afterEach((to, _from, failure) => void (failure || view(to)));
      // The first navigation may have ended before the app got this plugin. One that fails is the router's to tell of.
      router.isReady().then(
        () => view(router.currentRoute.value),
        () => {},
      );
      app.onUnmount(stop);
    },
  };
}

function nameOf({ name }: Route): PageDescription {
  return typeof name === 'string' ? { name } : {};
}

/**
 * The client, in a component of an app that uses {@link createHitherto}.
 *
 * @throws where the app does not use it: on the first render of a page that was never finished, and not for a visitor
 */
export function useHitherto<Events extends object = AnyEvents>(): Client<Events> {
  const client = inject(KEY, undefined);
  if (!client) throw new Error('useHitherto() needs app.use(createHitherto({ client })), and to be called in setup().');
  return client as unknown as Client<Events>;
}

declare module 'vue' {
  interface ComponentCustomProperties {
    /** The client. */
    $hitherto: Client;
  }
}

export type { PageDescription };
