import { processMetrics } from './process.ts';
import { type Exposition, Metrics } from './registry.ts';

/** Requests to the API server with the same result; `code` is HTTP's status, or `error` without an answer. */
export interface CallMeasure {
  readonly verb: string;
  readonly code: string;
  readonly count: number;
}

export interface QueueMeasures {
  readonly depth?: number;
  /** Age of the oldest entry; 0 where the queue is empty. */
  readonly oldestSeconds: number;
}

/** The metrics of both components. */
export interface CommonMetrics extends Exposition {
  /** All calls since the start. */
  calls(counts: readonly CallMeasure[]): void;
  /** Called before each `text()`: for ages, and for totals that are counted elsewhere. */
  beforeText(refresh: () => void): void;
  close(): void;
}

export interface Common {
  readonly metrics: Metrics;
  readonly shared: CommonMetrics;
  readonly watchRestarts: (total: number) => void;
  readonly queue: (name: string, measures: QueueMeasures) => void;
}

export function commonMetrics(component: string, version: string): Common {
  const metrics = new Metrics();
  const labels = { component, version, commit: '' };
  metrics.gauges('build_info', 'What runs here, always 1', Object.keys(labels))([{ labels, value: 1 }]);
  const calls = metrics.totals('api_calls_total', 'Requests to the API server, retries included', [
    'verb',
    'code',
  ]);
  const close = processMetrics(metrics);
  return {
    metrics,
    shared: {
      contentType: metrics.contentType,
      text: () => metrics.text(),
      beforeText: refresh => metrics.beforeText(refresh),
      calls: counts =>
        calls(counts.map(({ verb, code, count }) => ({ labels: { verb, code }, value: count }))),
      close,
    },
    watchRestarts: metrics.total('watch_restarts_total', 'Lists and watches begun after the first'),
    queue: queueMetrics(metrics),
  };
}

function queueMetrics(metrics: Metrics): (name: string, measures: QueueMeasures) => void {
  const depth = metrics.gauges('queue_depth', 'What waits', ['queue']);
  const age = metrics.gauges('queue_oldest_age_seconds', 'How long the oldest of what waits has waited', [
    'queue',
  ]);
  const known = new Map<string, QueueMeasures>();
  return (name, measures) => {
    known.set(name, measures);
    const all = [...known].map(([queue, measured]) => ({ labels: { queue }, ...measured }));
    age(all.map(({ labels, oldestSeconds }) => ({ labels, value: oldestSeconds })));
    depth(all.flatMap(({ labels, depth: value }) => (value === undefined ? [] : [{ labels, value }])));
  };
}
