import { Worker } from 'node:worker_threads';
import { LedgerError } from '../error.js';
import { createPost, unpackError, type Answer, type Call } from './calls.js';
import type { SqliteLedgerOptions } from './ledger.js';

/** A ledger that works in a thread of its own, and is asked by the names of its methods. */
export interface Thread {
  ask(method: string, ...parameters: unknown[]): Promise<unknown>;
  /** Closes the ledger, behind everything that it was asked. */
  close(): Promise<void>;
}

interface Asked {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Nothing of a commit outlives it: in the 48 MB that Node begins with, its garbage only lies about longer. */
const YOUNG_MB = 8;

/**
 * Starts a thread, and opens the ledger in it.
 *
 * @param script what runs in it
 * @param onEnd called when the thread has ended, whatever the reason
 * @throws LedgerError
 */
export async function startThread(script: URL, options: SqliteLedgerOptions, onEnd: () => void): Promise<Thread> {
  const worker = new Worker(script, { workerData: options, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  const post = createPost<Call>(worker);
  const waiting = new Map<number, Asked>();
  let calls = 0;
  let isEnded = false;
  let reason: unknown;

  worker.on('message', (answers: Answer[]) => {
    for (const { id, fault, result } of answers) {
      const asked = waiting.get(id)!;
      waiting.delete(id);
      if (fault) asked.reject(unpackError(fault));
      else asked.resolve(result);
    }
    // What nobody waits for does not keep a process alive.
    if (waiting.size === 0) worker.unref();
  });
  worker.on('error', (error) => {
    reason = error;
  });
  worker.on('exit', () => {
    isEnded = true;
    onEnd();
    for (const { reject } of waiting.values()) reject(interrupted(options.file, reason));
    waiting.clear();
  });

  function ask(method: string, ...parameters: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (isEnded) return void reject(interrupted(options.file, reason));
      const id = ++calls;
      waiting.set(id, { resolve, reject });
      worker.ref();
      post({ id, method, parameters });
    });
  }

  async function end(): Promise<void> {
    await worker.terminate();
  }

  try {
    await ask('open');
  } catch (error) {
    await end();
    throw error;
  }
  return {
    ask,
    async close() {
      await ask('close').finally(end);
    },
  };
}

function interrupted(file: string, cause: unknown): LedgerError {
  return new LedgerError('interrupted', `The thread that works on ${file} has ended, and what it was doing may be done or not; ask again.`, cause);
}
