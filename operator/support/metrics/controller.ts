import { type CommonMetrics, commonMetrics, type QueueMeasures } from './common.ts';

/** What the controller has in view, and totals that are counted elsewhere. */
export interface ControllerMeasures {
  readonly nodes: number;
  readonly nodesSilent: number;
  readonly nodesWithoutAgent: number;
  readonly innerMaps: number;
  readonly isLeader: boolean;
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

export function controllerMetrics(version: string): ControllerMetrics {
  const { metrics, shared, watchRestarts, queue } = commonMetrics('controller', version);
  const writes = metrics.counter('status_writes_total', 'Writes of statuses by kind and answer', [
    'kind',
    'code',
  ]);
  const foldHelp = 'How long it took to fold node states into statuses';
  const folded = metrics.histogram('fold_duration_seconds', foldHelp, { buckets: FOLD_SECONDS });
  const nodes = metrics.gauge('nodes', 'Nodes in view');
  const silent = metrics.gauge('nodes_silent', 'Selected nodes of which nothing is known: they are Unknown');
  const withoutHelp = 'Selected nodes from which no agent was ever heard: Ready does not wait for them';
  const without = metrics.gauge('nodes_without_agent', withoutHelp);
  const innerMaps = metrics.gauge('inner_maps', 'InnerMaps in view');
  const leader = metrics.gauge('leader', '1 where this process writes the statuses');
  const droppedHelp = 'Events that were not sent as there were too many';
  const dropped = metrics.total('events_dropped_total', droppedHelp);
  return {
    ...shared,
    wrote: (kind, code) => writes({ kind, code }),
    folded,
    queue: measures => queue('status', measures),
    measured(measures) {
      nodes(measures.nodes);
      silent(measures.nodesSilent);
      without(measures.nodesWithoutAgent);
      innerMaps(measures.innerMaps);
      leader(measures.isLeader ? 1 : 0);
      dropped(measures.eventsDropped);
      watchRestarts(measures.watchRestarts);
    },
  };
}
