import type { JsonObject } from '../wire/index.js';
import type { CallOptions } from './arguments.js';
import { withoutFragment, type Moment } from './circumstances.js';

interface Navigations extends EventTarget {
  currentEntry?: unknown;
}

/** A title that comes later is that of a page which is still loading; one that stays is the new page's too, milliseconds. */
const TITLE_MS = 500;

export type WatchPages = (view: (properties: JsonObject, moment?: Moment, options?: CallOptions) => void, landed?: Moment) => () => void;

/**
 * Calls `view` for the page that was loaded, and for each navigation inside it: when the path or the query has changed,
 * and not for `replaceState`, which routers use to tidy up. Once the title is the new page's, which a framework may set long
 * after its router has pushed the address, or when the page moves on or goes, if that comes first; the time is that of the
 * navigation. A page that is only prerendered is viewed when it is shown.
 *
 * @param view takes properties: the `referrer` of a navigation inside the page is the page before it
 * @param landed when and where the page was loaded, if it has moved on since
 * @returns stops it
 */
export const watchPages: WatchPages = (view, landed) => {
  if (typeof document === 'undefined') return () => {};
  let url = withoutFragment(landed?.[1] ?? location.href);
  let here = placeOf(new globalThis.URL(url));
  let viewPending: ((moment?: Moment) => void) | undefined;
  const stops: (() => void)[] = [];

  function listen(target: EventTarget, type: string, listener: (event: Event) => void): void {
    target.addEventListener(type, listener);
    stops.push(() => target.removeEventListener(type, listener));
  }

  function moved(isReplaced: boolean): void {
    const place = placeOf(location);
    const referrer = url;
    url = withoutFragment(location.href);
    if (place === here) return;
    here = place;
    if (isReplaced || isPrerendered()) return;
    const timestamp = new Date();
    const { title } = document;
    viewPending?.([timestamp.getTime(), referrer, title]);
    const entitled = new MutationObserver(() => document.title !== title && viewPending?.());
    const late = setTimeout(() => viewPending?.(), TITLE_MS);
    viewPending = (moment) => {
      viewPending = undefined;
      entitled.disconnect();
      clearTimeout(late);
      view({ referrer }, moment, { timestamp });
    };
    entitled.observe(document.head ?? document, { childList: true, subtree: true, characterData: true });
  }

  const { navigation } = globalThis as { navigation?: Navigations };
  // Where there is none, an element with that id has the name.
  if (navigation?.currentEntry) {
    listen(navigation, 'currententrychange', (event) => moved((event as Event & { navigationType?: string | null }).navigationType === 'replace'));
  } else {
    stops.push(watchHistory(moved));
    listen(globalThis, 'popstate', () => moved(false));
  }
  listen(globalThis, 'pageshow', (event) => {
    // Out of the back/forward cache: the visitor looks at it once more.
    if ((event as PageTransitionEvent).persisted) view({});
  });
  listen(globalThis, 'pagehide', () => viewPending?.());
  if (isPrerendered()) listen(document, 'prerenderingchange', () => view({}));
  else view({}, landed);
  moved(false);
  return () => stops.forEach((stop) => stop());
};

function placeOf({ pathname, search }: Location | URL): string {
  return pathname + search;
}

function isPrerendered(): boolean | undefined {
  return (document as { prerendering?: boolean }).prerendering;
}

/** For browsers without the Navigation API. The page's own call comes first, and comes back with what it gave. */
function watchHistory(moved: (isReplaced: boolean) => void): () => void {
  const { pushState, replaceState } = history;
  const wrap = (original: typeof pushState, isReplaced: boolean): typeof pushState =>
    function (this: History, ...values) {
      original.apply(this, values);
      moved(isReplaced);
    };
  const [push, replace] = [wrap(pushState, false), wrap(replaceState, true)];
  Object.assign(history, { pushState: push, replaceState: replace });
  return () => {
    // Somebody else may have wrapped them since: theirs stay.
    if (history.pushState === push) history.pushState = pushState;
    if (history.replaceState === replace) history.replaceState = replaceState;
  };
}
