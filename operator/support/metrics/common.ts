import { processMetrics } from './process.ts';
import { type Exposition, Metrics } from './registry.ts';

export interface Build {
  readonly version: string;
  readonly commit?: string;
}

/** Requests to the API server that had the same end; `code` is HTTP's status, or `error` without an answer. */
export interface CallMeasure {
  readonly verb: string;
  readonly code: string;
  readonly count: number;
}

export interface QueueMeasures {
  readonly depth?: number;
  /** How long the oldest of it has waited; 0 where nothing waits. */
  readonly oldestSeconds: number;
}

/** What both components tell. */
export interface CommonMetrics extends Exposition {
  /** All calls since the start. */
  calls(counts: readonly CallMeasure[]): void;
  /** Called at the begin of each `text()`, so that totals and ages that others keep are those of the moment. */
  beforeText(refresh: () => void): void;
  close(): void;
}

export interface Common {
  readonly metrics: Metrics;
  readonly shared: CommonMetrics;
  readonly watchRestarts: (total: number) => void;
  readonly queue: (name: string, measures: QueueMeasures) => void;
}

export function commonMetrics(component: string, { version, commit = '' }: Build): Common {
  const metrics = new Metrics();
  const labels = { component, version, commit };
  metrics.gauges({
    name: 'build_info',
    help: 'What runs here, always 1',
    labels: Object.keys(labels),
  })([{ labels, value: 1 }]);
  const calls = metrics.totals({
    name: 'api_calls_total',
    help: 'Requests to the API server, retries included',
    labels: ['verb', 'code'],
  });
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
    watchRestarts: metrics.total({
      name: 'watch_restarts_total',
      help: 'Lists and watches begun after the first',
    }),
    queue: queueMetrics(metrics),
  };
}

function queueMetrics(metrics: Metrics): (name: string, measures: QueueMeasures) => void {
  const depth = metrics.gauges({ name: 'queue_depth', help: 'What waits', labels: ['queue'] });
  const age = metrics.gauges({
    name: 'queue_oldest_age_seconds',
    help: 'How long the oldest of what waits has waited',
    labels: ['queue'],
  });
  const known = new Map<string, QueueMeasures>();
  return (name, measures) => {
    known.set(name, measures);
    const all = [...known].map(([queue, told]) => ({ labels: { queue }, ...told }));
    age(all.map(({ labels, oldestSeconds }) => ({ labels, value: oldestSeconds })));
    depth(all.flatMap(({ labels, depth: value }) => (value === undefined ? [] : [{ labels, value }])));
  };
}
