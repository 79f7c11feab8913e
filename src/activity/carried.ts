import { isObject, type JsonObject } from '../wire/index.js';
import { drawFields } from './fields.js';
import { make } from './make.js';
import { cut } from './who.js';

/** A message is at most 32 KB, and longer when it is laid out. */
const HUGE_MESSAGE = 100_000;

/** What a message carried: properties or traits as a list, and all of it for whoever wants to see how it was sent. Fills itself when the answer comes. */
export function drawCarried(asked: Promise<JsonObject | undefined>): HTMLElement {
  const box = make('div', { class: 'carried' });
  asked.then(
    (message) => box.replaceChildren(...(message ? drawMessage(message) : [])),
    (error: unknown) => box.replaceChildren(make('p', { class: 'warn' }, error instanceof Error ? error.message : String(error))),
  );
  return box;
}

function drawMessage(message: JsonObject): Node[] {
  return [
    ...drawPart('Properties', message['properties']),
    ...drawPart('Traits', message['traits']),
    make('details', { class: 'whole-message' }, make('summary', {}, 'The whole message'), make('pre', { tabindex: '0', 'aria-label': 'The whole message' }, cut(JSON.stringify(message, null, 2), HUGE_MESSAGE))),
  ];
}

function drawPart(title: string, fields: unknown): Node[] {
  return isObject(fields) && Object.keys(fields).length > 0 ? [make('h3', {}, title), drawFields(fields)] : [];
}
