import type { Outcome } from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';

/** Outcomes on their way to another thread. Nearly every message is stored, and that is that: to copy all of it would cost more than to say so. */
export function withoutOrdinary(outcomes: Outcome[]): (Outcome | null)[] {
  return outcomes.map((outcome) => (outcome.status === 'stored' && !outcome.isLate && outcome.warnings.length === 0 ? null : outcome));
}

/** The same outcomes, at the other end. */
export function withOrdinary(outcomes: (Outcome | null)[], messages: AcceptedMessage[]): Outcome[] {
  return outcomes.map((outcome, index) => outcome ?? { messageId: messages[index]!.messageId, status: 'stored', isLate: false, warnings: [] });
}
