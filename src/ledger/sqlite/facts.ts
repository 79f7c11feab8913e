import type Database from 'libsql';
import { createDirectory, TRIGGER_WINDOW_MS, type Claim, type Link, type MessageRecord } from '../../merge/index.js';
import type { AppendFacts } from '../sql/facts.js';
import { RECENT_ROWS } from '../sql/holdings.js';
import { claimKeyOf, nameKeyOf } from '../sql/lookup.js';
import { claimIn, linkIn, recordOf, type ClaimRow, type MessageRow, type NameRow } from '../sql/rows.js';
import { toColumn } from '../sql/text.js';
import { APPEND } from './queries.js';

export interface AppendLog {
  name: string;
  last_sequence: number;
  last_received_at: number;
  settings: string;
}

/** Looks up what the rules ask about while a transaction appends, each of it once. */
export function prepareFacts(database: Database.Database): (isMergingOff: boolean) => AppendFacts {
  const selectClaim = database.prepare(APPEND.claim);
  const selectName = database.prepare(APPEND.name);
  const hasNames = database.prepare(APPEND.hasNames);
  const selectKnown = database.prepare(APPEND.known);
  const messagesOn = database.prepare(APPEND.messagesOn);

  return (isMergingOff) => {
    const claims = new Map<string, Claim | undefined>();
    const names = new Map<string, NameRow | undefined>();
    const links = new Map<string, Link | undefined>();
    let isAnyNamed: boolean | undefined;

    const facts: AppendFacts = {
      isMergingOff,
      claimOn(anonymousId) {
        if (anonymousId === undefined) return undefined;
        if (!claims.has(anonymousId)) {
          const { bucket, anonymous_id } = claimKeyOf(anonymousId);
          const row = selectClaim.get(bucket, anonymous_id) as ClaimRow | undefined;
          claims.set(anonymousId, row && claimIn(row));
        }
        return claims.get(anonymousId);
      },
      setClaim: (claim) => void claims.set(claim.anonymousId, claim),
      hasNames: () => (isAnyNamed ??= hasNames.get() !== undefined),
      nameFacts(name) {
        const row = nameRow(name);
        return { root: facts.directory.rootOf(name), isKnown: isKnown(name), erasedAt: row?.erased_at ?? undefined, isSuppressed: facts.isSuppressed(name) };
      },
      isSuppressed: (name) => nameRow(name)?.is_suppressed === 1,
      setLink(name, link) {
        links.set(name, link);
        isAnyNamed = true;
      },
      directory: createDirectory(linkOf),
      recentOn({ anonymousId, at }) {
        const { bucket, anonymous_id } = claimKeyOf(anonymousId);
        const found: MessageRecord[] = [];
        for (let below = Number.MAX_SAFE_INTEGER; ; ) {
          const records = (messagesOn.all(0, below, RECENT_ROWS, bucket, anonymous_id) as MessageRow[]).map(recordOf);
          found.push(...records.filter(({ receivedAt }) => receivedAt >= at - TRIGGER_WINDOW_MS));
          const last = records[RECENT_ROWS - 1];
          if (!last || last.receivedAt < at - TRIGGER_WINDOW_MS) return found;
          below = last.sequence;
        }
      },
    };
    return facts;

    function isKnown(name: string): boolean {
      return linkOf(name) !== undefined || (selectKnown.get(toColumn(name)) as { is_known: number }).is_known === 1;
    }

    function nameRow(name: string): NameRow | undefined {
      if (!facts.hasNames()) return undefined;
      if (!names.has(name)) {
        const key = nameKeyOf(name);
        names.set(name, selectName.get(key.bucket, key.name) as NameRow | undefined);
      }
      return names.get(name);
    }

    function linkOf(name: string): Link | undefined {
      if (!links.has(name)) links.set(name, linkIn(nameRow(name)));
      return links.get(name);
    }
  };
}
