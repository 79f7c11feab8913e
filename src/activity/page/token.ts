const KEY = 'hitherto.token';

/**
 * The admin token: from the address (`/#token=…`), else from earlier in this tab.
 * In the address it would be seen, bookmarked and shared, so it leaves the address and stays with the tab.
 */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return memory ?? stored();
  keepToken(token);
  history.replaceState(null, '', location.pathname + location.search);
  return token;
}

export function keepToken(token: string): void {
  memory = token;
  attempt(() => sessionStorage.setItem(KEY, token));
}

export function forgetToken(): void {
  memory = undefined;
  attempt(() => sessionStorage.removeItem(KEY));
}

/** Where a browser keeps nothing for us, the token lasts as long as the page. */
let memory: string | undefined;

function stored(): string | null {
  let token: string | null = null;
  attempt(() => (token = sessionStorage.getItem(KEY)));
  return token;
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Storage that is blocked is no trouble: the token is in memory.
  }
}
