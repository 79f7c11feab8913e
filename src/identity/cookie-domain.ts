/**
 * The widest domain that a page may set cookies for, so that www and app share one visitor.
 *
 * @param hostname the page's own
 * @param canSet tries a cookie on a domain; a browser refuses those that belong to everybody (com, co.uk)
 * @returns `undefined` on an IP address, on localhost, and where no wider domain is allowed
 */
export function widestCookieDomain(hostname: string, canSet: (domain: string) => boolean): string | undefined {
  const labels = hostname.split('.');
  if (labels.length < 2 || /^[\d.]+$/.test(hostname) || hostname.includes(':')) return undefined;
  for (let i = labels.length - 2; i >= 0; i--) {
    const domain = labels.slice(i).join('.');
    if (canSet(domain)) return domain;
  }
  return undefined;
}
