import type { Activity, ActivityPage, JsonObject, PeoplePage, PersonSummary } from '../wire/index.js';
import { isWanted } from './filter.js';
import { readLines, SourceError, type ActivityClient, type Profile, type Query, type Queue, type Source } from './source.js';

/** The log of a client in this page: nothing travels, and each change is told at once. Of one with a collector, what waits for it. */
export function clientSource(client: ActivityClient): Source {
  async function read({ tab, before, limit, ...filter }: Query): Promise<ActivityPage> {
    const all = await askClient(client, tab);
    const wanted = all.filter((line) => isWanted(line, filter as Parameters<typeof isWanted>[1]));
    const start = Number(before ?? 0);
    const end = start + limit;
    return { items: wanted.slice(start, end), next: wanted.length > end ? String(end) : null };
  }

  async function people({ search }: { search: string }): Promise<PeoplePage> {
    const lines = await askClient(client, 'identified');
    const known = new Map<string, PersonSummary>();
    for (const { person, at, type } of lines) {
      if (person === undefined || !person.includes(search)) continue;
      const summary = known.get(person) ?? { id: person, names: [], anonymousIds: 0, lastAt: at };
      if (type === 'anon_merge') summary.anonymousIds++;
      known.set(person, summary);
    }
    return { items: [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), next: null };
  }

  async function profile(id: string): Promise<Profile | undefined> {
    const merges = (await askClient(client, 'identified')).filter(({ type, person }) => type === 'anon_merge' && person === id);
    const user = client.user?.();
    return {
      id,
      anonymousIds: merges.flatMap(({ anonymousId }) => anonymousId ?? []).reverse(),
      ...(user?.id() === id && { traits: user.traits() }),
    };
  }

  function queue(): Queue {
    const { endpoint, failure, queue: rows = [] } = client.inspect!();
    return { endpoint, failure, messages: rows.flatMap(({ text, isSending }) => messagesIn(text).map((message) => ({ message, isSending }))) };
  }

  function onChange(changed: () => void): () => void {
    client.on?.('activity', changed);
    return () => void client.off?.('activity', changed);
  }

  if (client.inspect?.().endpoint !== undefined) return { read, onChange, queue, isQueueOnly: true };
  return {
    read,
    people,
    profile,
    onChange,
    ...(client.explain && { explain: (messageId: string) => client.explain!(messageId) }),
    ...(client.message && { message: (messageId: string) => client.message!(messageId) }),
    ...(client.inspect && { queue }),
  };
}

async function askClient(client: ActivityClient, tab: Query['tab']): Promise<Activity[]> {
  let lines;
  try {
    lines = readLines(await client.activity({ tab }));
  } catch (cause) {
    throw new SourceError('failed', 'The client of this page cannot tell its activity. With a collector, give its address: <hitherto-activity src="…">.', { cause });
  }
  if (lines) return lines;
  throw new SourceError('malformed', 'The client of this page did not answer with a list of activity.');
}

function messagesIn(text: string): JsonObject[] {
  try {
    return JSON.parse(`[${text}]`) as JsonObject[];
  } catch {
    // Something else has spoiled it; the client will not send it either.
    return [];
  }
}
