export { startClient } from './client.js';
export { startDropIn, startFromTag } from './drop-in.js';
export { AnalyticsBrowser } from './browser.js';
export { takeOver } from './take-over.js';
export type { LoadedClient, LoadSettings } from './browser.js';
export type { DropInClient, LoadOptions } from './drop-in.js';
export type { CallOptions, Callback } from './arguments.js';
export type { Scrub } from './circumstances.js';
export type { Consent, ConsentCategories } from './consent.js';
export type { Context, Delivery } from './context.js';
export type { Listener } from './emitter.js';
export type { AnyEvents, EventSchemas, EventsOf, StandardSchema, TrackArguments, TrackMessage } from './events.js';
export type { DestinationMiddleware, Plugin, PluginType, SourceMiddleware } from './plugins.js';
export type { ClientError } from './report.js';
export type { CampaignWatch, Client, ClientOptions, Entity, Inspection, LoadEngine, PageArguments, PageEngine, User } from './types.js';
// For the integrations, which know the client and nothing below it.
export { legacyIds, newId, type CookieOptions } from '../identity/index.js';
export { readStored, writeStored } from '../outbox/index.js';
export { isObject, type JsonObject } from '../wire/index.js';
