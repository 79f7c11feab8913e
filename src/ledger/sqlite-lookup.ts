import type Database from 'libsql';
import {
  anonymousStream,
  createDirectory,
  emailName,
  mergingId,
  userName,
  type Claim,
  type Directory,
  type Link,
  type MessageRecord,
  type NameFacts,
} from '../merge/index.js';
import { bucketOf } from './bucket.js';
import { QUERIES } from './sqlite-queries.js';
import { claimIn, linkIn, type ClaimRow, type LogRow, type NameRow } from './sqlite-rows.js';
import { fromColumn, toColumn } from './sqlite-text.js';

/** What is known of names and anonymous ids, as of one transaction: each is looked up once. */
export interface Lookup {
  log(): LogRow;
  claimOn(anonymousId: string | undefined): Claim | undefined;
  claimFor(record: MessageRecord): Claim | undefined;
  /** The same, for an anonymous id as it stands in a column. */
  claimInColumn(text: string): Claim | undefined;
  /** Remembers a claim that was just written. */
  setClaim(claim: Claim): void;
  /** Whether any name is linked, deleted or suppressed; nearly never, and then there is nothing to look up. */
  hasNames(): boolean;
  nameFacts(name: string): NameFacts;
  setLink(name: string, link: Link): void;
  directory: Directory;
  isKnown(name: string): boolean;
  /** The name that the person goes by whom an id means, if anybody is known by it. */
  rootNamed(id: string): string | undefined;
  aliasesOf(name: string): { name: string; link: Link }[];
  /** A name and all that lead to it. */
  namesUnder(root: string): string[];
  claimsOf(name: string): Claim[];
}

export function prepareLookup(database: Database.Database): () => Lookup {
  const log = database.prepare(QUERIES.log);
  const selectClaim = database.prepare(QUERIES.claim);
  const claimsOf = database.prepare(QUERIES.claimsOf);
  const selectName = database.prepare(QUERIES.name);
  const aliases = database.prepare(QUERIES.aliases);
  const hasNames = database.prepare(QUERIES.hasNames);
  const isNamed = database.prepare(QUERIES.isNamed);

  return () => {
    const claims = new Map<string, Claim | undefined>();
    const names = new Map<string, NameRow | undefined>();
    const links = new Map<string, Link | undefined>();
    let isAnyNamed: boolean | undefined;

    const lookup: Lookup = {
      log: () => log.get() as LogRow,
      claimOn(anonymousId) {
        if (anonymousId === undefined) return undefined;
        if (!claims.has(anonymousId)) {
          const row = selectClaim.get(bucketOf(anonymousStream(anonymousId)), toColumn(anonymousId)) as ClaimRow | undefined;
          claims.set(anonymousId, row && claimIn(row));
        }
        return claims.get(anonymousId);
      },
      claimFor: ({ message }) => lookup.claimOn(mergingId(message)),
      claimInColumn: (text) => lookup.claimOn(fromColumn(text)),
      setClaim: (claim) => void claims.set(claim.anonymousId, claim),
      hasNames: () => (isAnyNamed ??= hasNames.get() !== undefined),
      nameFacts(name) {
        const row = nameRow(name);
        const root = lookup.directory.rootOf(name);
        return { root, isKnown: lookup.isKnown(name), erasedAt: row?.erased_at ?? undefined, isSuppressed: row?.is_suppressed === 1 };
      },
      setLink(name, link) {
        links.set(name, link);
        isAnyNamed = true;
      },
      directory: createDirectory(linkOf),
      isKnown(name) {
        // A statement of libsql that answered all() answers the next get() with what it was asked before; so each does one of them.
        return (
          linkOf(name) !== undefined ||
          isNamed.get(toColumn(name)) !== undefined ||
          lookup.claimsOf(name).length > 0 ||
          lookup.aliasesOf(name).length > 0
        );
      },
      rootNamed(id) {
        const name = [id, userName(id), emailName(id)].find((candidate) => candidate !== undefined && lookup.isKnown(candidate));
        return name === undefined ? undefined : lookup.directory.rootOf(name);
      },
      aliasesOf(name) {
        return (aliases.all(toColumn(name)) as NameRow[]).map((row) => ({ name: fromColumn(row.name), link: linkIn(row)! }));
      },
      namesUnder(root) {
        return [root, ...lookup.aliasesOf(root).flatMap(({ name }) => lookup.namesUnder(name))];
      },
      claimsOf: (name) => (claimsOf.all(toColumn(name)) as ClaimRow[]).map(claimIn),
    };
    return lookup;

    function nameRow(name: string): NameRow | undefined {
      if (!lookup.hasNames()) return undefined;
      if (!names.has(name)) names.set(name, selectName.get(bucketOf(nameStream(name)), toColumn(name)) as NameRow | undefined);
      return names.get(name);
    }

    function linkOf(name: string): Link | undefined {
      if (!links.has(name)) links.set(name, linkIn(nameRow(name)));
      return links.get(name);
    }
  };
}

/** The stream whose bucket a name lies in: that of what its person does by it. */
export function nameStream(name: string): string {
  return `user:${name}`;
}
