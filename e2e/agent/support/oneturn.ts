import { onlyWriter } from '../../../operator/agent/lock.ts';
import { emptyMemory } from '../../../operator/agent/memory.ts';
import { turn } from '../../../operator/agent/turn.ts';
import type { Report } from '../../../operator/core/report/report.ts';
import { openForWriting } from '../../../operator/kernel/libbpf/fd/writers.ts';
import { openKernel } from '../../../operator/kernel/libbpf/kernel.ts';
import { observed, openLibrary } from '../../../operator/kernel/libbpf/library.ts';
import { folderSource } from '../../../operator/source/folder/folder.ts';
import { NODE_CLOCK } from '../../../operator/timing/clock.ts';

/** Where a turn works, and what it is given. */
export interface TurnFolders {
  readonly bpffs: string;
  readonly manifests: string;
  readonly releases?: readonly string[];
}

/** What a turn did. */
export interface TurnResult {
  /** Every mutating call of C, in order. */
  readonly mutations: readonly string[];
  readonly steps: readonly string[];
  readonly failed: readonly string[];
  readonly report: Report;
}

/** Not probed: a probe's scratch maps are its own business, and no turn depends on them. */
const KERNEL_STATE = { release: '', outerBatch: 'once', gracePeriodMs: 0, features: {} } as const;

/**
 * A start of the agent and its first turn, from the folder to the kernel: the product's own parts, but for the probe and the file of the report.
 */
export async function oneTurn(folders: TurnFolders): Promise<TurnResult> {
  const mutations: string[] = [];
  const library = observed(openLibrary(), (name, mutating) => {
    if (mutating) mutations.push(name);
  });
  const kernel = openKernel({ bpffs: folders.bpffs, library });
  const { possibleCpus } = kernel;
  const source = folderSource({
    ...{ paths: [folders.manifests], possibleCpus, releases: folders.releases ?? [] },
    isOpenForWriting: path => openForWriting(openLibrary(), path),
  });
  const lock = await onlyWriter(kernel, () => {}, new AbortController().signal);
  const publisher = { publish: () => Promise.resolve() };
  const node = { name: 'here', labels: {}, bootID: '' };
  try {
    const agent = {
      source,
      kernel,
      lock: lock!,
      publisher,
      node,
      kernelState: KERNEL_STATE,
      memory: emptyMemory(),
      clock: NODE_CLOCK,
    };
    const { report, plan, outcomes } = await turn(agent, { resync: true, contentShare: 1 });
    const failed = outcomes.flatMap(outcome =>
      outcome.ok ? [] : [`${outcome.step.verb}: ${outcome.message}`],
    );
    return { mutations, steps: plan.steps.map(step => step.verb), failed, report };
  } finally {
    lock?.release();
    await source.close();
    kernel.close();
  }
}
