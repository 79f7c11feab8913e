export { createTestClient } from './test-client.js';
export type { RecordedMessage, TestClient, TestClientOptions } from './test-client.js';
export { startClock } from './clock.js';
export type { Span, TestClock } from './clock.js';
export { matchers } from './matchers.js';
export type { HithertoMatchers, MatcherResult } from './matchers.js';
