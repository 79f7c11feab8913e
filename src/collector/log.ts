/** Something that whoever runs the collector should know. Never holds a message's contents. */
export interface LogEntry {
  level: 'error' | 'warning';
  /** Stable, for programs. */
  code: string;
  /** A sentence, for people. */
  message: string;
  error?: unknown;
}

/** Told of what happens, one entry at a time. */
export type Log = (entry: LogEntry) => void;
