import type { Ledger } from '../ledger/index.js';
import type { CommandResult, Outcome } from '../merge/index.js';
import type { AcceptedMessage, Fault } from '../wire/index.js';
import { createLookout } from './behind.js';
import { RETRY_SECONDS } from './limits.js';
import type { Log } from './log.js';
import type { Meter } from './meter.js';

/** What every door of the collector stores through: it counts, and it says when nothing was stored. */
export interface Store {
  /** @param at when it was received; milliseconds, now when absent @returns `undefined` when nothing of it was stored */
  append(messages: AcceptedMessage[], sentAt?: unknown, at?: number): Promise<Outcome[] | undefined>;
  /**
   * Does something to people.
   *
   * @param at milliseconds; now when absent
   * @returns `undefined` when it could not be done now; `unable` when this ledger does no such thing
   */
  command(run: (administration: NonNullable<Ledger['administration']>, at: number) => Promise<CommandResult>, at?: number): Promise<CommandResult | 'unable' | undefined>;
  /**
   * The name of a person that an id means.
   *
   * @param otherwise while nobody is known by any
   * @returns `undefined` when nobody can be looked for now
   */
  nameMeantBy(id: string, otherwise: string): Promise<string | undefined>;
}

export interface StoreOptions {
  ledger: Ledger;
  now: () => number;
  log: Log;
  meter: Meter;
}

export function createStore({ ledger, now, log, meter }: StoreOptions): Store {
  const lookOut = createLookout(ledger, log);
  return {
    async append(messages, sentAt, at = now()) {
      if (messages.length === 0) return [];
      const done = meter.appending(messages.length);
      try {
        const outcomes = await ledger.append(messages, { receivedAt: at, ...(isMoment(sentAt) && { sentAt }) });
        meter.appended(outcomes, messages);
        void lookOut(at);
        return outcomes;
      } catch (error) {
        log({ level: 'error', code: 'not_stored', message: `The ledger did not store ${messages.length} messages.`, error });
        meter.failed();
        return undefined;
      } finally {
        done();
      }
    },
    async command(run, at = now()) {
      if (!ledger.administration) return 'unable';
      try {
        return await run(ledger.administration, at);
      } catch (error) {
        log({ level: 'error', code: 'not_stored', message: 'The ledger did not do what was asked of it.', error });
        meter.failed();
        return undefined;
      }
    },
    async nameMeantBy(id, otherwise) {
      if (!ledger.administration) return otherwise;
      try {
        return (await ledger.administration.nameMeantBy(id)) ?? otherwise;
      } catch (error) {
        log({ level: 'error', code: 'not_stored', message: 'The ledger did not say whom an email means.', error });
        meter.failed();
        return undefined;
      }
    },
  };
}

function isMoment(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

export const NOT_STORED: Fault = { code: 'not_stored', message: 'Nothing of this request was stored; send it again later.' };
export const RETRY_LATER = { 'Retry-After': String(RETRY_SECONDS) };
