import { makeIcon } from './icon.js';
import { make } from './make.js';

const HUES = 6;

/** A person, as a button that leads to their profile. */
export function makePerson(person: string): HTMLButtonElement {
  const name = nameOfPerson(person);
  return make('button', { type: 'button', class: 'who', 'data-person': person, title: `Who is ${cut(person)}?` }, ...portrait(name, person));
}

/** A visitor nobody knows, as a button that leads to what is known of them. */
export function makeVisitor(anonymousId: string): HTMLButtonElement {
  return make(
    'button',
    { type: 'button', class: 'who visitor', 'data-anonymous': anonymousId, title: `Anonymous id ${cut(anonymousId)}` },
    makeIcon('anonymous'),
    make('bdi', {}, shortId(anonymousId)),
  );
}

/** The mark beside a person: this event was nobody's until they were identified. */
export function makeWasAnonymous(anonymousId: string | undefined): HTMLSpanElement {
  const words = 'was anonymous until identified';
  const title = anonymousId === undefined ? words : `${words} (anonymous id ${cut(anonymousId)})`;
  return make('span', { class: 'was', role: 'img', 'aria-label': words, title }, makeIcon('was'));
}

/** Enough of an anonymous id to tell two apart. */
export function shortId(anonymousId: string): string {
  const id = String(anonymousId).trim();
  if (!id) return 'blank id';
  return id.length > 12 ? cut(id, 8) : id;
}

/** The name a person goes by in the log: the address alone when that is all that is known of them. */
export function nameOfPerson(person: string): string {
  return cut(String(person).replace(/^email:/, ''));
}

export function portrait(name: string, person: string): Node[] {
  let hash = 0;
  for (const character of String(person)) hash = (hash * 31 + character.codePointAt(0)!) % 997;
  const [initial = '?'] = name;
  return [make('i', { class: `h${hash % HUES}`, 'aria-hidden': 'true' }, initial.toUpperCase()), make('bdi', {}, name)];
}

/** A stranger chose the length of it. An id is shown whole: it has 150 bytes at most, and to erase somebody one has to type it. */
export function cut(text: string, length = 150): string {
  const whole = String(text);
  // Not through the middle of a character that is two.
  return whole.length > length ? `${whole.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…` : whole;
}
