import { pino } from 'pino';
import type { Log, Meter } from '../collector/index.js';

export const LOG_LEVELS = ['error', 'warning', 'info', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Logger {
  log: Log;
  /** Every request that was answered, at `info`: what it was, and not by whom or about whom. */
  answered: Meter['answered'];
}

/**
 * One line of JSON an entry, on standard error: `{ time, level, code, message, … }`. Nothing of a body is ever in it.
 */
export function createLogger(level: LogLevel): Logger {
  // At once: a process that dies has said why.
  const destination = pino.destination({ dest: process.stderr.fd, sync: true });
  const logger = pino(
    {
      level: level === 'warning' ? 'warn' : level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label === 'warn' ? 'warning' : label }) },
    },
    { write: (line) => destination.write(escaped(line)) },
  );
  return {
    log({ level, code, message, error }) {
      const causes: string[] = [];
      for (let cause = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
      logger[level === 'error' ? 'error' : 'warn']({ code, causes }, message);
    },
    answered(surface, method, status, seconds) {
      if (level === 'info') logger.info({ code: 'answered', surface, method, status, ms: Math.round(seconds * 1e4) / 10 }, 'A request was answered.');
    },
  };
}

/**
 * Whatever else would speak on standard output and standard error: the server's library, when a response breaks off, and Node, when
 * something was thrown that nobody has caught. It becomes a line of the log as well.
 */
export function logEverything(log: Log): void {
  console.info = () => undefined;
  console.error = (error: unknown) => log({ level: 'error', code: 'broken_off', message: 'A response broke off in the middle.', error });
  process.on('uncaughtException', (error) => {
    log({ level: 'error', code: 'crashed', message: 'The collector cannot go on; whatever starts it should start it again.', error });
    process.exit(1);
  });
}

/** JSON escapes the control characters of ASCII. To a terminal there are others, and some that turn the line around. */
export function escaped(line: string): string {
  return line.replace(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (character) =>
    [...Array(character.length).keys()].map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(''),
  );
}
