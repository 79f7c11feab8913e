import type { Explanation, Reason } from '../wire/index.js';
import { membership } from './membership.js';
import type { Claim, MessageRecord } from './record.js';
import { LATE_WINDOW_MS, RETENTION_MS } from './windows.js';


export const UNKNOWN_MESSAGE: Explanation = {
  reason: 'unknown',
  detail: 'No message of this id is kept: it never arrived, or it stayed anonymous for 30 days and expired.',
};

/**
 * Answers "why did this not merge?", and why it did.
 *
 * @param now milliseconds
 * @param isMergingOn whether merging is switched on now
 * @param explainClosed tells of an event that came behind what closed the late window early
 */
export function explanationOf(
  record: MessageRecord,
  claim: Claim | undefined,
  now: number,
  isMergingOn: boolean,
  explainClosed?: (record: MessageRecord, claim: Claim) => Explanation,
): Explanation {
  const { person, reason } = membership(record, claim);
  const detail = (reason: Reason, detail: string): Explanation => ({ reason, ...(person !== undefined && { person }), detail });
  const { receivedAt, occurredAt } = record;
  switch (reason) {
    case 'identified':
      return detail(reason, 'The message itself names its person.');
    case 'merged_retroactively':
      return detail(reason, `It happened ${lasting(claim!.at - occurredAt)} before the identify that claimed its anonymous id; the limit is ${lasting(RETENTION_MS)}.`);
    case 'merged_late':
      return detail(reason, `It arrived ${lasting(receivedAt - claim!.at)} after the identify that claimed its anonymous id; the limit is ${lasting(LATE_WINDOW_MS)}.`);
    case 'blank_id':
      return detail(reason, 'It has no anonymous id, so no identify can ever claim it.');
    case 'bad_id':
      return detail(reason, `Its anonymous id, ${JSON.stringify(record.message.anonymousId)}, is a placeholder that many visitors share, so it never merges.`);
    case 'too_old':
      return detail(reason, `It happened ${lasting(claim!.at - occurredAt)} before the identify that claimed its anonymous id; the limit is ${lasting(RETENTION_MS)}.`);
    case 'late_window_passed':
      return receivedAt > claim!.at + LATE_WINDOW_MS
        ? detail(reason, `Its anonymous id was claimed ${lasting(receivedAt - claim!.at)} before it arrived; the limit is ${lasting(LATE_WINDOW_MS)}.`)
        : explainClosed!(record, claim!);
    case 'unclaimed':
      return detail(...unclaimed(record, claim, now, isMergingOn));
  }
}

function unclaimed(record: MessageRecord, claim: Claim | undefined, now: number, isMergingOn: boolean): [Reason, string] {
  if (claim?.undoneAt !== undefined) return ['unclaimed', `Its merge was undone ${lasting(now - claim.undoneAt)} ago, and its anonymous id cannot be claimed again.`];
  if (claim) return ['unclaimed', 'The person who had claimed its anonymous id was deleted; the id cannot be claimed again.'];
  const age = now - record.occurredAt;
  if (age > RETENTION_MS) return ['expired', `It happened ${lasting(age)} ago and no identify claimed its anonymous id; the limit is ${lasting(RETENTION_MS)}.`];
  if (!isMergingOn) return ['merging_off', 'No identify has claimed its anonymous id, and merging is switched off.'];
  return ['unclaimed', `No identify has claimed its anonymous id yet; the next one within ${lasting(RETENTION_MS - age)} does.`];
}

const UNITS: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** A length of time in its two largest units: "6 min 3 s". */
export function lasting(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  const parts = UNITS.map(([name, unit]): string => {
    const amount = Math.floor(rest / unit);
    rest -= amount * unit;
    return amount > 0 ? `${amount} ${name}` : '';
  }).filter(Boolean);
  return parts.slice(0, 2).join(' ') || '0 ms';
}
