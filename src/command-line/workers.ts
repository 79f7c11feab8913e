import cluster from 'node:cluster';

/** A worker that fails at once would fail again: it has had this long to prove itself. */
const PROVEN_MS = 5000;

/** Several processes behind one port. One that dies has a successor; one that cannot start ends all of them. */
export function startWorkers(count: number): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (let i = 0; i < count; i++) fork();

    function fork(): void {
      const startedAt = Date.now();
      const worker = cluster.fork();
      worker.once('exit', (code) => {
        if (!isStopping) {
          if (Date.now() - startedAt >= PROVEN_MS) return fork();
          // It has said why, on its own standard error.
          process.exitCode = code || 1;
          stop('SIGTERM');
        }
        if (Object.keys(cluster.workers ?? {}).length === 0) resolve();
      });
    }

    function stop(signal: NodeJS.Signals): void {
      isStopping = true;
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  });
}
