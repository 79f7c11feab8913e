export { createHitherto, useHitherto } from './integrations/vue.js';
export type { HithertoVue, HithertoVueOptions, PageDescription, Route, Router } from './integrations/vue.js';
