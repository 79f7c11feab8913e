import type { Worker } from 'node:cluster';
import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';

/** A worker that does not say within this time what it has counted is stuck, and the metrics say so by not being there. */
const PATIENCE_MS = 2000;

/** What the workers and the first process say to each other: who asks for all, who is asked for its own, what they answer. */
type Word = { ask: 'all' | 'own'; id: number } | { own: MetricObject[]; id: number } | { all?: string; id: number };
interface Envelope {
  hithertoMetrics?: Word;
}

/**
 * In the first process: adds up what the workers have counted, for whichever of them is asked. What a dead one had counted when it
 * was last asked stays: whatever was told once is never taken back.
 */
export function createSharedMetrics(): { join(worker: Worker): void } {
  /** What each that lives has counted, when it was last asked. */
  const counted = new Map<Worker, MetricObject[]>();
  let ofTheDead: MetricObject[] = [];
  const waiting = new Map<number, (metrics: MetricObject[]) => void>();
  let last = 0;

  async function all(): Promise<string> {
    await Promise.all([...counted.keys()].map(ask));
    return AggregatorRegistry.aggregate([ofTheDead, ...counted.values()]).metrics();
  }

  function ask(worker: Worker): Promise<void> {
    const id = ++last;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        waiting.delete(id);
        clearTimeout(timer);
        worker.off('exit', leave);
      };
      const leave = (): void => {
        settle();
        resolve();
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error('A worker does not say what it has counted.'));
      }, PATIENCE_MS);
      worker.once('exit', leave);
      waiting.set(id, (metrics) => {
        settle();
        counted.set(worker, metrics);
        resolve();
      });
      say(worker, { ask: 'own', id });
    });
  }

  return {
    /** One that has said that it listens, in both meanings. */
    join(worker) {
      counted.set(worker, []);
      worker.once('exit', () => {
        ofTheDead = AggregatorRegistry.aggregate([ofTheDead, counted.get(worker)!.filter(onlyGrows)]).getMetricsAsArray();
        counted.delete(worker);
      });
      worker.on('message', ({ hithertoMetrics: word }: Envelope) => {
        if (!word) return;
        if ('own' in word) return void waiting.get(word.id)?.(word.own);
        if ('ask' in word) {
          all().then(
            (text) => say(worker, { all: text, id: word.id }),
            () => say(worker, { id: word.id }),
          );
        }
      });
    },
  };
}

/** In a worker: what all of them have counted, since nobody can choose which of them answers. */
export function countedByAll(own: Registry): () => Promise<string> {
  const waiting = new Map<number, (text: string | undefined) => void>();
  let last = 0;
  process.on('message', ({ hithertoMetrics: word }: Envelope) => {
    if (!word || 'own' in word) return;
    if ('ask' in word) void own.getMetricsAsJSON().then((metrics) => process.send!({ hithertoMetrics: { own: metrics as unknown as MetricObject[], id: word.id } } satisfies Envelope));
    else waiting.get(word.id)?.(word.all);
  });
  return () =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, (text) => {
        waiting.delete(id);
        if (text === undefined) reject(new Error('Not every worker says what it has counted.'));
        else resolve(text);
      });
      process.send!({ hithertoMetrics: { ask: 'all', id } } satisfies Envelope);
    });
}

/** How it is now dies with the process; what it has counted does not. (Types are words, whatever their declaration says.) */
function onlyGrows({ type }: MetricObject): boolean {
  return String(type) === 'counter' || String(type) === 'histogram';
}

function say(worker: Worker, word: Word): void {
  if (worker.isConnected()) worker.send({ hithertoMetrics: word } satisfies Envelope);
}
