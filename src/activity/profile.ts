import type { Activity, JsonObject } from '../wire/index.js';
import { drawFields } from './fields.js';
import { kindOf, titleOf } from './line.js';
import { make } from './make.js';
import type { Profile, Source } from './source.js';
import { makeTime } from './time.js';
import { cut, makeVisitor, nameOfPerson, portrait } from './who.js';

/** Lines of the timeline; the log itself has the rest. */
const TIMELINE_LINES = 100;

export interface ProfileHandlers {
  canErase: boolean;
  /** They are no more. */
  onErased(): void;
}

/** All about a person: what is known of them, what they were before, and what they did, with the moments at which somebody unknown became them. */
export function drawProfile(id: string, source: Source, { canErase, onErased }: ProfileHandlers): Node[] {
  const body = make('div', { class: 'profile', 'aria-live': 'polite' }, make('p', { class: 'soft' }, 'Asking…'));
  void load();

  async function load(): Promise<void> {
    try {
      const [profile, page] = await Promise.all([source.profile!(id), source.read({ tab: 'identified', person: id, limit: TIMELINE_LINES })]);
      if (!profile) return body.replaceChildren(make('p', {}, 'Nobody is known by this id any more.'));
      body.replaceChildren(...drawKnown(profile), make('h3', {}, 'Timeline'), drawTimeline(page.items), ...(canErase && source.erase ? [drawErase(profile.id, source, onErased)] : []));
    } catch (error) {
      body.replaceChildren(make('p', { class: 'warn' }, error instanceof Error ? error.message : String(error)));
    }
  }

  return [
    make('p', { class: 'kind' }, 'Person'),
    make('h2', { tabindex: '-1', class: 'who' }, ...portrait(nameOfPerson(id), id)),
    make('p', { class: 'actions' }, make('button', { type: 'button', class: 'button', 'data-only-person': id }, 'Show only theirs')),
    body,
  ];
}

function drawKnown({ traits, anonymousIds, segments = [], triggers = [] }: Profile): Node[] {
  return [
    ...(traits ? [make('h3', {}, 'Traits'), drawTraits(traits)] : []),
    make('h3', {}, 'Anonymous ids'),
    anonymousIds.length === 0 ? make('p', { class: 'soft' }, 'Nothing anonymous has joined them.') : make('ul', { class: 'tokens' }, ...anonymousIds.map((anonymousId) => make('li', {}, makeVisitor(String(anonymousId))))),
    ...(segments.length > 0 ? [make('h3', {}, 'Segments'), make('ul', { class: 'tokens' }, ...segments.map((segment) => make('li', { class: 'token' }, make('bdi', {}, cut(segment)))))] : []),
    ...(triggers.length > 0
      ? [
          make('h3', {}, 'Campaigns they started'),
          make('ul', { class: 'plain' }, ...triggers.map(({ campaign, at, isDelivered }) => make('li', {}, make('bdi', {}, cut(campaign)), make('span', { class: 'soft' }, isDelivered ? 'delivered' : 'waiting'), makeTime(at)))),
        ]
      : []),
  ];
}

/** The anonymous id that they have as an attribute is the last in the list of all of them, which stands below. */
function drawTraits({ anonymous_id: _listed, ...traits }: JsonObject): Node {
  return Object.keys(traits).length === 0 ? make('p', { class: 'soft' }, 'Nothing was said of them yet.') : drawFields(traits);
}

/** Newest first. Everything that was somebody unknown's has the dashed ring of one, up to the merge that stands above it. */
function drawTimeline(lines: Activity[]): Node {
  if (lines.length === 0) return make('p', { class: 'soft' }, 'Nothing.');
  return make(
    'ol',
    { class: 'timeline' },
    ...lines.map((line) => {
      const isMerge = kindOf(line) === 'anon_merge';
      const text = isMerge ? [make('b', {}, `${line.count ?? 0} ${line.count === 1 ? 'event' : 'events'}`), ' joined from ', ...(line.anonymousId === undefined ? [] : [makeVisitor(line.anonymousId)])] : [make('bdi', {}, titleOf(line))];
      return make('li', { class: isMerge ? 'merge' : line.previouslyAnonymous ? 'was-anonymous' : 'known' }, make('span', { class: 'text' }, ...text), makeTime(line.occurredAt ?? line.at));
    }),
  );
}

/** Erasing cannot be undone: whoever does it types the name. */
function drawErase(id: string, source: Source, onErased: () => void): Node {
  const input = make('input', { 'aria-label': `Type ${id} to confirm`, placeholder: cut(id), spellcheck: 'false', autocomplete: 'off' });
  const button = make('button', { class: 'button danger', disabled: '' }, 'Erase for good');
  const trouble = make('p', { class: 'warn', role: 'alert' });
  const form = make('form', { class: 'ask' }, input, button);
  input.addEventListener('input', () => (button.disabled = input.value !== id));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (input.value !== id) return;
    button.disabled = true;
    source.erase!(id).then(onErased, (error: unknown) => {
      trouble.textContent = error instanceof Error ? error.message : String(error);
      button.disabled = false;
    });
  });
  return make(
    'details',
    { class: 'erase' },
    make('summary', {}, 'Erase this person…'),
    make('p', { class: 'soft' }, 'Deletes who they are and everything that is theirs. Their anonymous ids stay taken. It cannot be undone. To confirm, type ', make('b', {}, make('bdi', {}, cut(id))), '.'),
    form,
    trouble,
  );
}
