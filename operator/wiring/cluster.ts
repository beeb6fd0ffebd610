import { CountedRoom } from '../core/bytes/contentroom.ts';
import { contentRoom } from '../kernel/libbpf/memory/contentroom.ts';
import { openCluster } from '../kube/client.ts';
import { RestoreDetection } from '../kube/watch/restoredetection.ts';
import { ClusterPublisher } from '../publish/cluster/cluster.ts';
import { clusterSource } from '../source/cluster/cluster.ts';
import type { Log } from '../support/log.ts';
import { REAL_CLOCK } from '../timing/clock.ts';
import type { AgentAdapters, AgentStart } from './agent.ts';
import { nodeOf } from './node.ts';

/** Reads a cluster's objects, and publishes into the node's NodeMapState. */
export function clusterAdapters({ options, version, log }: AgentStart, possibleCpus: number): AgentAdapters {
  const { name: node } = nodeOf(options);
  const cluster = openCluster({ ...options, userAgent: `innermap-agent/${version}` });
  const { relistJitterMs } = options;
  const restoreDetection = new RestoreDetection();
  const shared = { cluster, node, clock: REAL_CLOCK, relistJitterMs, restoreDetection };
  const failed = failureLog(log);
  const publisher = new ClusterPublisher({ ...shared, failed });
  const source = clusterSource({
    ...{ ...shared, possibleCpus, releases: () => publisher.releases },
    room: new CountedRoom(contentRoom('agent')),
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
    close: async () => {
      await publisher.close();
      await source.close();
      await cluster.close();
    },
  };
}

/** The same failure of the same request is logged again after this long. */
const LOG_AGAIN_MS = 60_000;

/** Logs failures of an API server once a minute for each request and message, however often it is tried. */
function failureLog(log: Log): (what: string, error: Error) => void {
  const logged = new Map<string, number>();
  return (what, { message }) => {
    const now = performance.now();
    for (const [known, at] of logged) if (now - at >= LOG_AGAIN_MS) logged.delete(known);
    const key = `${what}\n${message}`;
    if (logged.has(key)) return;
    logged.set(key, now);
    log.warn('API server', { what, error: message });
  };
}
