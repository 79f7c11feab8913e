/** What work comes to, or `undefined` when it takes longer than so many milliseconds; it goes on then. */
export function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, new Promise<undefined>((resolve) => setTimeout(resolve, ms))]);
}
