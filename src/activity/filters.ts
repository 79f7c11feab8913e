import type { Filter } from './filter.js';
import { makeIcon } from './icon.js';
import { make } from './make.js';
import { makePerson, makeVisitor } from './who.js';

/** A pause in typing that is an end of it. */
const TYPING_MS = 250;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TIMES: [label: string, withinMs: number | undefined][] = [
  ['Any time', undefined],
  ['Last hour', HOUR_MS],
  ['Last 24 hours', 24 * HOUR_MS],
  ['Last 7 days', 7 * 24 * HOUR_MS],
  ['Last 30 days', 30 * 24 * HOUR_MS],
];
/** Behind those: from one moment until another. */
const BETWEEN = TIMES.length;
const KINDS = { name: 'Name', person: 'Person', anonymousId: 'Anonymous id' };

/** The bar that narrows the log. */
export function createFilters(onFilter: (filter: Filter) => void) {
  const kind = make('select', { 'aria-label': 'Filter by' }, ...Object.entries(KINDS).map(([value, label]) => make('option', { value }, label)));
  const input = make('input', { type: 'search', 'aria-label': 'Filter', placeholder: 'Filter…', spellcheck: 'false', autocomplete: 'off' });
  const time = make('select', { 'aria-label': 'Time' }, ...[...TIMES.map(([label]) => label), 'From – until…'].map((label, index) => make('option', { value: String(index) }, label)));
  const since = make('input', { type: 'datetime-local', max: '9999-12-31T23:59' });
  const until = make('input', { type: 'datetime-local', max: '9999-12-31T23:59' });
  const between = make('div', { class: 'between', hidden: '' }, make('label', {}, 'From ', since), make('label', {}, 'Until ', until));
  const chips = make('div', { class: 'chips' });
  const bar = make('form', { class: 'filters', role: 'search', 'aria-label': 'Filter the log' }, make('div', { class: 'joint' }, kind, input), time, between, chips);
  let filter: Filter = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let betweenTimer: ReturnType<typeof setTimeout> | undefined;

  function change(next: { [Key in keyof Filter]: Filter[Key] | undefined }): void {
    onFilter(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined && value !== '')) as Filter);
  }

  function apply(): void {
    clearTimeout(timer);
    const text = input.value.trim();
    if (kind.value === 'name') {
      if (text !== (filter.name ?? '')) change({ ...filter, name: text });
    } else if (text) {
      input.value = '';
      change({ ...filter, name: '', [kind.value]: text });
    }
  }

  input.addEventListener('input', () => {
    clearTimeout(timer);
    // An id is only itself when it is whole: it waits for Enter.
    if (kind.value === 'name') timer = setTimeout(apply, TYPING_MS);
  });
  input.addEventListener('change', apply);
  kind.addEventListener('change', () => {
    input.placeholder = kind.value === 'name' ? 'Filter…' : 'The whole id, then Enter';
    input.focus();
  });
  bar.addEventListener('submit', (event) => {
    event.preventDefault();
    apply();
  });
  time.addEventListener('change', () => {
    const isBetween = time.value === String(BETWEEN);
    clearTimeout(betweenTimer);
    between.hidden = !isBetween;
    if (!isBetween) return change({ ...filter, withinMs: TIMES[Number(time.value)]![1], since: undefined, until: undefined });
    // It begins with what is shown.
    if (filter.withinMs !== undefined) change({ ...filter, withinMs: undefined, since: Math.floor((Date.now() - filter.withinMs) / MINUTE_MS) * MINUTE_MS });
    since.focus();
  });
  between.addEventListener('input', () => {
    clearTimeout(betweenTimer);
    betweenTimer = setTimeout(() => change({ ...filter, since: timeIn(since), until: timeIn(until) }), TYPING_MS);
  });
  chips.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('[data-clear]') : null;
    if (!button) return;
    // The button that has the focus goes; what it belongs to stays.
    input.focus();
    change({ ...filter, [button.dataset['clear']!]: undefined });
  });

  return {
    bar,
    draw(next: Filter) {
      if (next === filter) return;
      filter = next;
      if (kind.value === 'name' && input.value.trim() !== (filter.name ?? '')) input.value = filter.name ?? '';
      if (timeIn(since) !== filter.since) since.value = toLocal(filter.since);
      if (timeIn(until) !== filter.until) until.value = toLocal(filter.until);
      // Whoever has emptied both may be about to fill them in again.
      const isBetween = filter.since !== undefined || filter.until !== undefined || (filter.withinMs === undefined && !between.hidden);
      between.hidden = !isBetween;
      time.value = String(isBetween ? BETWEEN : Math.max(0, TIMES.findIndex(([, withinMs]) => withinMs === filter.withinMs)));
      const { person, anonymousId } = filter;
      chips.replaceChildren(
        ...(person === undefined ? [] : [makeChip('person', makePerson(person))]),
        ...(anonymousId === undefined ? [] : [makeChip('anonymousId', makeVisitor(anonymousId))]),
      );
    },
  };
}

/** What is written into a field, in milliseconds: to the minute, by the clock of whoever reads. */
function timeIn({ value }: HTMLInputElement): number | undefined {
  const time = new Date(value).getTime();
  // On the way to 2026 one has typed the years 2 and 20, which nobody asks for.
  return time >= 0 ? time : undefined;
}

function toLocal(time: number | undefined): string {
  if (time === undefined) return '';
  return new Date(time - new Date(time).getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

function makeChip(key: keyof Filter, who: Node): Node {
  const label = 'Show everybody again';
  return make('span', { class: 'chip' }, 'Only ', who, make('button', { type: 'button', class: 'close', 'data-clear': key, 'aria-label': label, title: label }, makeIcon('close')));
}
