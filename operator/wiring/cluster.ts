import type { AgentOptions } from '../cli/command.ts';
import { type Cluster, openCluster } from '../kube/client.ts';
import { RestoreDetection } from '../kube/watch/restoredetection.ts';
import { ClusterPublisher } from '../publish/cluster/cluster.ts';
import { clusterSource } from '../source/cluster/cluster.ts';
import type { Log } from '../support/log.ts';
import { REAL_CLOCK } from '../timing/clock.ts';
import type { AgentAdapters } from './agent.ts';
import { interruptions } from './interruptions.ts';

/** What is wanted are a cluster's objects, what is true goes into the node's NodeMapState. */
export function clusterSite(
  options: AgentOptions,
  node: string,
  { possibleCpus, log, version }: Place,
): AgentAdapters {
  const cluster = openCluster({ ...clusterOf(options), userAgent: `innermap-agent/${version}` });
  const shared = {
    cluster,
    node,
    clock: REAL_CLOCK,
    relistJitterMs: options.relistJitterMs,
    restoreDetection: new RestoreDetection(),
  };
  const failed = interruptions(log);
  const publisher = new ClusterPublisher({ ...shared, failed });
  const source = clusterSource({
    ...{ ...shared, possibleCpus, releases: () => publisher.releases },
    failed: (what, { error }) => failed(what, error),
  });
  publisher.onRelease(() => source.changed());
  log.info('Cluster', { server: cluster.server, node });
  return {
    source,
    publisher,
    watches: source,
    calls: () => cluster.calls(),
    queueMs: () => publisher.waitingMs,
    close: () => closed(cluster, publisher, source),
  };
}

interface Place {
  readonly possibleCpus: number;
  readonly log: Log;
  readonly version: string;
}

export function clusterOf({ kubeconfig, context }: { kubeconfig?: string; context?: string }) {
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}

async function closed(
  cluster: Cluster,
  publisher: { close(): Promise<void> },
  source: { close(): Promise<void> },
): Promise<void> {
  await publisher.close();
  await source.close();
  await cluster.close();
}
