import { createContext, createElement, useContext, useEffect, type ReactElement, type ReactNode } from 'react';
import type { AnyEvents, Client } from '../client/index.js';
import { viewPage, type PageDescription } from './views.js';

const ClientContext = /* @__PURE__ */ createContext<Client | undefined>(undefined);

/** Properties of {@link HithertoProvider}. */
export interface HithertoProviderProps<Events extends object = AnyEvents> {
  /** Made once, outside of any component: `createClient({ writeKey, endpoint })`. */
  client: Client<Events>;
  children?: ReactNode;
}

/**
 * Gives every component below it the client.
 *
 * @example
 * ```tsx
 * const client = createClient({ writeKey: 'KEY', endpoint: 'https://collector.example' });
 * root.render(<HithertoProvider client={client}><App /></HithertoProvider>);
 * ```
 */
export function HithertoProvider<Events extends object = AnyEvents>({ client, children }: HithertoProviderProps<Events>): ReactElement {
  return createElement(ClientContext.Provider, { value: client as unknown as Client }, children);
}

/**
 * The client, in a component below {@link HithertoProvider}. Call it in handlers and effects: what is called while rendering
 * is called as often as React renders, on a server too.
 *
 * @throws where there is no provider above: on the first render of a page that was never finished, and not for a visitor
 */
export function useHitherto<Events extends object = AnyEvents>(): Client<Events> {
  const client = useContext(ClientContext);
  if (!client) throw new Error('useHitherto() needs <HithertoProvider client={client}> above this component.');
  return client as unknown as Client<Events>;
}

/** Where a router says that the visitor is: its own location object, or the path and the query as text. */
export type RouterLocation = string | { pathname: string; search?: string };

/**
 * Tracks a page view whenever the path or the query of this location is another one, the first included. Once for each, in
 * StrictMode too, and in however many components it stands. Nothing happens while a server renders.
 *
 * @param location what the router's own hook gives: `useLocation()`, `usePathname()`
 * @param page the name and the properties of this page; read when the location changes
 */
export function usePageViews(location: RouterLocation, page?: PageDescription): void {
  const client = useHitherto();
  const place = typeof location === 'string' ? location.replace(/#.*$/, '') : location.pathname + (location.search ?? '');
  // Effects of the components below have run by now: the title is the new page's, where one of them sets it.
  useEffect(() => viewPage(client, place, page), [client, place]);
}

export type { PageDescription };
