import { emptyMemory } from '../../operator/agent/memory.ts';
import type { Due } from '../../operator/agent/observe/observe.ts';
import { type Agent, type Turn, turn } from '../../operator/agent/turn.ts';
import type { Wanted } from '../../operator/core/wanted.ts';
import type { Kernel } from '../../operator/kernel/kernel.ts';
import { openKernel } from '../../operator/kernel/libbpf/kernel.ts';
import type { Source } from '../../operator/source/source.ts';
import { NODE_CLOCK } from '../../operator/timing/clock.ts';

/** A turn as the loop takes it: only what changed, or everything looked at. */
export const CHANGED: Due = { resync: false, contentShare: 0 };
export const EVERYTHING: Due = { resync: true, contentShare: 1 };

/** The agent's own turn on the real kernel, on a source that the bench holds in memory. */
export interface BenchAgent {
  readonly kernel: Kernel;
  /** Throws where a step failed: what did not happen has no time. */
  turn(wanted: Wanted, due: Due): Promise<Turn>;
  close(): void;
}

export async function openAgent(bpffs: string): Promise<BenchAgent> {
  const kernel = openKernel({ bpffs });
  const source = new HeldSource();
  const agent: Agent = {
    source,
    kernel,
    publisher: { publish: async () => {} },
    lock: { keep: () => true },
    node: { name: 'bench', labels: {}, bootID: 'bench' },
    kernelState: await kernel.probe(),
    memory: emptyMemory(),
    clock: NODE_CLOCK,
  };
  let previous: Turn['report'] | undefined;
  return {
    kernel,
    async turn(wanted, due) {
      source.wanted = wanted;
      const result = await turn(agent, due, previous);
      const failure = result.report.state.failures[0] ?? result.outcomes.find(outcome => !outcome.ok);
      if (failure !== undefined)
        throw new Error(`Cannot measure a turn that failed: ${JSON.stringify(failure).slice(0, 500)}`);
      previous = result.report;
      return result;
    },
    close: () => kernel.close(),
  };
}

class HeldSource implements Source {
  wanted: Wanted = { outerMaps: [], innerMaps: [], complete: false, refusals: [], releases: [] };

  read(): Promise<Wanted> {
    return Promise.resolve(this.wanted);
  }

  onChange(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
