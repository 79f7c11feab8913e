// What only the developer of a page is told, loaded on demand.
export { validate } from './events.js';
export { lookAtOptions } from './known-options.js';
