import { type Build, type CommonMetrics, commonMetrics, type QueueMeasures } from './common.ts';
import type { Metrics } from './registry.ts';
import { type TurnMetrics, turnMetrics } from './turn.ts';

/** What was probed at the start, and what bpf() was asked for since then. */
export interface KernelMeasures {
  readonly outerBatch: string;
  readonly gracePeriodSeconds: number;
  /** Command of bpf() → calls. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Where manifests come from. */
export interface SourceMeasures {
  /** Lists and watches begun after the first. */
  readonly restarts: number;
  /** Whether the whole set was read: nothing is removed before. */
  readonly synced: boolean;
  /** How long the oldest change of this node's state waits to be told; 0 where none does. */
  readonly oldestUnpublishedSeconds: number;
}

/** One node's agent, in numbers. */
export interface AgentMetrics extends CommonMetrics, TurnMetrics {
  kernel(kernel: KernelMeasures): void;
  source(source: SourceMeasures): void;
  /** Changes that wait for a turn. */
  queue(measures: QueueMeasures): void;
}

export function agentMetrics(build: Build): AgentMetrics {
  const { metrics, shared, watchRestarts, queue } = commonMetrics('agent', build);
  const synced = metrics.gauge({
    name: 'source_synced',
    help: '1 when everything declared was read; nothing is removed before',
  });
  return {
    ...shared,
    ...turnMetrics(metrics),
    kernel: kernelMetrics(metrics),
    source(source) {
      watchRestarts(source.restarts);
      synced(source.synced ? 1 : 0);
      queue('publish', { oldestSeconds: source.oldestUnpublishedSeconds });
    },
    queue: measures => queue('changes', measures),
  };
}

function kernelMetrics(metrics: Metrics): (kernel: KernelMeasures) => void {
  const info = metrics.gauges({
    name: 'kernel_info',
    help: 'How a batch on an outer map waits for grace periods, always 1',
    labels: ['outer_batch'],
  });
  const gracePeriod = metrics.gauge({
    name: 'grace_period_seconds',
    help: 'One update of an outer map, measured at the start',
  });
  const calls = metrics.totals({
    name: 'bpf_calls_total',
    help: 'Calls of bpf() by command; a batch is one call',
    labels: ['command'],
  });
  return ({ outerBatch, gracePeriodSeconds, counters }) => {
    info([{ labels: { outer_batch: outerBatch }, value: 1 }]);
    gracePeriod(gracePeriodSeconds);
    calls(Object.entries(counters).map(([command, value]) => ({ labels: { command }, value })));
  };
}
