import { dryRun } from '../agent/dryrun.ts';
import type { PlanOptions, PlanOutcome } from '../cli/command.ts';
import { outcomeOf } from '../cli/plan/outcome.ts';
import { openKernel } from '../kernel/libbpf/kernel.ts';
import { loadManifests } from '../source/folder/load.ts';
import { nodeOf } from './node.ts';

/** The changes that an agent would make to this kernel for these manifests. */
export async function plan(options: PlanOptions): Promise<PlanOutcome> {
  const kernel = openKernel({ bpffs: options.bpffs });
  try {
    const { possibleCpus } = kernel;
    const { wanted } = await loadManifests(options.paths, { possibleCpus, progress: options.progress });
    const node = nodeOf(options);
    const { plan: planned, desired } = await dryRun({ ...wanted, releases: options.releases }, kernel, node);
    return outcomeOf(planned, desired, wanted.refusals);
  } finally {
    kernel.close();
  }
}
