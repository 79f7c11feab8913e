import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createEngine } from '../../dist/engine.js';
import { atLeast, atMost, figure, median, microseconds, ROUNDS, times, withFresh } from './measure.mjs';
import { identify, messageTexts } from './messages.mjs';

const NOW = 1.8e12;

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

/** What an identify costs, however much it joins; and what it would cost to write the person into every row. */
export function claims() {
  const visitors = 25;
  const crowds = [20, 2_000, 100_000].map((events) => crowd(visitors, events));
  // Five at a time, since one is over in some microseconds; what else happens on the machine only adds to that.
  const rounds = times(visitors / 5, (round) => crowds.map(({ engine }) => microseconds(() => times(5, (index) => claim(engine, round * 5 + index)))));
  const [few, many, most] = crowds.map((_, size) => Math.min(...rounds.map((costs) => costs[size])) / 5);
  const { messages } = crowds[2];
  const rewriting = median(
    times(visitors, (visitor) =>
      microseconds(() => {
        for (const message of messages[visitor]) message.userId = `person-${visitor}`;
      }),
    ),
  );
  return [
    atMost(1.2, many / few, 'claim: the time of one that joins 2,000 events, against one that joins 20'),
    atMost(1.2, most / few, 'claim: the time of one that joins 100,000 events, against one that joins 20'),
    figure('claim: how often it would be done while the person is written into 100,000 rows in memory', rewriting / most),
  ];
}

function claim(engine, visitor) {
  engine.receive(identify(`person-${visitor}`, `visitor-${visitor}`), { receivedAt: NOW });
}

/** An engine with visitors who did so much each. */
function crowd(visitors, events) {
  const engine = createEngine();
  const parsed = messageTexts(events).map((text) => JSON.parse(text));
  const messages = times(visitors, (visitor) => parsed.map((message, index) => ({ ...message, anonymousId: `visitor-${visitor}`, messageId: `${visitor}-${index}` })));
  for (const theirs of messages) engine.receive(theirs, { receivedAt: NOW });
  // Others that claim nothing run the code in.
  for (let i = 0; i < 2_000; i++) engine.receive(identify(`warm-${i}`, `nobody-${i}`), { receivedAt: NOW });
  return { engine, messages };
}

/** What a million anonymous events of 500 bytes take, in a process of their own. */
export function memory() {
  const { stdout, status } = spawnSync(process.execPath, ['--expose-gc', '--max-old-space-size=6000', fileURLToPath(new URL('memory.mjs', import.meta.url))], { encoding: 'utf8' });
  if (status !== 0) throw new Error('The process that measures memory failed.');
  const { bytesOfText, messages, engine } = JSON.parse(stdout);
  return [
    atMost(750, engine / 1e6, `memory: a million anonymous events of ${Math.round(bytesOfText)} bytes in the engine`, ' MB'),
    figure('memory: of that, what is not the messages themselves as JSON.parse gives them, an event', (engine - messages) / 1e6, ' B'),
  ];
}
