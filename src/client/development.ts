/** A page on its developer's own machine. */
export function isDevelopment(): boolean {
  return /^(localhost|127\.[\d.]+|\[::1\]|.+\.localhost)$/.test(globalThis.location?.hostname ?? '');
}
