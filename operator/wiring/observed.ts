import type { TurnListener } from '../agent/run.ts';
import type { Agent, Turn } from '../agent/turn.ts';
import { type AgentMetrics, agentMetrics } from '../support/metrics/agent.ts';
import type { OuterMapMeasures } from '../support/metrics/turn.ts';
import { serve } from '../support/serve.ts';
import type { AgentAdapters } from './agent.ts';
import { WaitingChanges } from './changes.ts';

/** A turn that takes longer has hung: 10,000 inner maps one by one, on kernels without batches, take two minutes. */
const LONGEST_TURN_MS = 15 * 60_000;

export interface Observing {
  readonly listen: string;
  readonly version: string;
  readonly agent: Agent;
  readonly adapters: AgentAdapters;
}

/** Keeps an agent's metrics and health, served until `close`. */
export interface Observed extends TurnListener {
  readonly address: string;
  close(): Promise<void>;
}

export async function observed({ listen, version, agent, adapters }: Observing): Promise<Observed> {
  const { kernel, kernelState } = agent;
  const metrics = agentMetrics(version);
  const pulse = new Pulse(adapters);
  const changes = new WaitingChanges();
  agent.source.onChange(() => changes.changed(performance.now()));
  const gracePeriodSeconds = kernelState.gracePeriodMs / 1000;
  metrics.beforeText(() => {
    metrics.kernel({ ...kernelState, gracePeriodSeconds, counters: { ...kernel.counts() } });
    metrics.source({
      restarts: adapters.watches?.restarts ?? 0,
      synced: pulse.isSynced,
      oldestUnpublishedSeconds: (adapters.queueMs?.() ?? 0) / 1000,
    });
    metrics.queue({ oldestSeconds: changes.ageAt(performance.now()) / 1000 });
    metrics.calls(adapters.calls?.() ?? []);
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
      changes.turned(performance.now() - result.report.turn.milliseconds);
      measure(metrics, result);
    },
    failed: () => {
      pulse.beat();
      metrics.broke();
    },
    close: () => serving.close(),
  };
}

/** Whether turns go on, and whether one has done its work. */
class Pulse {
  readonly #adapters: AgentAdapters;
  #beatAt = performance.now();
  #isReady = false;
  isSynced = false;

  constructor(adapters: AgentAdapters) {
    this.#adapters = adapters;
  }

  beat(): void {
    this.#beatAt = performance.now();
  }

  turned({ report }: Turn): void {
    this.beat();
    this.isSynced = this.#adapters.watches?.hasSynced ?? report.state.conditions[0]?.reason !== 'Pending';
    if (this.isSynced) this.#isReady = true;
  }

  unhealthy(): string | undefined {
    const passedMs = performance.now() - this.#beatAt;
    if (passedMs <= LONGEST_TURN_MS) return undefined;
    return `No turn has ended for ${Math.floor(passedMs / 60_000)} minutes`;
  }

  unready(): string | undefined {
    if (this.#isReady) return undefined;
    return this.isSynced ? 'The first turn has not ended' : 'What is wanted has not been read whole yet';
  }
}

function measure(metrics: AgentMetrics, result: Turn): void {
  const { report, times } = result;
  const { drift } = report.state;
  const { milliseconds, inserted, replaced, edited, removed } = report.turn;
  metrics.turned({
    outerMaps: outerMapsIn(result),
    stepSeconds: Object.fromEntries(
      Object.entries(times).map(([step, milliseconds]) => [step, milliseconds / 1000]),
    ),
    seconds: milliseconds / 1000,
    driftFound: drift.found,
    driftRepaired: drift.repaired,
    changes: { inserted, replaced, edited, removed },
  });
}

/** Declared outer maps, and others of which something must be told: one that failing inner maps name, one that is held. */
function outerMapsIn({ report, plan }: Turn): readonly OuterMapMeasures[] {
  const { state, outerMaps, innerMaps } = report;
  const failures = new Map<string, Record<string, number>>();
  const count = (outerMap: string, reason: string): void => {
    const counts = failures.get(outerMap) ?? {};
    failures.set(outerMap, counts);
    counts[reason] = (counts[reason] ?? 0) + 1;
  };
  for (const { outerMap, reason } of innerMaps) count(outerMap, reason);
  for (const { name, ready, reason } of outerMaps)
    if (!ready && reason !== 'Progressing') count(name, reason);
  const held = new Map(plan.held.map(({ outer, keys }) => [outer, keys]));
  const declared = new Map(outerMaps.map(outerMap => [outerMap.name, outerMap]));
  const memory = new Map(state.outerMaps.map(({ name, kernelBytes = 0 }) => [name, kernelBytes]));
  return [...new Set([...declared.keys(), ...failures.keys(), ...held.keys()])].map(name => ({
    name,
    innerMaps: declared.get(name)?.innerMaps ?? 0,
    entries: declared.get(name)?.entries ?? 0,
    failures: failures.get(name) ?? {},
    kernelBytes: memory.get(name) ?? 0,
    heldKeys: held.get(name) ?? 0,
  }));
}
