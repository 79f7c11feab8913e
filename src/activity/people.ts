import type { PersonSummary } from '../wire/index.js';
import { make } from './make.js';
import { makeTime } from './time.js';
import { cut, nameOfPerson, portrait } from './who.js';

/** Everybody known, as a list of links to their profiles. */
export function drawPeople(people: PersonSummary[], search: string): Node[] {
  if (people.length > 0) return [make('ul', { class: 'people' }, ...people.map(drawPerson))];
  if (search) return [make('h2', {}, 'Nobody found'), make('p', {}, 'Search for how an id begins, or for a whole email or anonymous id.')];
  return [make('h2', {}, 'Nobody yet'), make('p', {}, 'Whoever is identified stands here.')];
}

function drawPerson({ id, names, anonymousIds, lastAt }: PersonSummary): Node {
  const others = names.map((name) => nameOfPerson(name)).join(', ');
  const joined = anonymousIds === 0 ? '' : anonymousIds === 1 ? '1 anonymous id' : `${anonymousIds} anonymous ids`;
  return make(
    'li',
    {},
    make(
      'button',
      { type: 'button', class: 'person', 'data-person': String(id) },
      make('span', { class: 'who' }, ...portrait(nameOfPerson(id), id)),
      make('span', { class: 'soft others' }, make('bdi', {}, cut(others))),
      make('span', { class: 'soft joined' }, joined),
      lastAt === undefined ? make('span', {}) : makeTime(lastAt),
    ),
  );
}
