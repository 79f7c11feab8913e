export { createIdentity, newId } from './identity.js';
export type { Identity, IdentityOptions } from './identity.js';
export type { CookieOptions } from './copies.js';
