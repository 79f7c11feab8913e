export {
  createTestClient,
  matchers,
  startClock,
  type HithertoMatchers,
  type MatcherResult,
  type RecordedMessage,
  type Span,
  type TestClient,
  type TestClientOptions,
  type TestClock,
} from './testing/index.js';
// To ask who owns what, with campaigns and segments: createTestClient({ engine: createEngine({ campaigns }) }).
export { createEngine } from './merge/index.js';
