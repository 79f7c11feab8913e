import { at } from '../../simulation/moments.js';
import { tell } from './story.js';

/** One thing that happens, received at a time that is relative to the first identify. */
type Step = { at: string } & (
  | { track: string; a?: string; user?: string; happened?: string; id?: string }
  | { identify: string; a: string }
  | { merge: [primary: string, secondary: string] }
  | { merging: 'off' | 'on' }
);

/** A worked timeline of RULES, told with as few words as it can be. */
export interface Timeline {
  name: string;
  title: string;
  steps: Step[];
}

export const TIMELINES: Timeline[] = [
  { name: 'E1', title: 'Two events before the identify', steps: [{ at: '-20 d', track: 'e1', a: 'a' }, { at: '-2 h', track: 'e2', a: 'a' }, { at: '0:00', identify: 'p', a: 'a' }] },
  { name: 'E2', title: 'Thirty days, and a millisecond more', steps: [{ at: '-30 d -1 ms', track: 'e0', a: 'a' }, { at: '-30 d', track: 'e1', a: 'a' }, { at: '0:00', identify: 'p', a: 'a' }] },
  { name: 'E3', title: 'Five minutes after the identify, and a millisecond more', steps: [{ at: '0:00', identify: 'p', a: 'a' }, { at: '0:05', track: 'e3', a: 'a' }, { at: '0:05:00.001', track: 'e4', a: 'a' }] },
  { name: 'E4', title: 'The same identify again opens nothing', steps: [{ at: '0:00', identify: 'p', a: 'a' }, { at: '0:05:00.001', track: 'e4', a: 'a' }, { at: '0:10', identify: 'p', a: 'a' }, { at: '0:11', track: 'e5', a: 'a' }] },
  {
    name: 'E5',
    title: 'What came too late, sent again under a new anonymous id',
    steps: [{ at: '0:00', identify: 'p', a: 'a' }, { at: '0:05:00.001', track: 'e4', a: 'a', id: 'm4' }, { at: '0:20', track: "e4'", a: 'a2', id: 'm4', happened: '0:05:00.001' }, { at: '0:21', identify: 'p', a: 'a2' }],
  },
  { name: 'E6', title: 'Two people, one anonymous id: the first has it', steps: [{ at: '0:00', identify: 'p', a: 'a' }, { at: '0:01', identify: 'q', a: 'a' }, { at: '0:02', track: 'e', a: 'a' }] },
  { name: 'E7', title: 'Seventy-two hours, and more', steps: [{ at: '-73 h', track: 'e', a: 'a' }, { at: '-72 h', track: "e'", a: 'a' }, { at: '0:00', identify: 'p', a: 'a' }] },
  { name: 'E8', title: 'Happened ten days ago, arrives three minutes late', steps: [{ at: '0:00', identify: 'p', a: 'a' }, { at: '0:03', track: 'e', a: 'a', happened: '-10 d' }] },
  { name: 'E9', title: 'Happened sixty days ago', steps: [{ at: '-1 d', track: 'e', a: 'a', happened: '-60 d' }, { at: '0:00', identify: 'p', a: 'a' }] },
  { name: 'E10', title: 'A clock that is three days ahead', steps: [{ at: '-1 h', track: 'e', a: 'a', happened: '3 d' }, { at: '0:00', identify: 'p', a: 'a' }] },
  { name: 'E11', title: 'Sent before the identify, overtaken by it', steps: [{ at: '0:00', identify: 'p', a: 'a' }, { at: '0:02', track: 'e', a: 'a', happened: '-1 min' }] },
  { name: 'E12', title: 'The same message twice', steps: [{ at: '-1 h', track: 'e', a: 'a', id: 'm1' }, { at: '0:00', identify: 'p', a: 'a' }, { at: '0:01', track: 'e', a: 'a', id: 'm1' }] },
  {
    name: 'E13',
    title: 'Merging is off for an hour',
    steps: [{ at: '-2 d', merging: 'off' }, { at: '-1 d', track: 'e', a: 'a' }, { at: '0:00', identify: 'p', a: 'a' }, { at: '1:00', merging: 'on' }, { at: '2:00', identify: 'p', a: 'a' }],
  },
  {
    name: 'E14',
    title: 'Two people become one',
    steps: [{ at: '-1 h', track: 'e0', a: 'a' }, { at: '-1 min', track: 'e1', user: 'p' }, { at: '0:00', identify: 'q', a: 'a' }, { at: '0:01', merge: ['p', 'q'] }, { at: '0:02', track: 'e', a: 'a' }],
  },
  { name: 'E15', title: 'A placeholder is nobody', steps: [{ at: '-2 h', track: 'e1', a: 'null' }, { at: '-1 h', track: 'e2', a: 'null' }, { at: '0:00', identify: 'p', a: 'null' }] },
  { name: 'E16', title: 'A track for a person claims nothing', steps: [{ at: '-1 h', track: 'e', a: 'a', user: 'p' }, { at: '0:00', identify: 'q', a: 'a' }] },
];

/**
 * Draws what happens, and what the engine makes of it: under each event whose it is in the end, under an identify what it
 * claims.
 */
export function draw({ steps }: Timeline): string {
  const outcomes = outcomesOf(steps);
  const columns = steps.map((step, i) => [timeOf(step), 'track' in step ? '●' : '◆', whatOf(step), happenedOf(step), outcomes[i]!]);
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)) + 3);
  const row = (line: number, fill: string): string => columns.map((cells, i) => cells[line]!.padEnd(widths[i]!, fill)).join('');
  const lines = [row(0, ' '), `${row(1, '─')}▶`, row(2, ' '), row(3, ' '), row(4, ' ')];
  return lines.map((line) => line.trimEnd()).filter(Boolean).join('\n');
}

function outcomesOf(steps: Step[]): string[] {
  const story = tell();
  // An identify's outcome is known at once, an event's in the end.
  const outcomes = steps.map((step) => {
    if ('track' in step) {
      const { a, user, id, happened } = step;
      const { status } = story.track(step.at, step.track, { ...(a && { anonymousId: a }), ...(user && { userId: user }), ...(id && { messageId: id }), ...(happened && { timestamp: happened }) });
      return () => (status === 'duplicate' ? 'the same event' : ownerOf(step.track));
    }
    if ('identify' in step) {
      const owned = (): boolean => story.person(step.identify)?.anonymousIds.includes(step.a) ?? false;
      const wasOwned = owned();
      story.identify(step.at, step.identify, { anonymousId: step.a });
      const claims = !wasOwned && owned();
      return () => (claims ? `claims ${step.a}` : 'claims nothing');
    }
    if ('merge' in step) story.mergePeople(...step.merge, at(step.at));
    else story.settings({ anonymousEventMerge: step.merging === 'on' }, at(step.at));
    return () => '';
  });
  return outcomes.map((outcome) => outcome());

  function ownerOf(name: string): string {
    const { person, canTrigger } = story.event(name);
    return person === undefined ? 'anonymous' : `${person}'s${canTrigger ? ', may trigger' : ''}`;
  }
}

function timeOf({ at }: Step): string {
  return at.replaceAll('-', '−');
}

function whatOf(step: Step): string {
  if ('track' in step) return `${step.track}(${[step.user, step.a].filter(Boolean).join(', ')})`;
  if ('identify' in step) return `identify(${step.identify}, ${step.a})`;
  if ('merge' in step) return `${step.merge[1]} becomes ${step.merge[0]}`;
  return `merging ${step.merging}`;
}

function happenedOf(step: Step): string {
  return 'track' in step && step.happened ? `happened ${step.happened.replaceAll('-', '−')}` : '';
}

/** All of them, as the page on merge rules has them. */
export function drawAll(): string {
  return TIMELINES.map((timeline) => `### ${timeline.name}: ${timeline.title}\n\n\`\`\`text\n${draw(timeline)}\n\`\`\``).join('\n\n');
}
