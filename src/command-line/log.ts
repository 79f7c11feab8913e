import { pino } from 'pino';
import type { Log } from '../collector/index.js';

export const LOG_LEVELS = ['error', 'warning', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * One line of JSON an entry, on standard error: `{ time, level, code, message, causes }`. JSON escapes whatever could forge another
 * line, and nothing that anybody sent is in it.
 */
export function createLog(level: LogLevel): Log {
  const logger = pino(
    {
      level: level === 'warning' ? 'warn' : level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label === 'warn' ? 'warning' : label }) },
    },
    // At once: a process that dies has said why.
    pino.destination({ dest: process.stderr.fd, sync: true }),
  );
  return ({ level: entryLevel, code, message, error }) => {
    const causes: string[] = [];
    for (let cause = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
    logger[entryLevel === 'error' ? 'error' : 'warn']({ code, causes }, message);
  };
}
