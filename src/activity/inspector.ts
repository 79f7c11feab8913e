import { make } from './make.js';
import { registerActivity } from './register.js';
import type { ActivityClient } from './source.js';

let opened: HTMLElement | undefined;
/** Where the focus was, and goes when the log closes. */
let opener: Element | null;

/**
 * Opens the activity log of a client over its page, with what waits for delivery; called again, it closes it.
 *
 * @example
 * ```ts
 * import { openInspector } from 'hitherto/activity';
 * openInspector(client);
 * ```
 */
export function openInspector(client: ActivityClient): void {
  registerActivity();
  // A page that replaces its body has taken the log away with it.
  if (opened?.isConnected) return close();
  opener = document.activeElement;
  opened = document.createElement('div');
  const root = opened.attachShadow({ mode: 'open' });
  root.adoptedStyleSheets = [inspectorSheet()];
  const log = document.createElement('hitherto-activity');
  log.client = client;
  const shut = make('button', { type: 'button', 'aria-label': 'Close the inspector', title: 'Close (Escape)' }, '×');
  shut.addEventListener('click', close);
  root.append(make('section', { 'aria-label': 'hitherto inspector' }, make('header', {}, make('b', {}, 'hitherto'), make('span', {}, about(client)), shut), log));
  document.body.append(opened);
  document.addEventListener('keydown', onKey);
  shut.focus();
}

function close(): void {
  // Whoever has gone on in the page stays there.
  if (document.activeElement === opened) (opener as HTMLElement | null)?.focus();
  opened?.remove();
  opened = undefined;
  document.removeEventListener('keydown', onKey);
}

/** The log has its own use for Escape, as long as a panel of it is open. */
function onKey(event: KeyboardEvent): void {
  if (event.key === 'Escape' && !event.defaultPrevented) close();
}

/** Who the visitor is, and where what they do goes. */
function about(client: ActivityClient): string {
  const { endpoint, consent = 'granted' } = client.inspect?.() ?? {};
  const person = client.user?.().id();
  return `${person ? `${person} · ` : ''}${endpoint ?? 'in this browser'}${consent === 'granted' ? '' : ` · consent is ${consent}`}`;
}

function inspectorSheet(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  return sheet;
}

const CSS = `
:host { all: initial; direction: ltr; }
section { position: fixed; z-index: 2147483647; right: 16px; bottom: 16px; width: min(760px, calc(100vw - 32px)); box-sizing: border-box; border: 1px solid #0003; border-radius: 12px; overflow: hidden; color: #1d2125; box-shadow: 0 16px 60px #0004; font: 14px/24px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color-scheme: light dark; }
header { display: flex; gap: 10px; align-items: center; padding: 8px 10px 8px 20px; background: #0b7569; color: #fff; }
span { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
button { font: inherit; font-size: 20px; line-height: 28px; width: 32px; color: inherit; background: none; border: 0; border-radius: 6px; cursor: pointer; }
button:hover { background: #fff3; }
:focus-visible { outline: 2px solid currentColor; outline-offset: -2px; }
hitherto-activity { --hitherto-height: min(560px, calc(100vh - 100px)); }
@media (prefers-color-scheme: dark) { section { border-color: #fff3; } }
@media (max-width: 620px) { section { right: 0; bottom: 0; width: 100vw; border-radius: 12px 12px 0 0; } }
`;
