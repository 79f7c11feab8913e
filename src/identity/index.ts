export { createIdentity } from './identity.js';
export type { Identity, IdentityOptions } from './identity.js';
export { idIn, legacyIds } from './legacy.js';
export { newId } from './new-id.js';
export type { CookieOptions, Persistence } from './copies.js';
export type { EntityOptions } from './entity.js';
