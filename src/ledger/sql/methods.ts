import type { Administration, TriggerQueue } from '../ledger.js';

/** What a ledger can do besides taking in and showing, for whoever hands it on to a ledger that is there later, or elsewhere. */
export const ADMINISTRATION = [
  'explain',
  'message',
  'preview',
  'nameMeantBy',
  'segment',
  'mergePeople',
  'undoMerge',
  'deletePerson',
  'suppress',
  'unsuppress',
  'settings',
  'changeSettings',
  'purge',
] as const satisfies (keyof Administration)[];
export const TRIGGERS = ['take', 'delivered', 'settle'] as const satisfies (keyof TriggerQueue)[];
