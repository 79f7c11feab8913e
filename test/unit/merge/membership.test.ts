import { describe, expect, it } from 'vitest';
import { membership, type Membership } from '../../../src/merge/membership.js';
import type { Claim, MessageRecord } from '../../../src/merge/index.js';
import { at, NOON } from '../../simulation/moments.js';

const CLAIM: Claim = { anonymousId: 'a', person: 'p', at: NOON, sequence: 1 };

describe('membership says why', () => {
  it.each<[string, Membership['reason'], Written]>([
    ['a message names its person itself', 'identified', { person: 'q' }],
    ['a message came before the claim', 'merged_retroactively', { receivedAt: '-1 h' }],
    ['a message came in the same millisecond as the claim', 'merged_retroactively', { receivedAt: '0:00' }],
    ['a message came a millisecond after the claim', 'merged_late', { receivedAt: '1 ms' }],
    ['a message came too late', 'late_window_passed', { receivedAt: '0:05 1 ms' }],
    ['a message is too old', 'too_old', { occurredAt: '-30 d -1 ms' }],
    ['a message is too old and came too late: sending it again is no help', 'too_old', { occurredAt: '-31 d', receivedAt: '0:06' }],
  ])('when %s', (_, reason, written) => {
    expect(membership(record(written), CLAIM).reason).toBe(reason);
  });

  it.each<[string, Membership['reason'], string]>([
    ['nobody has claimed the id', 'unclaimed', 'a'],
    ['the id is blank', 'blank_id', ' '],
    ['the id is a placeholder', 'bad_id', 'null'],
  ])('when %s', (_, reason, anonymousId) => {
    expect(membership(record({ anonymousId }), undefined).reason).toBe(reason);
  });
});

interface Written {
  anonymousId?: string;
  person?: string;
  receivedAt?: string;
  occurredAt?: string;
}

function record({ anonymousId = 'a', person, receivedAt = '-1 h', occurredAt = receivedAt }: Written): MessageRecord {
  const message = { type: 'track', messageId: 'm', event: 'e', anonymousId } as const;
  return { message, person, receivedAt: at(receivedAt), occurredAt: at(occurredAt), sequence: 1 };
}
