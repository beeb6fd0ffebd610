import { type Build, type CommonMetrics, commonMetrics, type QueueMeasures } from './common.ts';

/** What the controller has in view, and totals that others keep. */
export interface ControllerMeasures {
  readonly nodes: number;
  readonly innerMaps: number;
  readonly leader: boolean;
  /** Since the start. */
  readonly eventsDropped: number;
  readonly watchRestarts: number;
}

/** The controller, in numbers. */
export interface ControllerMetrics extends CommonMetrics {
  /** A status was written, or was not: `code` is HTTP's status, or `error`. */
  wrote(kind: string, code: string): void;
  /** Node states were folded into statuses. */
  folded(seconds: number): void;
  /** Statuses that wait to be written. */
  queue(measures: QueueMeasures): void;
  measured(measures: ControllerMeasures): void;
}

const FOLD_SECONDS = [0.0001, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10] as const;

export function controllerMetrics(build: Build): ControllerMetrics {
  const { metrics, shared, watchRestarts, queue } = commonMetrics('controller', build);
  const writes = metrics.counter({
    name: 'status_writes_total',
    help: 'Writes of statuses by kind and answer',
    labels: ['kind', 'code'],
  });
  const folds = metrics.histogram(
    { name: 'fold_duration_seconds', help: 'How long it took to fold node states into statuses' },
    FOLD_SECONDS,
  );
  const nodes = metrics.gauge({ name: 'nodes', help: 'Nodes in view' });
  const innerMaps = metrics.gauge({ name: 'inner_maps', help: 'InnerMaps in view' });
  const leader = metrics.gauge({ name: 'leader', help: '1 where this process writes the statuses' });
  const dropped = metrics.total({
    name: 'events_dropped_total',
    help: 'Events that were not sent as there were too many',
  });
  return {
    ...shared,
    wrote: (kind, code) => writes({ kind, code }),
    folded: folds,
    queue: measures => queue('status', measures),
    measured(measures) {
      nodes(measures.nodes);
      innerMaps(measures.innerMaps);
      leader(measures.leader ? 1 : 0);
      dropped(measures.eventsDropped);
      watchRestarts(measures.watchRestarts);
    },
  };
}
