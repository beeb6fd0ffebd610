import type { TurnListener } from '../agent/run.ts';
import type { Turn } from '../agent/turn.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type AgentMetrics, agentMetrics } from '../support/metrics/agent.ts';
import type { OuterMapMeasures, StepSeconds } from '../support/metrics/turn.ts';
import { serve } from '../support/serve.ts';
import type { AgentAdapters } from './agent.ts';

/** A turn that takes longer has hung: 10,000 inner maps one by one, on kernels without batches, take two minutes. */
const LONGEST_TURN_MS = 15 * 60_000;

export interface Observing {
  readonly listen: string;
  readonly version: string;
  readonly kernel: Kernel;
  readonly kernelState: { readonly outerBatch: string; readonly gracePeriodMs: number };
  readonly site: AgentAdapters;
}

/** What an agent tells machines: metrics and health, served until `close`. */
export interface Observed extends TurnListener {
  readonly address: string;
  close(): Promise<void>;
}

export async function observed(observing: Observing): Promise<Observed> {
  const { kernel, kernelState, site, listen, version } = observing;
  const metrics = agentMetrics({ version });
  const pulse = new Pulse(site);
  const gracePeriodSeconds = kernelState.gracePeriodMs / 1000;
  metrics.beforeText(() => {
    metrics.kernel({ ...kernelState, gracePeriodSeconds, counters: { ...kernel.counts() } });
    metrics.source({
      restarts: site.watches?.restarts ?? 0,
      synced: pulse.isSynced,
      oldestUnpublishedSeconds: (site.queueMs?.() ?? 0) / 1000,
    });
    metrics.calls(site.calls?.() ?? []);
  });
  const serving = await serve({
    listen,
    metrics,
    unhealthy: () => pulse.unhealthy(),
    unready: () => pulse.unready(),
  });
  return {
    address: serving.address,
    turned: result => {
      pulse.turned(result);
      measure(metrics, result);
    },
    failed: () => {
      pulse.beat();
      metrics.broke();
    },
    close: () => serving.close(),
  };
}

/** Whether the loop goes on, and whether it has done its work once. */
class Pulse {
  readonly #site: AgentAdapters;
  #beatAt = performance.now();
  #isReady = false;
  isSynced = false;

  constructor(site: AgentAdapters) {
    this.#site = site;
  }

  beat(): void {
    this.#beatAt = performance.now();
  }

  turned({ report }: Turn): void {
    this.beat();
    this.isSynced = this.#site.watches?.hasSynced ?? report.state.conditions[0]?.reason !== 'Pending';
    if (this.isSynced) this.#isReady = true;
  }

  unhealthy(): string | undefined {
    const minutes = (performance.now() - this.#beatAt) / 60_000;
    return minutes * 60_000 > LONGEST_TURN_MS
      ? `No turn has ended for ${Math.floor(minutes)} minutes`
      : undefined;
  }

  unready(): string | undefined {
    if (this.#isReady) return undefined;
    return this.isSynced ? 'The first turn has not ended' : 'What is wanted has not been read whole yet';
  }
}

function measure(metrics: AgentMetrics, { report, times }: Turn): void {
  const { drift } = report.state;
  const { milliseconds, inserted, replaced, edited, removed } = report.turn;
  metrics.turned({
    outerMaps: outerMapsIn(report),
    stepSeconds: secondsOf(times),
    seconds: milliseconds / 1000,
    driftFound: drift.found,
    driftRepaired: drift.repaired,
    changes: { inserted, replaced, edited, removed },
  });
}

function secondsOf(times: Turn['times']): StepSeconds {
  return Object.fromEntries(Object.entries(times).map(([step, milliseconds]) => [step, milliseconds / 1000]));
}

function outerMapsIn({ state, outerMaps, innerMaps }: Turn['report']): readonly OuterMapMeasures[] {
  const failures = new Map<string, Record<string, number>>();
  const count = (outerMap: string, reason: string): void => {
    const counts = failures.get(outerMap) ?? {};
    failures.set(outerMap, counts);
    counts[reason] = (counts[reason] ?? 0) + 1;
  };
  for (const { outerMap, reason } of innerMaps) count(outerMap, reason);
  for (const { name, ready, reason } of outerMaps)
    if (!ready && reason !== 'Progressing') count(name, reason);
  const held = new Map(state.outerMaps.map(({ name, heldRemoval }) => [name, heldRemoval?.keys ?? 0]));
  return outerMaps.map(({ name, innerMaps: programmed, entries }) => ({
    name,
    innerMaps: programmed,
    entries,
    failures: failures.get(name) ?? {},
    heldKeys: held.get(name) ?? 0,
  }));
}
