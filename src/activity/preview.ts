import { make } from './make.js';
import type { Preview, Source } from './source.js';
import { makeTime } from './time.js';

/** Why an anonymous id would not be claimed. */
const REFUSALS: Record<string, string> = {
  suppressed: 'Nothing: this person is suppressed, and nothing about them is kept.',
  unknown_person: 'Nothing: nobody has this cio_id.',
  claimed: 'Nothing: this anonymous id has been claimed already.',
  merging_off: 'Nothing: merging is switched off.',
  blank_id: 'Nothing: a blank anonymous id is never anybody’s.',
  bad_id: 'Nothing: this anonymous id cannot be used.',
};

/** Asks for a person, and says what identifying them with this anonymous id would do, without doing it. */
export function drawPreview(anonymousId: string, source: Source): HTMLElement {
  const input = make('input', { 'aria-label': 'Person', placeholder: 'If this were…', spellcheck: 'false', autocomplete: 'off', required: '' });
  const answer = make('div', { class: 'answer', 'aria-live': 'polite' });
  const form = make('form', { class: 'ask' }, input, make('button', { class: 'button' }, 'Preview'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const person = input.value.trim();
    if (!person) return;
    source.preview!(person, anonymousId).then(
      (preview) => answer.replaceChildren(...drawAnswer(preview, person)),
      (error: unknown) => answer.replaceChildren(make('p', { class: 'warn' }, error instanceof Error ? error.message : String(error))),
    );
  });
  return make('div', { class: 'preview' }, form, answer);
}

function drawAnswer({ claims, reason, count, oldest, triggers, traits }: Preview, person: string): Node[] {
  if (!claims) return [make('p', {}, (reason !== undefined && Object.hasOwn(REFUSALS, reason) ? REFUSALS[reason] : undefined) ?? 'Nothing.')];
  // That they would have this anonymous id goes without saying.
  const names = Object.keys(traits).filter((name) => name !== 'anonymous_id');
  return [
    make('p', {}, make('b', {}, count === 1 ? '1 event' : `${count} events`), ' would join ', make('b', {}, make('bdi', {}, person)), ...(oldest === undefined ? ['.'] : [', the oldest from ', makeTime(oldest * 1000), '.'])),
    ...(triggers.length > 0 ? [make('p', {}, 'Campaigns that would start: ', make('bdi', {}, triggers.map(({ campaign }) => campaign).join(', ')))] : []),
    ...(names.length > 0 ? [make('p', {}, 'Traits they would get: ', make('bdi', {}, names.join(', ')))] : []),
  ];
}
