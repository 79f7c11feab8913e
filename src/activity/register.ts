import { HithertoActivity } from './element.js';

declare global {
  interface HTMLElementTagNameMap {
    'hitherto-activity': HithertoActivity;
  }
}

/**
 * Makes `<hitherto-activity>` known to the page. Twice, or on a server, is no mistake: a bundle and a script tag may both bring it.
 */
export function registerActivity(): void {
  if (globalThis.customElements && !customElements.get('hitherto-activity')) customElements.define('hitherto-activity', HithertoActivity);
}
