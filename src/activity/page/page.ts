// The activity page of the collector: it finds out the token, shows what came in over time, and hands the rest to the log.
// oxlint-disable-next-line no-restricted-imports -- not an entry of the house: this folder's own door
import { registerActivity } from '../index.js';
import { createAdministration } from './administration.js';
import { createApi } from './api.js';
import { createOverview } from './overview.js';
import { forgetToken, keepToken, takeToken } from './token.js';

const log = document.querySelector('hitherto-activity')!;
const door = document.querySelector<HTMLFormElement>('#door')!;
const reason = document.querySelector<HTMLElement>('#reason')!;
const input = document.querySelector<HTMLInputElement>('#token')!;
const inside = document.querySelectorAll<HTMLElement>('[data-inside]');
const menu = document.querySelector<HTMLDetailsElement>('#menu')!;
const overview = createOverview(document.querySelector<HTMLElement>('#overview')!);
const administration = createAdministration(menu);

function open(token: string): void {
  door.hidden = true;
  for (const element of inside) element.hidden = false;
  log.setAttribute('token', token);
  log.setAttribute('src', '.');
  const api = createApi(token);
  overview.start(api);
  administration.start(api);
}

function ask(why: string): void {
  for (const element of inside) element.hidden = true;
  overview.stop();
  log.removeAttribute('src');
  reason.textContent = why;
  door.hidden = false;
  input.focus();
}

function start(): void {
  const token = takeToken();
  if (token) open(token);
  else ask('Only whoever runs this collector may read the log.');
}

log.addEventListener('activity', overview.follow);
log.addEventListener('refused', () => {
  forgetToken();
  ask('The collector does not accept this token. After a restart it may have a new one.');
});

door.addEventListener('submit', (event) => {
  event.preventDefault();
  keepToken(input.value.trim());
  input.value = '';
  start();
});

document.querySelector('#leave')!.addEventListener('click', () => {
  forgetToken();
  menu.open = false;
  ask('You are signed out.');
});

// A menu closes when one goes elsewhere.
document.addEventListener('click', ({ target }) => {
  if (menu.open && target instanceof Node && !menu.contains(target)) menu.open = false;
});
menu.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape' || !menu.open) return;
  menu.open = false;
  menu.querySelector('summary')!.focus();
});

// The printed address may be opened in a tab that is on this page already.
addEventListener('hashchange', start);
registerActivity();
start();
