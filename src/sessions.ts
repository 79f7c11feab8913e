export { sessions } from './integrations/sessions.js';
export type { SessionOptions } from './integrations/sessions.js';
