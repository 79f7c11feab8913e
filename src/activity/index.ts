export { HithertoActivity } from './element.js';
export { openInspector } from './inspector.js';
export { registerActivity } from './register.js';
export type { ActivityClient } from './source.js';
export type { Activity, ActivityTab } from '../wire/index.js';
