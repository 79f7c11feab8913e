import type { JsonObject } from '../wire/index.js';
import { make } from './make.js';
import { cut } from './who.js';

const HUGE_VALUE = 400;

/** Names and values, one a line: traits, properties. */
export function drawFields(fields: JsonObject): HTMLElement {
  return make('dl', {}, ...Object.entries(fields).flatMap(([name, value]) => [make('dt', {}, make('bdi', {}, cut(name))), make('dd', {}, make('bdi', {}, cut(textOf(value), HUGE_VALUE)))]));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
