/** The same methods, each of which asks first whether it may. */
export function guarded<Methods extends object>(methods: Methods, check: () => void): Methods {
  const entries = Object.entries(methods).map(([name, method]: [string, (...parameters: unknown[]) => unknown]) => [
    name,
    async (...parameters: unknown[]) => {
      check();
      return method(...parameters);
    },
  ]);
  return Object.fromEntries(entries) as Methods;
}
