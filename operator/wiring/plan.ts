import type { PlanOptions, PlanOutcome } from '../cli/command.ts';
import { planLines, stepText } from '../core/plan/print.ts';
import { objectName } from '../core/report/fates.ts';
import { openKernel } from '../kernel/libbpf/kernel.ts';
import { dryRun } from '../loop/dryrun.ts';
import { loadManifests } from '../source/folder/load.ts';
import { nodeOf } from './node.ts';

/** What an agent would do to this kernel for these manifests. */
export async function plan(options: PlanOptions): Promise<PlanOutcome> {
  const kernel = openKernel({ bpffs: options.bpffs });
  try {
    const { possibleCpus } = kernel;
    const { wanted } = await loadManifests(options.paths, { possibleCpus, progress: options.progress });
    const node = nodeOf(options);
    const { plan: planned, desired } = await dryRun({ ...wanted, releases: options.releases }, kernel, node);
    const rejected = desired.rejections.map(({ object, reason, message }) => ({
      origin: `${object.kind} ${objectName(object)}`,
      message: `${reason}, ${message}`,
    }));
    return {
      text: planLines(planned).join('\n'),
      changes: planned.steps.length,
      refusals: [...wanted.refusals, ...rejected],
      steps: planned.steps.map(step => ({
        verb: step.verb,
        outerMap: step.outer,
        text: stepText(step).slice(2),
      })),
    };
  } finally {
    kernel.close();
  }
}
