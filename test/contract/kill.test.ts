import { setTimeout as after } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFailed } from 'vitest';
import type { Activity } from '../../src/wire/index.js';
import { startCollector, type CollectorProcess } from './collector-process.js';
import { createCrowd, randomFrom, type Crowd, type Sent } from './crowd.js';
import { postgresServer } from './postgres-server.js';
import { storedIn, storedInSchema, type Stored } from './stored.js';
import { temporaryFolders } from './temporary.js';

// What is shipped is what is tested: `npm run build` comes first.
// SIGKILL takes a process away and leaves it to the system to write what it was given; that every commit is synced, which
// a power cut asks for, is tested in sqlite.test.ts.

/** Each of them at least one start, and on Postgres that takes longer. */
const ROUNDS = { SQLite: 50, Postgres: 20 };
const CLIENTS = 4;
/** A round gets at most so many answers, and at most so long after them, before the signal. */
const ROUND_ANSWERS = 30;
const ROUND_MS = 15;
/** About what a start takes: the signal finds the process loading, working through the file's log, or listening. */
const START_MS = 200;
/** Fixes what is sent and which moments are chosen; when a signal arrives is the system's business. */
const SEED = Number(process.env['KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const KILLED = { code: null, signal: 'SIGKILL', stderr: '' };

const makeFolder = temporaryFolders();
const server = postgresServer();
/** Where it is kept: the options that say so, and what lies there when no collector is at work. */
interface Kept {
  options: string[];
  stored(): Promise<Stored>;
}
const DATABASES: [keyof typeof ROUNDS, (data: string) => Promise<Kept>][] = [
  ['SQLite', async (data) => ({ options: [], stored: async () => storedIn(data) })],
  [
    'Postgres',
    async () => {
      const url = await server.newUrl();
      return { options: ['--database', url], stored: () => storedInSchema(server.admin(), new URL(url).searchParams.get('search_path')!) };
    },
  ],
];
let collector: CollectorProcess | undefined;
afterEach(() => collector?.kill());

describe.each(DATABASES)('a collector on %s that is killed again and again', (name, keep) => {
  it(`keeps what it acknowledged, once, and whose it is, through ${ROUNDS[name]} kills under load`, { timeout: 900_000 }, async () => {
    onTestFailed(() => console.error(`KILL_SEED=${SEED} chooses the same messages and moments.`));
    const random = randomFrom(SEED);
    const data = makeFolder();
    const { options, stored } = await keep(data);
    const start = () => (collector = startCollector(data, undefined, undefined, options));
    const crowd = createCrowd(CLIENTS, SEED + 1);
    const { sent } = crowd;
    const cutShort: CutShort = { stored: 0, unstored: 0, torn: [] };

    let running = start();
    for (let round = 1; round <= ROUNDS[name]; round++) {
      const answers = crowd.answers(1 + Math.floor(random() * ROUND_ANSWERS));
      const load = crowd.send(running);
      // The load ends first when the collector ended by itself, which the next line but one tells.
      await Promise.race([answers, load]);
      await after(random() * ROUND_MS);
      expect(await running.kill(), `round ${round}`).toEqual(KILLED);
      await load;

      if (random() < 0.2) {
        const starting = start();
        await after(random() * START_MS);
        expect(await starting.kill(), `the start after round ${round}`).toEqual(KILLED);
      }
      running = start();
      const lines = await running.activity();
      lookAtCutShort(crowd, lines, cutShort);
      expect([...faultsOf(lines, sent), ...cutShort.torn], `round ${round}`).toEqual([]);
    }

    await crowd.deliver(running);
    expect(faultsOf(await running.activity(), sent)).toEqual([]);
    expect(await strangersAmong(sent, running)).toEqual([]);
    expect(await running.kill()).toEqual(KILLED);
    expect(sent.acknowledged.size).toBe(sent.messages.size);
    expect(await stored()).toEqual({ integrity: 'ok', messageIds: [...sent.messages.keys()].sort() });
    // The moments were worth something: they fell on both sides of a commit.
    expect(Math.min(cutShort.stored, cutShort.unstored)).toBeGreaterThan(0);
  });
});

/** What is wrong with a log: something acknowledged is not there, something is there twice, or is not whose it should be. */
function faultsOf(lines: Activity[], { messages, acknowledged, claims }: Sent): string[] {
  const faults: string[] = [];
  const stored = storedIds(lines);
  if (stored.size < lines.filter(isCall).length) faults.push('The log shows a call twice.');
  for (const messageId of acknowledged) if (!stored.has(messageId)) faults.push(`${messageId} was acknowledged and is lost.`);

  /** The identify that claims an anonymous id, once it is stored. */
  const claimOn = (anonymousId: string | undefined) => {
    const claim = claims.get(anonymousId!);
    return claim && stored.has(claim.messageId) ? claim : undefined;
  };
  const joined = new Map<string, number>();
  for (const { messageId, type, person } of lines.filter(isCall)) {
    const message = messages.get(messageId!);
    const expected = message?.userId ?? claimOn(message?.anonymousId)?.userId;
    if (!message || type !== (message.type === 'track' ? 'event' : message.type)) faults.push(`${messageId} was not sent as it is stored.`);
    else if (person !== expected) faults.push(`${messageId} belongs to ${expected}, and the log says ${person}.`);
    else if (message.userId === undefined && expected !== undefined) joined.set(message.anonymousId!, (joined.get(message.anonymousId!) ?? 0) + 1);
  }
  const merges = lines.filter(({ type }) => type === 'anon_merge').map(({ anonymousId, person, count }) => `${anonymousId} ${person} ${count}`);
  const due = [...joined].map(([anonymousId, count]) => `${anonymousId} ${claims.get(anonymousId)!.userId} ${count}`);
  if (merges.sort().join() !== due.sort().join()) faults.push(`The log has the merges ${merges.join()} and should have ${due.join()}.`);
  return faults;
}

function isCall({ type }: Activity): boolean {
  return type === 'event' || type === 'identify';
}

function storedIds(lines: Activity[]): Set<string | undefined> {
  return new Set(lines.filter(isCall).map(({ messageId }) => messageId));
}

/** What became of the requests that the signal left without an answer. */
interface CutShort {
  stored: number;
  unstored: number;
  /** None may be: all of a request is stored, or nothing. */
  torn: string[];
}

function lookAtCutShort(crowd: Crowd, lines: Activity[], cutShort: CutShort): void {
  const stored = storedIds(lines);
  for (const request of crowd.lastRequests()) {
    const kept = request.filter(({ messageId }) => stored.has(messageId)).length;
    if (kept === 0) cutShort.unstored++;
    else if (kept === request.length) cutShort.stored++;
    else cutShort.torn.push(`Of the ${request.length} messages of a batch, ${kept} are stored.`);
  }
}

/** Whoever was identified, and does not have their own anonymous past, all of it and nobody else's. */
async function strangersAmong({ messages, claims }: Sent, collector: CollectorProcess): Promise<string[]> {
  const strangers: string[] = [];
  for (const [anonymousId, { userId }] of claims) {
    const past = [...messages.values()].filter((message) => message.anonymousId === anonymousId && message.userId === undefined);
    const { anonymousIds, events } = await collector.person(userId!);
    const joined = events.filter(({ previouslyAnonymous }) => previouslyAnonymous).map(({ messageId }) => messageId);
    const isWhole = joined.sort().join() === past.map(({ messageId }) => messageId).sort().join();
    if (!isWhole || anonymousIds.join() !== anonymousId) strangers.push(userId!);
  }
  return strangers;
}
