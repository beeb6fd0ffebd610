import { type CommonMetrics, commonMetrics, type QueueMeasures } from './common.ts';
import type { Metrics } from './registry.ts';
import { type TurnMetrics, turnMetrics } from './turn.ts';

/** The result of the probe at the start, and the calls of bpf() since then. */
export interface KernelMeasures {
  readonly outerBatch: string;
  readonly gracePeriodSeconds: number;
  /** Command of bpf() → calls. */
  readonly counters: Readonly<Record<string, number>>;
}

/** The source of manifests. */
export interface SourceMeasures {
  /** Lists and watches begun after the first. */
  readonly restarts: number;
  /** Whether the whole set was read: nothing is removed before. */
  readonly synced: boolean;
  /** Age of the oldest change of this node's state that is not published; 0 where there is none. */
  readonly oldestUnpublishedSeconds: number;
}

/** One node's agent, in numbers. */
export interface AgentMetrics extends CommonMetrics, TurnMetrics {
  kernel(kernel: KernelMeasures): void;
  source(source: SourceMeasures): void;
  /** Changes that wait for a turn. */
  queue(measures: QueueMeasures): void;
}

export function agentMetrics(version: string): AgentMetrics {
  const { metrics, shared, watchRestarts, queue } = commonMetrics('agent', version);
  const synced = metrics.gauge(
    'source_synced',
    '1 when everything declared was read; nothing is removed before',
  );
  return {
    ...shared,
    ...turnMetrics(metrics),
    kernel: kernelMetrics(metrics),
    source({ restarts, synced: isSynced, oldestUnpublishedSeconds: oldestSeconds }) {
      watchRestarts(restarts);
      synced(isSynced ? 1 : 0);
      queue('publish', { oldestSeconds });
    },
    queue: measures => queue('changes', measures),
  };
}

function kernelMetrics(metrics: Metrics): (kernel: KernelMeasures) => void {
  const batchHelp = 'How a batch on an outer map waits for grace periods, always 1';
  const info = metrics.gauges('kernel_info', batchHelp, ['outer_batch']);
  const gracePeriod = metrics.gauge(
    'grace_period_seconds',
    'One update of an outer map, measured at the start',
  );
  const calls = metrics.totals('bpf_calls_total', 'Calls of bpf() by command; a batch is one call', [
    'command',
  ]);
  return ({ outerBatch, gracePeriodSeconds, counters }) => {
    info([{ labels: { outer_batch: outerBatch }, value: 1 }]);
    gracePeriod(gracePeriodSeconds);
    calls(Object.entries(counters).map(([command, value]) => ({ labels: { command }, value })));
  };
}
