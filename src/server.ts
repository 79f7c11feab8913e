export { visitorOf } from './integrations/server.js';
export type { NodeRequest, NodeResponse, Visitor, VisitorOptions } from './integrations/server.js';
