import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createEngine } from '../../dist/engine.js';
import { atLeast, atMost, figure, median, microseconds, ROUNDS, times, withFresh } from './measure.mjs';
import { identify, messageTexts } from './messages.mjs';

const NOW = 1.8e12;
/** How many claim so much each. */
const VISITORS = 25;

/** Events per CPU second, as a share of what two bare Maps of the same messages take in. */
export function engineAgainstMaps() {
  const texts = messageTexts(100_000);
  const sentAt = new Date(NOW).toISOString();
  const rounds = times(ROUNDS, () => {
    const bare = withFresh(texts, (messages) => {
      const byMessage = new Map();
      const byVisitor = new Map();
      for (const message of messages) {
        byMessage.set(message.messageId, message);
        const theirs = byVisitor.get(message.anonymousId);
        if (theirs) theirs.push(message);
        else byVisitor.set(message.anonymousId, [message]);
      }
      return [byMessage, byVisitor];
    });
    const ours = withFresh(texts, (messages) => {
      const engine = createEngine();
      for (let i = 0; i < messages.length; i += 100) engine.receive(messages.slice(i, i + 100), { receivedAt: NOW + i, sentAt });
      return engine;
    });
    return { bare, ours };
  });
  const ratio = median(rounds.map(({ bare }) => bare)) / median(rounds.map(({ ours }) => ours));
  return [atLeast(0.4, ratio, 'engine: events per CPU second, against two bare Maps of the same messages')];
}

/**
 * What an identify costs, however much it joins; and what it would cost to write the person into every row. All visitors are of one
 * engine: in a larger one each message takes a little longer, whatever it says, since it is looked up among more.
 */
export function claims() {
  const engine = createEngine();
  const sizes = [20, 2_000, 100_000];
  // All of them come once before any does more: what is known of a visitor lies in the same part of memory, then, however much they do.
  for (const events of sizes) times(VISITORS, (index) => engine.receive({ type: 'track', event: 'came', anonymousId: nameIn(events, index), messageId: 'first' }, { receivedAt: NOW }));
  globalThis.gc();
  const crowds = sizes.map((events) => crowd(engine, events));
  // Others that claim nothing run the code in.
  times(2_000, (index) => claim(engine, `nobody-${index}`));
  globalThis.gc();
  const costs = times(VISITORS, (index) => crowds.map((visitors) => afterAnEvent(engine, visitors[index])));
  // What else happens on the machine only adds to that.
  const [few, many, most] = crowds.map((_, size) => Math.min(...costs.map((round) => round[size])));
  const rewriting = crowds[2].map(({ name, messages }) =>
    microseconds(() => {
      for (const message of messages) message.userId = name;
    }),
  );
  return [
    atMost(1.2, many / few, 'claim: the time of one that joins 2,000 events, against one that joins 20'),
    atMost(1.2, most / few, 'claim: the time of one that joins 100,000 events, against one that joins 20'),
    figure('claim: how often it would be done while the person is written into 100,000 rows in memory', median(rewriting) / most),
  ];
}

/**
 * Who logs in has just done something: what the engine knows of them is at hand, wherever in memory it lies. Somebody else logs in
 * between, so that what that event has still to write, into a larger list for some than for others, is not part of the claim's time.
 */
function afterAnEvent(engine, { name, messages }) {
  engine.receive({ ...messages[0], messageId: `${name}-last` }, { receivedAt: NOW });
  claim(engine, `between-${name}`);
  return microseconds(() => claim(engine, name));
}

function claim(engine, visitor) {
  engine.receive(identify(`person-${visitor}`, visitor), { receivedAt: NOW });
}

function nameIn(events, index) {
  return `visitor-${events}-${index}`;
}

/** Visitors who did so much each. */
function crowd(engine, events) {
  const parsed = messageTexts(events).map((text) => JSON.parse(text));
  return times(VISITORS, (index) => {
    const name = nameIn(events, index);
    const messages = parsed.map((message, number) => ({ ...message, anonymousId: name, messageId: `${name}-${number}` }));
    engine.receive(messages, { receivedAt: NOW });
    return { name, messages };
  });
}

/** What a million anonymous events of 500 bytes take, in a process of their own. */
export function memory() {
  const { stdout, status } = spawnSync(process.execPath, ['--expose-gc', '--max-old-space-size=6000', fileURLToPath(new URL('memory.mjs', import.meta.url))], { encoding: 'utf8' });
  if (status !== 0) throw new Error('The process that measures memory failed.');
  const { bytesOfText, messages, engine } = JSON.parse(stdout);
  return [
    atMost(750, engine / 1e6, `memory: a million anonymous events of ${Math.round(bytesOfText)} bytes in the engine`, ' MB'),
    figure('memory: an event more than as JSON.parse gives it; the engine lets texts be shared', (engine - messages) / 1e6, ' B'),
  ];
}
