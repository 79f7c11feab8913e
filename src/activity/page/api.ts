import type { Stats } from '../../wire/index.js';

/** What the page itself asks the collector, beside what the log asks. */
export interface Api {
  stats(since: number, step: number): Promise<Stats>;
  settings(): Promise<{ anonymousEventMerge: boolean }>;
  changeSettings(settings: { anonymousEventMerge: boolean }): Promise<{ anonymousEventMerge: boolean }>;
  /** Every message that is kept, one a line. */
  export(): Promise<Response>;
}

export function createApi(token: string): Api {
  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`api/${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers }, cache: 'no-store', credentials: 'omit' });
    if (!response.ok) throw new Error(`The collector answered ${response.status}.`);
    return response;
  }
  const askFor = async <Answer>(path: string, init?: RequestInit): Promise<Answer> => (await ask(path, init)).json() as Promise<Answer>;

  return {
    stats: (since, step) => askFor(`stats?since=${since}&step=${step}`),
    settings: () => askFor('settings'),
    changeSettings: (settings) => askFor('settings', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(settings) }),
    export: () => ask('export'),
  };
}
