import { make } from './make.js';
import type { Queue, Queued } from './source.js';
import { makeTime } from './time.js';
import { cut } from './who.js';

/** Messages that are drawn; of ten thousand that wait nobody reads more. */
const SHOWN_MESSAGES = 500;

/** What waits in this browser, oldest first, as it will be sent. */
export function drawQueue({ endpoint, failure, messages }: Queue): Node[] {
  if (messages.length === 0) {
    const where = endpoint === undefined ? 'Messages of this page stay in this browser; there is nothing to send.' : `Everything is with ${endpoint}, and so is the activity log.`;
    return [make('h2', {}, 'Nothing waits'), make('p', {}, where)];
  }
  const rest = messages.length - SHOWN_MESSAGES;
  return [
    ...(failure === undefined ? [] : [make('p', { class: 'failure', role: 'status' }, make('b', {}, 'The last attempt failed: '), make('bdi', {}, cut(failure, 400)), '. It is tried again, and nothing is lost.')]),
    make('ul', { class: 'queue' }, ...messages.slice(0, SHOWN_MESSAGES).map((queued) => drawQueued(queued, failure !== undefined))),
    ...(rest > 0 ? [make('p', { class: 'soft' }, `and ${rest} more`)] : []),
  ];
}

function drawQueued({ message, isSending }: Queued, hasFailed: boolean): Node {
  const state = isSending ? 'sending' : hasFailed ? 'failed' : 'waiting';
  const name = message['event'] ?? message['name'] ?? message['type'];
  return make(
    'li',
    {},
    make('span', { class: `state ${state}` }, state),
    make('bdi', { class: 'queued' }, cut(String(name))),
    make('span', { class: 'soft' }, name === message['type'] ? '' : cut(String(message['type']), 20)),
    makeTime(Date.parse(String(message['timestamp']))),
  );
}
