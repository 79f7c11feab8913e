/** Milliseconds that go on whatever the computer's clock does; by that clock in a page that has put something of its own in the place of `performance`. */
export function monotonic(): number {
  return globalThis.performance?.now?.() ?? Date.now();
}
