export { hithertoDestination } from './integrations/segment.js';
export type { SegmentAnalytics, SegmentContext, SegmentDestination } from './integrations/segment.js';
