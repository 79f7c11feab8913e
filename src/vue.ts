export { createHitherto, useHitherto } from './integrations/vue.js';
export type { HithertoVueOptions, PageDescription, Route, Router } from './integrations/vue.js';
