import type { Api } from './api.js';

/** The settings and the export, in the menu of the page. */
export function createAdministration(menu: HTMLElement) {
  const merge = menu.querySelector<HTMLInputElement>('#merge')!;
  const button = menu.querySelector<HTMLButtonElement>('#export')!;
  const status = menu.querySelector<HTMLElement>('#told')!;
  let api: Api | undefined;

  async function attempt(work: (api: Api) => Promise<void>): Promise<void> {
    if (!api) return;
    try {
      await work(api);
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  async function readSettings(api: Api): Promise<void> {
    const { anonymousEventMerge } = await api.settings();
    merge.checked = anonymousEventMerge;
    merge.disabled = false;
  }

  merge.addEventListener('change', () => {
    const wanted = merge.checked;
    status.textContent = '';
    merge.disabled = true;
    void attempt(async (api) => {
      merge.checked = (await api.changeSettings({ anonymousEventMerge: wanted })).anonymousEventMerge;
      status.textContent = merge.checked ? 'From now on an identify joins what came before it.' : 'From now on an identify joins nothing.';
    }).finally(() => attempt(readSettings));
  });

  button.addEventListener('click', () => {
    button.disabled = true;
    status.textContent = '';
    void attempt(async (api) => {
      const file = await (await api.export()).blob();
      const link = document.createElement('a');
      link.href = URL.createObjectURL(file);
      link.download = `hitherto-${new Date().toISOString().slice(0, 10)}.ndjson`;
      link.click();
      URL.revokeObjectURL(link.href);
    }).finally(() => (button.disabled = false));
  });

  return {
    start(next: Api) {
      api = next;
      merge.disabled = true;
      void attempt(readSettings);
    },
  };
}
