import { registerActivity } from './index.js';

export { HithertoActivity, openInspector } from './index.js';
export type { Activity, ActivityClient, ActivityTab } from './index.js';

registerActivity();
