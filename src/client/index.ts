export { startClient } from './client.js';
export { AnalyticsBrowser } from './browser.js';
export type { LoadedClient, LoadOptions, LoadSettings } from './browser.js';
export { takeOver } from './take-over.js';
export type { CallOptions, Callback } from './arguments.js';
export type { Listener } from './emitter.js';
export type { ClientError } from './report.js';
export type { CampaignWatch, Client, ClientOptions, Context, Delivery, LoadEngine, PageArguments, PageEngine } from './types.js';
