import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import { paced } from '../../pace/pace.ts';
import { attempt, failed, type Outcome } from './outcome.ts';
import type { Site } from './site.ts';

type Removal = Extract<Step, { verb: 'remove' }>;

/** From the outer map first, by batch; then the pins, which prove nothing any more. */
export async function applyRemovals(steps: readonly Removal[], site: Site): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  try {
    const outer = site.outerMap(steps[0]!.outer);
    const keys = new Uint8Array(steps.length * outer.spec.keySize);
    steps.forEach((step, at) => {
      keys.set(step.key, at * outer.spec.keySize);
    });
    const refused = await site.kernel.remove(outer, keys);
    await paced(steps, (step, at) => {
      const error = refused.get(at);
      outcomes.push(error === undefined ? attempt(step, () => unlink(step, site)) : failed(step, error));
    });
    return outcomes;
  } catch (error) {
    if (error instanceof KernelError) return steps.map((step, at) => outcomes[at] ?? failed(step, error));
    throw error;
  }
}

function unlink(step: Removal, site: Site): undefined {
  if (step.pin !== undefined) site.kernel.pins.unlink(`${site.paths(step.outer).inner}/${step.pin}`);
}
