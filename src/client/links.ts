import { isObject, type JsonObject } from '../wire/index.js';
import { callPage } from './emitter.js';

type Track = (event: string, properties: JsonObject, options?: JsonObject) => unknown;

/**
 * Tracks an event of these elements: `click` of links, `submit` of forms.
 *
 * The browser's own navigation goes on undisturbed, in this window or another: a call is in its hands when `track()`
 * returns, so that nothing has to wait, and nothing is held up if tracking fails.
 *
 * @param elements one, many, or none at all (a page without that link)
 * @param event its name, or a function of the element
 * @param properties the properties, or a function of the element
 */
export function trackElements(type: 'click' | 'submit', track: Track, elements: unknown, event: unknown, properties?: unknown, options?: unknown): void {
  for (const element of elementsIn(elements)) {
    element.addEventListener(type, () =>
      callPage(() => {
        const given = of(properties, element);
        track(of(event, element) as string, isObject(given) ? given : {}, isObject(options) ? options : undefined);
      }),
    );
  }
}

function of(given: unknown, element: EventTarget): unknown {
  return typeof given === 'function' ? (given as (element: EventTarget) => unknown)(element) : given;
}

/** An element (of whichever frame), an array, a NodeList, or what jQuery gives. */
function elementsIn(value: unknown): EventTarget[] {
  if (isTarget(value)) return [value];
  const list = value as ArrayLike<unknown> | null | undefined;
  return typeof list === 'object' && typeof list?.length === 'number' ? Array.from(list).filter(isTarget) : [];
}

function isTarget(value: unknown): value is EventTarget {
  return typeof (value as EventTarget | null | undefined)?.addEventListener === 'function';
}
