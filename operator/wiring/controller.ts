import { hostname } from 'node:os';
import type { ControllerCommandOptions } from '../cli/command.ts';
import type { Gauges } from '../controller/observer.ts';
import { Controller } from '../controller/run.ts';
import { contentRoom } from '../kernel/libbpf/memory/contentroom.ts';
import { openCluster } from '../kube/client.ts';
import type { ControllerMetrics } from '../support/metrics/controller.ts';
import { type Serving, serve } from '../support/serve.ts';
import { logOf } from './agent.ts';
import { untilSignal } from './untilsignal.ts';

/** Requests under way at once, status writes included. */
const CONCURRENCY = 20;

/** Until a signal stops it, or another process leads. */
export async function runController(options: ControllerCommandOptions, version: string): Promise<number> {
  const { listen, namespace, agentSelector, relistJitterMs, leaderElection } = options;
  const log = logOf(options);
  const userAgent = `innermap-controller/${version}`;
  const cluster = openCluster({ ...options, userAgent, concurrency: CONCURRENCY });
  log.info('Cluster', { server: cluster.server });
  const metrics = listen === undefined ? undefined : await metricsOf(version);
  const controller = new Controller({
    ...{ cluster, namespace, agentSelector, relistJitterMs, leaderElection, log },
    room: contentRoom('controller'),
    identity: options.identity ?? `${hostname()}-${process.pid}`,
    ...(metrics === undefined ? {} : { observer: metrics }),
  });
  metrics?.beforeText(() => metrics.calls(cluster.calls()));
  const serving = metrics && (await servingAt(listen!, controller, metrics));
  if (serving !== undefined) log.info('Serving metrics and health', { address: serving.address });
  try {
    const outcome = await untilSignal(log, stop => controller.run(stop));
    log.info(outcome === 'stopped' ? 'Stopped' : 'Lease lost: this process ends, another may lead');
    return outcome === 'stopped' ? 0 : 2;
  } finally {
    await serving?.close();
    metrics?.close();
    await cluster.close();
  }
}

/** prom-client is loaded only where it is used. */
async function metricsOf(version: string): Promise<ControllerMetrics> {
  return (await import('../support/metrics/controller.ts')).controllerMetrics(version);
}

function servingAt(listen: string, controller: Controller, metrics: ControllerMetrics): Promise<Serving> {
  metrics.beforeText(() => measure(metrics, controller.gauges()));
  return serve({
    listen,
    metrics,
    unhealthy: () => (controller.alive() ? undefined : 'The loop has not turned for a minute'),
    unready: () => (controller.ready() ? undefined : 'What is to be summed up has not been read whole yet'),
  });
}

export function measure(metrics: ControllerMetrics, gauges: Gauges): void {
  metrics.measured(gauges);
  metrics.queue({ depth: gauges.queueDepth, oldestSeconds: gauges.queueOldestSeconds });
}
