import { beforeEach, expect } from 'vitest';
import { createTestClient, matchers, type HithertoMatchers, type TestClient } from '../../../src/testing/index.js';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/no-empty-object-type -- it has what it extends
  interface Matchers<T> extends HithertoMatchers<T> {}
}

expect.extend(matchers);

/** The client of this test. */
export let client: TestClient;

beforeEach(() => {
  client = createTestClient();
  history.replaceState(null, '', '/');
  document.body.innerHTML = '<div id="app"></div>';
  document.title = '';
});

/** The page views so far: of each its name, and the path of its referrer. */
export function views(): (string | null | undefined)[][] {
  return client.messages.filter(({ type }) => type === 'page').map(({ name, properties }) => [name, String(properties?.['referrer']).replace(location.origin, '')]);
}

/** A navigation inside the page, as a router makes it. */
export function go(path: string): void {
  history.pushState(null, '', path);
}
