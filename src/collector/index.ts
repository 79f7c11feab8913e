export { createCollector } from './collector.js';
export type { Caller, Collector, CollectorOptions } from './collector.js';
export type { SizeLimits } from './limits.js';
export type { Meter } from './meter.js';
export type { RateLimits } from './rate.js';
export type { SignedIdentityOptions } from './signed-identity.js';
export type { Log, LogEntry } from './log.js';
export type { WebhookOptions } from './webhook.js';
