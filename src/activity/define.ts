import { registerActivity } from './index.js';

export { HithertoActivity } from './index.js';
export type { Activity, ActivityClient, ActivityTab } from './index.js';

registerActivity();
