import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Meter } from '../collector/index.js';

/** From what a commit takes on a good disk to what a queue behind a bad one takes, seconds. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** Counts for Prometheus. Its labels are words of this program: nothing that anybody sends becomes a series. */
export function prometheusMeter(): Meter & { registry: Registry } {
  const registers = [new Registry()];
  collectDefaultMetrics({ register: registers[0]!, prefix: 'hitherto_' });
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) => new Counter<Label>({ name: `hitherto_${name}`, help, labelNames, registers });

  const requests = counter('http_requests_total', 'Requests that were answered.', ['surface', 'method', 'status']);
  const requestSeconds = new Histogram({ name: 'hitherto_http_request_seconds', help: 'How long a request took to answer.', labelNames: ['surface'], buckets: BUCKETS, registers });
  const accepted = counter('messages_accepted_total', 'Messages that were acknowledged: stored now or before, or dropped because of whom they are about.', ['type']);
  const outcomes = counter('messages_total', 'What became of the messages that the ledger took.', ['status']);
  const refused = counter('messages_refused_total', 'Messages and requests that were refused, by the code of the reason.', ['code']);
  const late = counter('messages_late_total', 'Messages that came after their late window and stay anonymous.');
  const claims = counter('claims_total', 'Identifies that named an anonymous id and got it or had it; the first of each claims it.');
  const merged = counter('ledger_merged_events_total', 'Events that claims have merged, counted once their late windows are over; of the whole ledger, whoever took them in.');
  const failures = counter('append_failures_total', 'Commits that failed; what they held was not acknowledged.');
  const givenUp = counter('browser_events_given_up_total', 'Events that browsers gave up because too many were waiting there.');
  const purged = counter('messages_purged_total', 'Anonymous messages that expired.');
  const queue = new Gauge({ name: 'hitherto_append_queue_messages', help: 'Messages on their way into the ledger.', registers });
  const appendSeconds = new Histogram({ name: 'hitherto_append_seconds', help: 'From the arrival of a request at the ledger to its commit.', buckets: BUCKETS, registers });

  return {
    registry: registers[0]!,
    answered(surface, method, status, seconds) {
      requests.inc({ surface, method, status });
      requestSeconds.observe({ surface }, seconds);
    },
    appending(messages) {
      queue.inc(messages);
      const done = appendSeconds.startTimer();
      return () => {
        queue.dec(messages);
        done();
      };
    },
    appended(results, messages) {
      const byType = new Map<string, number>();
      const byStatus = new Map<string, number>();
      results.forEach((outcome, index) => {
        const { type, anonymousId } = messages[index]!;
        add(byStatus, outcome.status);
        if (outcome.status !== 'refused') add(byType, type);
        if (!('warnings' in outcome)) return;
        if (outcome.isLate) late.inc();
        if (type === 'identify' && anonymousId?.trim() && outcome.status === 'stored' && !outcome.warnings.includes('anonymous_id_in_use')) claims.inc();
      });
      for (const [type, count] of byType) accepted.inc({ type }, count);
      for (const [status, count] of byStatus) outcomes.inc({ status }, count);
    },
    failed: () => failures.inc(),
    refused: (code, count) => refused.inc({ code }, count),
    givenUp: (count) => givenUp.inc(count),
    purged: (count) => purged.inc(count),
    merged: (count) => merged.inc(count),
    text: () => registers[0]!.metrics(),
  };
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
