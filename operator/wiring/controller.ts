import { hostname } from 'node:os';
import type { ControllerCommandOptions } from '../cli/command.ts';
import { Controller } from '../controller/run.ts';
import { type Cluster, openCluster } from '../kube/client.ts';
import { createLog, type Log } from '../support/log.ts';
import type { ControllerMetrics } from '../support/metrics/controller.ts';
import type { Serving } from '../support/serve.ts';
import { clusterOf } from './cluster.ts';
import { untilSignal } from './signals.ts';

/** Status writes under way at once, and what else is asked meanwhile. */
const CONCURRENCY = 20;

/** Until a signal ends it, or another process leads. */
export async function runController(options: ControllerCommandOptions, version: string): Promise<number> {
  const log = createLog({ level: options.logLevel, json: options.logFormat === 'json' });
  const userAgent = `innermap-controller/${version}`;
  const cluster = openCluster({ ...clusterOf(options), userAgent, concurrency: CONCURRENCY });
  log.info('Cluster', { server: cluster.server });
  const metrics = options.listen === undefined ? undefined : await metricsOf(version);
  const controller = controllerOf(options, { cluster, log, metrics });
  const serving = metrics && (await servingAt(options.listen!, controller, metrics, cluster));
  if (serving !== undefined) log.info('Serving metrics and health', { address: serving.address });
  try {
    const outcome = await untilSignal(stop => controller.run(stop));
    log.info(outcome === 'stopped' ? 'Stopped' : 'Lease lost: this process ends, another may lead');
    return outcome === 'stopped' ? 0 : 2;
  } finally {
    await serving?.close();
    metrics?.close();
    await cluster.close();
  }
}

interface Surroundings {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly metrics: ControllerMetrics | undefined;
}

function controllerOf(
  { namespace, agentSelector, relistJitterMs, leaderElection, identity }: ControllerCommandOptions,
  { cluster, log, metrics }: Surroundings,
): Controller {
  return new Controller({
    ...{ cluster, namespace, agentSelector, relistJitterMs, leaderElection, log },
    identity: identity ?? `${hostname()}-${process.pid}`,
    ...(metrics === undefined ? {} : { observer: metrics }),
  });
}

async function metricsOf(version: string): Promise<ControllerMetrics> {
  const { controllerMetrics } = await import('../support/metrics/controller.ts');
  return controllerMetrics({ version });
}

async function servingAt(
  listen: string,
  controller: Controller,
  metrics: ControllerMetrics,
  cluster: Cluster,
): Promise<Serving> {
  metrics.beforeText(() => {
    const { nodes, innerMaps, isLeader, queueDepth, queueOldestSeconds, eventsDropped, watchRestarts } =
      controller.gauges();
    metrics.measured({ nodes, innerMaps, leader: isLeader, eventsDropped, watchRestarts });
    metrics.queue({ depth: queueDepth, oldestSeconds: queueOldestSeconds });
    metrics.calls(cluster.calls());
  });
  const { serve } = await import('../support/serve.ts');
  return serve({
    listen,
    metrics,
    unhealthy: () => (controller.alive() ? undefined : 'The loop has not turned for a minute'),
    unready: () => (controller.ready() ? undefined : 'What is to be summed up has not been read whole yet'),
  });
}
