import {
  anonymousStream,
  createDirectory,
  emailBeside,
  mergingId,
  namesMeantBy,
  type Claim,
  type Directory,
  type Link,
  type MessageRecord,
} from '../../merge/index.js';
import { bucketOf } from './bucket.js';
import type { Statements } from './database.js';
import { claimIn, linkIn, type ClaimRow, type NameRow } from './rows.js';
import { fromColumn, toColumn } from './text.js';

/** What is known of names and anonymous ids, as of one transaction: each is looked up once. */
export interface Lookup {
  /** Looks up whatever the rules ask about some records and claims: the two below answer for these only. */
  prepare(records: MessageRecord[], claims?: Claim[]): Promise<void>;
  claimFor(record: MessageRecord): Claim | undefined;
  directory: Directory;

  claimOn(anonymousId: string): Promise<Claim | undefined>;
  claimsOf(name: string): Promise<Claim[]>;
  /** Those among some names that somebody is known by, in their order. */
  knownAmong(names: string[]): Promise<string[]>;
  /** The name that the person goes by whom an id means, if anybody is known by it. */
  rootNamed(id: string): Promise<string | undefined>;
  /** Every name of whoever is meant by an id, and what those may mean besides while nobody is known by it. */
  namesFor(id: string): Promise<string[]>;
  rootOf(name: string): Promise<string>;
  aliasesOf(name: string): Promise<{ name: string; link: Link }[]>;
  /** A name and all that lead to it. */
  namesUnder(root: string): Promise<string[]>;
  /** Those of some names that are suppressed. */
  suppressed(names: string[]): Promise<Set<string>>;
}

export function createLookup(statements: Statements): Lookup {
  const claims = new Map<string, Claim | undefined>();
  const links = new Map<string, Link | undefined>();
  /** Nearly never there are any, and then there is nothing to look up. */
  let hasNames: boolean | undefined;

  const directory = createDirectory((name) => {
    if (hasNames === false) return undefined;
    if (!links.has(name)) throw new Error(`The name ${JSON.stringify(name)} was not looked up.`);
    return links.get(name);
  });

  async function loadClaims(anonymousIds: string[]): Promise<void> {
    const unknown = anonymousIds.filter((id) => !claims.has(id));
    if (unknown.length === 0) return;
    for (const id of unknown) claims.set(id, undefined);
    const found = await statements.all<ClaimRow>('claimsOn', JSON.stringify([...new Set(unknown)].map(claimKeyOf)));
    for (const claim of found.map(claimIn)) claims.set(claim.anonymousId, claim);
  }

  /** Names, and those that they lead to. */
  async function loadLinks(names: string[]): Promise<void> {
    hasNames ??= (await statements.all('hasNames')).length > 0;
    if (!hasNames) return;
    const unknown = [...new Set(names)].filter((name) => !links.has(name));
    if (unknown.length === 0) return;
    for (const name of unknown) links.set(name, undefined);
    const found = await statements.all<NameRow>('names', JSON.stringify(unknown.map(nameKeyOf)));
    for (const row of found) links.set(fromColumn(row.name), linkIn(row));
    await loadLinks(found.flatMap((row) => linkIn(row)?.person ?? []));
  }

  const lookup: Lookup = {
    directory,
    async prepare(records, others = []) {
      await loadClaims(records.flatMap(({ message }) => mergingId(message) ?? []));
      const held = [...records.map(lookup.claimFor), ...others];
      await loadLinks([...records.flatMap(({ person, message }) => [person ?? [], emailBeside(message) ?? []]).flat(), ...held.flatMap((claim) => claim?.person ?? [])]);
    },
    claimFor({ message }) {
      const id = mergingId(message);
      return id === undefined ? undefined : claims.get(id);
    },
    async claimOn(anonymousId) {
      await loadClaims([anonymousId]);
      return claims.get(anonymousId);
    },
    claimsOf: async (name) => (await statements.all<ClaimRow>('claimsOf', toColumn(name))).map(claimIn),
    async knownAmong(names) {
      await loadLinks(names);
      const rows = await statements.all<{ name: string }>('known', JSON.stringify(names.map((name) => toColumn(name))));
      const known = new Set(rows.map(({ name }) => fromColumn(name)));
      return names.filter((name) => links.get(name) !== undefined || known.has(name));
    },
    async rootNamed(id) {
      const [name] = await lookup.knownAmong(namesMeantBy(id));
      return name === undefined ? undefined : directory.rootOf(name);
    },
    async namesFor(id) {
      const root = await lookup.rootNamed(id);
      const own = root === undefined ? [] : await lookup.namesUnder(root);
      const meant = [id, ...own].flatMap(namesMeantBy);
      const known = new Set(await lookup.knownAmong(meant));
      return [...new Set([...own, ...meant.filter((name) => !known.has(name))])];
    },
    async rootOf(name) {
      await loadLinks([name]);
      return directory.rootOf(name);
    },
    async aliasesOf(name) {
      const rows = await statements.all<NameRow>('aliases', toColumn(name));
      return rows.map((row) => ({ name: fromColumn(row.name), link: linkIn(row)! }));
    },
    async namesUnder(root) {
      const names = new Set<string>();
      const add = async (name: string): Promise<void> => {
        if (names.has(name)) return;
        names.add(name);
        for (const alias of await lookup.aliasesOf(name)) await add(alias.name);
      };
      await add(root);
      return [...names];
    },
    async suppressed(names) {
      const rows = await statements.all<NameRow>('names', JSON.stringify([...new Set(names)].map(nameKeyOf)));
      return new Set(rows.flatMap(({ name, is_suppressed }) => (is_suppressed === 1 ? fromColumn(name) : [])));
    },
  };
  return lookup;
}

/** The key of a claim as its columns hold it. */
export interface ClaimKey {
  bucket: number;
  anonymous_id: string;
}

export function claimKeyOf(anonymousId: string): ClaimKey {
  return { bucket: bucketOf(anonymousStream(anonymousId)), anonymous_id: toColumn(anonymousId) };
}

/** The key of a name: its bucket is that of what its person does by it. */
export function nameKeyOf(name: string): { bucket: number; name: string } {
  return { bucket: bucketOf(`user:${name}`), name: toColumn(name) };
}
