// Run by engine.mjs: what a million messages take on the heap, by themselves and in an engine.
import { createEngine } from '../../dist/engine.js';
import { messageTexts } from './messages.mjs';

const EVENTS = 1_000_000;
const STEP = 10_000;
const REQUEST = 100;
let characters = 0;

const messages = heapOf(() => {
  const kept = [];
  forEachRequest((request) => kept.push(request));
  return kept;
});
characters = 0;
const engine = heapOf(() => {
  const created = createEngine();
  let at = 1.8e12;
  forEachRequest((request) => created.receive(request, { receivedAt: at++ }));
  return created;
});
console.log(JSON.stringify({ bytesOfText: characters / EVENTS, messages, engine }));

function heapOf(work) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const kept = work();
  globalThis.gc();
  return kept ? process.memoryUsage().heapUsed - before : NaN;
}

function forEachRequest(take) {
  for (let step = 0; step < EVENTS; step += STEP) {
    const texts = messageTexts(STEP);
    characters += texts.reduce((sum, text) => sum + text.length, 0);
    for (let i = 0; i < STEP; i += REQUEST) take(texts.slice(i, i + REQUEST).map((text) => JSON.parse(text)));
  }
}
