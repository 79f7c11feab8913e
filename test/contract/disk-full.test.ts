import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AcceptedMessage } from '../../src/wire/index.js';
import { isAcknowledged } from './collector-process.js';
import { canMount, onFileSystem, onLimitedPages, type OnDisk } from './disk.js';
import { identify, track } from './messages.js';
import { storedBeside } from './stored.js';
import { temporaryFolders } from './temporary.js';

// What is shipped is what is tested: `npm run build` comes first.

const KIB = 1024;
const makeFolder = temporaryFolders();
let disk: OnDisk;
let visitors = 0;

describe.skipIf(!canMount(makeFolder()))('a collector whose file system is full', () => {
  describeFull(onFileSystem);
});
describe('a collector whose database may not grow', () => {
  describeFull(onLimitedPages);
});

function describeFull(start: (folder: string) => OnDisk): void {
  beforeEach(() => {
    disk = start(makeFolder());
  });
  afterEach(() => disk.collector.kill());

  // As much as makes no difference; then more than SQLite's log takes before it goes over into the database, so that
  // there is room for the one and not for the other.
  describe.each([64 * KIB, 6 * KIB * KIB])('but for %i bytes', (roomBytes) => {
    it('answers 503, and has stored what it acknowledged and nothing else', async () => {
      const { collector } = disk;
      const stored = await fillUp(roomBytes);
      const version = (await collector.get('api/activity')).headers.get('ETag')!;

      const refused = visit();
      const response = await collector.post(refused);
      expect({ status: response.status, body: await response.json() }).toEqual({
        status: 503,
        body: { success: false, code: 'not_stored', message: 'Nothing of this request was stored; send it again later.' },
      });
      expect(response.headers.get('Retry-After')).toBe('5');
      // Without this a page could not read the answer.
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect((await collector.get('api/activity', { 'If-None-Match': version })).status).toBe(304);
      expect(storedBeside(disk.data, makeFolder())).toEqual({ integrity: 'ok', messageIds: idsOf(stored) });
      const [entry] = collector.stderr().split('\n');
      expect(JSON.parse(entry!)).toMatchObject({ level: 'error', code: 'not_stored', causes: [expect.stringContaining('hitherto.db'), expect.stringContaining('full')] });
      expect(collector.stderr()).not.toContain(refused[0]!.messageId);
    });

    it('goes on to show whatever is there', async () => {
      const { collector } = disk;
      const stored = await fillUp(roomBytes);
      const [first] = stored;
      const lines = await collector.activity();
      expect(lines.flatMap(({ type, messageId }) => (type === 'event' || type === 'identify' ? messageId! : [])).sort()).toEqual(idsOf(stored));
      expect((await collector.person(`person of ${first!.anonymousId}`)).anonymousIds).toEqual([first!.anonymousId]);
      expect(await (await collector.get(`api/explain/${first!.messageId}`)).json()).toMatchObject({ reason: 'merged_retroactively' });
      expect(await (await collector.get('api/settings')).json()).toEqual({ anonymousEventMerge: true });
      for (const path of ['healthz', '', 'hitherto.min.js']) expect((await collector.get(path)).status).toBe(200);
    });

    it('takes what it refused once there is room, and each message once', async () => {
      const { collector } = disk;
      const stored = await fillUp(roomBytes);
      // Nothing sticks of an attempt that failed: not even a claim that was looked up for it.
      const waiting = Array.from({ length: 5 }, visit);
      const answers = await Promise.all([...waiting, ...waiting].map((batch) => collector.post(batch)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));

      await disk.free();
      for (const batch of waiting) expect(await isAcknowledged(await collector.post(batch), batch)).toBe(true);
      const all = [...stored, ...waiting.flat()];
      expect(storedBeside(disk.data, makeFolder())).toEqual({ integrity: 'ok', messageIds: idsOf(all) });
      for (const [first] of waiting) {
        const { anonymousIds, events } = await collector.person(`person of ${first!.anonymousId}`);
        expect(anonymousIds).toEqual([first!.anonymousId]);
        expect(events.every(({ previouslyAnonymous }) => previouslyAnonymous)).toBe(true);
      }
      const merges = (await collector.activity()).filter(({ type }) => type === 'anon_merge');
      expect(merges.map(({ anonymousId, count }) => `${anonymousId} ${count}`).sort()).toEqual(mergesOf(all));
    });
  });

  it('refuses what an administrator changes, and does it once there is room', async () => {
    const { collector } = disk;
    const suppress = async (person: number) => (await collector.request('POST', `api/people/person-${person}/suppress`)).status;
    const suppressed = async () => (await collector.activity()).flatMap(({ type, person }) => (type === 'person_suppressed' ? person! : [])).reverse();
    await collector.post(visit());
    await disk.fill(0);
    // What fits into the pages that are there may still be done.
    const done: string[] = [];
    let status: number;
    while ((status = await suppress(done.length)) === 200) done.push(`person-${done.length}`);
    expect(status).toBeGreaterThanOrEqual(500);
    expect(await suppressed()).toEqual(done);

    await disk.free();
    expect(await suppress(done.length)).toBe(200);
    expect(await suppressed()).toEqual([...done, `person-${done.length}`]);
  });

  it('stops when it is told to, though its log does not fit into the database any more', async () => {
    const { collector } = disk;
    await fillUp(6 * KIB * KIB);
    const said = collector.stderr();
    collector.child.kill('SIGTERM');
    expect(await collector.ended).toEqual({ code: 0, signal: null, stderr: said });
  });

  /** Sends batches until one is refused. @returns what was acknowledged */
  async function fillUp(roomBytes: number): Promise<AcceptedMessage[]> {
    const { collector } = disk;
    const stored = visit();
    expect(await isAcknowledged(await collector.post(stored), stored)).toBe(true);
    await disk.fill(roomBytes);
    for (;;) {
      const batch = visit();
      if (!(await isAcknowledged(await collector.post(batch), batch))) return stored;
      stored.push(...batch);
    }
  }
}

/** A visitor who looks around and says who they are, in a batch of 90 KB: more than the room that a failed commit leaves. */
function visit(): AcceptedMessage[] {
  const anonymousId = `visitor ${++visitors}`;
  const events = Array.from({ length: 30 }, () => track('looked', { anonymousId, timestamp: new Date().toISOString(), properties: { text: 'x'.repeat(3000) } }));
  return [...events, identify(`person of ${anonymousId}`, { anonymousId, timestamp: new Date().toISOString() })];
}

function idsOf(messages: AcceptedMessage[]): string[] {
  return messages.map(({ messageId }) => messageId).sort();
}

function mergesOf(messages: AcceptedMessage[]): string[] {
  return messages.filter(({ type }) => type === 'identify').map(({ anonymousId }) => `${anonymousId} 30`).sort();
}
