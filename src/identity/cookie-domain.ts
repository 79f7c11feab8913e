/** The domains that a page may have put cookies on, the widest one first; none on an IP address and on localhost. */
export function cookieDomains(hostname: string): string[] {
  const labels = hostname.split('.');
  if (/^[\d.]+$/.test(hostname) || hostname.includes(':')) return [];
  return labels.slice(1).map((_, i) => labels.slice(-2 - i).join('.'));
}

/**
 * The widest domain that a page may set cookies for, so that www and app share one visitor.
 *
 * @param hostname the page's own
 * @param canSet tries a cookie on a domain; a browser refuses those that belong to everybody (com, co.uk)
 * @returns `undefined` on an IP address, on localhost, and where no wider domain is allowed
 */
export function widestCookieDomain(hostname: string, canSet: (domain: string) => boolean): string | undefined {
  return cookieDomains(hostname).find(canSet);
}
