/** Where the messages of a client go. */
export type Destination =
  /** To a collector. */
  | { kind: 'collector'; endpoint: string; writeKey: string; problem?: never }
  /** Nowhere: the merge engine runs in the page, over messages that stay in this browser. */
  | { kind: 'page'; problem?: never }
  /** Nobody can tell; they are kept until somebody can. */
  | { kind: 'nowhere'; problem: string; endpoint?: never; writeKey?: never };

/**
 * Reads where messages go out of what the page configured.
 *
 * @param hasEngine whether this build can merge in the page
 * @param base what a relative endpoint is relative to: the page's address
 */
export function destinationOf(
  { writeKey, endpoint }: { writeKey?: string | undefined; endpoint?: string | undefined },
  hasEngine: boolean,
  base: string | undefined,
): Destination {
  if (!writeKey && !endpoint) {
    if (hasEngine) return { kind: 'page' };
    const problem = 'this script needs data-write-key and data-endpoint; hitherto.min.js works without.';
    return { kind: 'nowhere', problem };
  }
  if (!writeKey) return { kind: 'nowhere', problem: `writeKey is missing; add the key that the collector at ${endpoint} was started with.` };
  if (!endpoint) return { kind: 'nowhere', problem: `endpoint is missing; add the collector's address, or leave out writeKey too to merge in the page.` };
  const address = addressOf(endpoint, base);
  if (!address) return { kind: 'nowhere', problem: `endpoint "${endpoint}" is no address; write it as in https://collector.example.` };
  return { kind: 'collector', endpoint: address, writeKey };
}

/** Without the slashes at its end, and without the /v1 that Customer.io's `apiHost` ends in. */
export function addressOf(endpoint: string, base?: string): string | undefined {
  try {
    const { protocol, href } = new globalThis.URL(endpoint, base);
    return protocol.startsWith('http') ? href.replace(/\/+$/, '').replace(/\/v1$/, '') : undefined;
  } catch {
    return undefined;
  }
}
