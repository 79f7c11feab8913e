export { createCollector } from './collector.js';
export type { Collector, CollectorOptions } from './collector.js';
export type { Log, LogEntry } from './log.js';
export type { WebhookOptions } from './webhook.js';
