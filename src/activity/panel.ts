import type { Activity, Explanation, Reason } from '../wire/index.js';
import { drawCarried } from './carried.js';
import { kindName, titleOf } from './line.js';
import { make } from './make.js';
import { drawPreview } from './preview.js';
import type { Source } from './source.js';
import { makePerson, makeVisitor } from './who.js';

/** What a reason is called, in few words. */
const REASONS: Record<Reason, string> = {
  identified: 'Sent by a person who was known',
  merged_retroactively: 'Was anonymous, joined at the identify',
  merged_late: 'Came in late, joined all the same',
  unclaimed: 'Still anonymous',
  too_old: 'Too old to join',
  late_window_passed: 'Came in too late to join',
  blank_id: 'Has a blank anonymous id',
  bad_id: 'Has an anonymous id that cannot be used',
  merging_off: 'Merging was switched off',
  expired: 'Expired',
  unknown: 'Not kept',
};

/** All about one line of the log: what it is, whose it is, and why. */
export function drawLinePanel(line: Activity, source: Source | undefined): Node[] {
  const { messageId, anonymousId, person } = line;
  const facts = make('dl', {});
  const add = (term: string, ...values: (Node | string)[]) => facts.append(make('dt', {}, term), make('dd', {}, ...values));
  if (person !== undefined) add('Person', makePerson(person));
  if (anonymousId !== undefined) add('Anonymous id', makeVisitor(anonymousId));
  if (line.count !== undefined) add('Events that joined', String(line.count));
  if (line.oldest !== undefined) add('Oldest of them', makeExact(line.oldest * 1000));
  if (line.attribute !== undefined) add('Attribute', make('bdi', {}, line.attribute));
  add('Received', makeExact(line.at));
  if (line.occurredAt !== undefined && line.occurredAt !== line.at) add('Happened', makeExact(line.occurredAt));
  if (messageId !== undefined) add('Message id', make('code', {}, make('bdi', {}, messageId)));
  const isMessage = messageId !== undefined && source?.explain !== undefined;
  const isKept = messageId !== undefined && source?.message !== undefined;
  const canPreview = person === undefined && anonymousId !== undefined && source?.preview !== undefined;
  const [kind, title] = [kindName(line), titleOf(line)];
  return [
    ...(kind === title ? [] : [make('p', { class: 'kind' }, kind)]),
    make('h2', { tabindex: '-1' }, make('bdi', {}, title)),
    ...(isMessage ? [make('h3', {}, 'Why?'), drawWhy(source.explain!(messageId, anonymousId))] : []),
    ...(canPreview ? [make('h3', {}, 'What would merge now?'), drawPreview(anonymousId, source)] : []),
    make('h3', {}, 'Details'),
    facts,
    ...(isKept ? [drawCarried(source.message!(messageId, anonymousId))] : []),
  ];
}

/** All about a visitor whom nobody knows, or knew. */
export function drawVisitorPanel(anonymousId: string, source: Source | undefined): Node[] {
  return [
    make('p', { class: 'kind' }, 'Anonymous id'),
    make('h2', { tabindex: '-1', class: 'mono' }, make('bdi', {}, anonymousId.trim() ? anonymousId : 'blank id')),
    make('p', { class: 'actions' }, make('button', { type: 'button', class: 'button', 'data-only-anonymous': anonymousId }, 'Show only theirs')),
    ...(source?.preview ? [make('h3', {}, 'What would merge now?'), drawPreview(anonymousId, source)] : []),
  ];
}

function drawWhy(asked: Promise<Explanation | undefined>): HTMLElement {
  const box = make('div', { class: 'why', 'aria-live': 'polite' }, make('p', { class: 'soft' }, 'Asking…'));
  void fill();
  return box;

  async function fill(): Promise<void> {
    try {
      const answer = await asked;
      if (answer) box.dataset['joined'] = String(answer.person !== undefined);
      box.replaceChildren(...(answer ? drawAnswer(answer) : [make('p', {}, 'Nobody keeps a message of this id any more.')]));
    } catch (error) {
      box.replaceChildren(make('p', { class: 'warn' }, error instanceof Error ? error.message : String(error)));
    }
  }
}

function drawAnswer({ reason, detail }: Explanation): Node[] {
  const words = Object.hasOwn(REASONS, reason) ? REASONS[reason] : String(reason);
  return [make('p', { class: 'reason' }, words), make('p', {}, make('bdi', {}, String(detail)))];
}

/** A moment in full. */
export function makeExact(at: number): Node {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return make('span', {}, 'unknown time');
  return make('span', { title: date.toISOString() }, date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }));
}
