// The activity page of the collector: it finds out the token and hands the rest to the log.
// oxlint-disable-next-line no-restricted-imports -- not an entry of the house: this folder's own door
import { registerActivity } from '../index.js';
import { forgetToken, keepToken, takeToken } from './token.js';

const log = document.querySelector('hitherto-activity')!;
const door = document.querySelector<HTMLFormElement>('#door')!;
const reason = document.querySelector<HTMLElement>('#reason')!;
const input = document.querySelector<HTMLInputElement>('#token')!;

function open(token: string): void {
  door.hidden = true;
  log.hidden = false;
  log.setAttribute('token', token);
  log.setAttribute('src', '.');
}

function ask(why: string): void {
  log.hidden = true;
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

// The printed address may be opened in a tab that is on this page already.
addEventListener('hashchange', start);
registerActivity();
start();
