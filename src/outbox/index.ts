export { createOutbox, UNADDRESSED } from './outbox.js';
export type { Outbox } from './outbox.js';
export { createFlusher } from './flush.js';
export { createTabs } from './tabs.js';
export { keepaliveRoom, post } from './transport.js';
export { parseKey } from './key.js';
export { messagesIn } from './row.js';
export type { Durability, Row } from './row.js';
