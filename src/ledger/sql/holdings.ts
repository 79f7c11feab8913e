import { holdingsBehind, isMerged, isStanding, noHoldings, type Holdings, type MessageRecord } from '../../merge/index.js';
import type { Statements } from './database.js';
import { claimKeyOf, type Lookup } from './lookup.js';
import { recordOf, type MessageRow } from './rows.js';
import { toColumn } from './text.js';

/** What is kept under a name and under those that lead to it; its records are looked up, as `prepare` does. */
export async function holdingsOf(root: string, statements: Statements, lookup: Lookup): Promise<Holdings> {
  const holdings = noHoldings();
  const found = new Map([[root, holdings]]);
  for (const [name, holdings] of found) {
    const records = (await statements.all<MessageRow>('allNaming', toColumn(name))).map(recordOf);
    const claims = (await lookup.claimsOf(name)).filter(isStanding);
    for (const claim of claims) {
      for (const record of await recordsOn(claim.anonymousId, statements)) if (isMerged(record, claim)) records.push(record);
    }
    await lookup.prepare(records);
    holdings.claims = [...holdings.claims, ...claims];
    holdings.records = [...holdings.records, ...records];
    for (const { name: alias, link } of await lookup.aliasesOf(name)) if (!found.has(alias)) found.set(alias, holdingsBehind(link, holdings));
  }
  return holdings;
}

/** Everything that an anonymous id did. */
export async function recordsOn(anonymousId: string, statements: Statements): Promise<MessageRecord[]> {
  const { bucket, anonymous_id } = claimKeyOf(anonymousId);
  return (await statements.all<MessageRow>('allOn', bucket, anonymous_id)).map(recordOf);
}

/** So many rows at a time are enough for most visitors. */
export const RECENT_ROWS = 200;
/** Above every place. */
const TOP = { receivedAt: Number.MAX_SAFE_INTEGER, sequence: Number.MAX_SAFE_INTEGER };

/** What an anonymous id did that arrived since a time, newest first: however much came before it, nothing of that is read. */
export async function recentOn(anonymousId: string, since: number, statements: Pick<Statements, 'all'>): Promise<MessageRecord[]> {
  const { bucket, anonymous_id } = claimKeyOf(anonymousId);
  const found: MessageRecord[] = [];
  for (let below = TOP; ; ) {
    const rows = await statements.all<MessageRow>('messagesOn', below.receivedAt, below.sequence, RECENT_ROWS, bucket, anonymous_id);
    const records = rows.map(recordOf);
    found.push(...records.filter(({ receivedAt }) => receivedAt >= since));
    const last = records[RECENT_ROWS - 1];
    if (!last || last.receivedAt < since) return found;
    below = last;
  }
}
