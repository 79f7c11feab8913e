import cluster, { type Worker } from 'node:cluster';
import { createSharedMetrics } from './shared-metrics.js';

/** One that died is followed by another after a while: what killed it may go on killing. */
const PAUSE_MS = 1000;

/** What concerns the ledger and not a process is counted by one of them. */
const COUNTS_FOR_ALL = 'HITHERTO_WORKER_COUNTS_FOR_ALL';

/** Whether this process counts what concerns the ledger: one that is alone does. */
export function countsForAll(): boolean {
  return cluster.isPrimary || process.env[COUNTS_FOR_ALL] === '1';
}

/**
 * Several processes behind one port. The first of them has to start, so that what is wrong is said once; from then on, one that
 * dies has a successor.
 */
export function startWorkers(count: number): Promise<void> {
  const metrics = createSharedMetrics();
  return new Promise((resolve) => {
    let isStopping = false;
    fork(true).once('listening', () => {
      if (isStopping) return;
      for (let i = 1; i < count; i++) fork(false);
    });

    function fork(isCounting: boolean): Worker {
      const worker = cluster.fork({ [COUNTS_FOR_ALL]: isCounting ? '1' : '' });
      let hasListened = false;
      worker.once('listening', () => {
        hasListened = true;
        metrics.join(worker);
      });
      worker.once('exit', (code) => {
        // It has said why, on standard error, which it shares.
        if (worker.id === 1 && !hasListened) process.exitCode = code || 1;
        else if (!isStopping) return void setTimeout(() => !isStopping && fork(isCounting), PAUSE_MS);
        if (Object.keys(cluster.workers ?? {}).length === 0) resolve();
        return undefined;
      });
      return worker;
    }

    /** A second signal does not wait. */
    function stop(): void {
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(isStopping ? 'SIGKILL' : 'SIGTERM');
      if (isStopping) process.exitCode = 1;
      isStopping = true;
    }
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
