import type { Fault, JsonObject } from '../../wire/index.js';

/** What a call of the Track API comes to: messages to keep, or something to do to a person. */
export type Call =
  | { kind: 'message'; message: JsonObject }
  | { kind: 'delete' | 'suppress' | 'unsuppress'; person: string }
  | { kind: 'merge'; primary: string; secondary: string };

/** What is wrong with a call, and where: `reason` and `field` in the words of Track v2. */
export interface TrackFault extends Fault {
  reason: 'required' | 'invalid';
  field: string;
}

export type Translated = { calls: Call[]; fault?: never } | { fault: TrackFault; calls?: never };

export function message(message: JsonObject): Call {
  return { kind: 'message', message };
}

export function required(field: string, sentence: string): { fault: TrackFault } {
  return { fault: { reason: 'required', field, code: `no_${field}`, message: sentence } };
}

export function invalid(field: string, sentence: string): { fault: TrackFault } {
  return { fault: { reason: 'invalid', field, code: `bad_${field}`, message: sentence } };
}
