export interface Ready {
  /** The collector's address, with a slash at its end. */
  home: string;
  /** Stands behind the address of the log: `#token=…`, or nothing. */
  token: string;
  /** Where everything is kept. */
  place: string;
  /** Where pages send to. */
  endpoint: string;
  /** What they send with: the first one; public. */
  writeKey: string;
}

/** What `hitherto serve` says once it takes requests. On one line for programs, which read the first; for people on a terminal, what to do next. */
export function readyText({ home, token, place, endpoint, writeKey }: Ready, isTerminal: boolean): string {
  if (!isTerminal) return `hitherto is ready.  Activity log: ${home}${token}  Demo shop: ${home}demo/  Data: ${place}\n`;
  return `hitherto is ready.

  Activity log  ${home}${token}
  Demo shop     ${home}demo/
  Data          ${place}

What a page of yours pastes is printed by
  npx hitherto snippet --endpoint ${endpoint} --write-key ${writeKey}
`;
}
