export { HithertoProvider, useHitherto, usePageViews } from './integrations/react.js';
export type { HithertoProviderProps, PageDescription, RouterLocation } from './integrations/react.js';
