import type { ActivityPage } from '../wire/index.js';
import { isWanted } from './filter.js';
import { readLines, SourceError, type ActivityClient, type Query, type Source } from './source.js';

/** The log of a client in this page: nothing travels, and each change is told at once. */
export function clientSource(client: ActivityClient): Source {
  async function read({ tab, person, limit }: Query): Promise<ActivityPage> {
    const all = await askClient(client, tab);
    const items = person === undefined ? all : all.filter((line) => isWanted(line, { person }));
    return { items: items.slice(0, limit), next: items.length > limit ? String(limit) : null };
  }

  function onChange(changed: () => void): () => void {
    client.on?.('activity', changed);
    return () => void client.off?.('activity', changed);
  }

  return { read, onChange };
}

async function askClient(client: ActivityClient, tab: Query['tab']) {
  let lines;
  try {
    lines = readLines(await client.activity({ tab }));
  } catch (cause) {
    throw new SourceError('failed', 'The client of this page cannot tell its activity. With a collector, give its address: <hitherto-activity src="…">.', { cause });
  }
  if (lines) return lines;
  throw new SourceError('malformed', 'The client of this page did not answer with a list of activity.');
}
