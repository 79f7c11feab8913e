export { classic } from './integrations/classic.js';
export type { Classic } from './integrations/classic.js';
