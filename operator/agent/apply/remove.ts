import { hex } from '../../core/hex.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { OpenMap } from '../../kernel/kernel.ts';
import { readEntries } from '../../ledger/reading.ts';
import { forEachSliced } from '../../timing/sliced.ts';
import type { ApplyContext } from './context.ts';
import { attempt, failed, type Outcome } from './outcome.ts';

type Removal = Extract<Step, { verb: 'remove' }>;

/** From the outer map first, by batch; then the pins, which prove nothing any more. */
export async function applyRemovals(
  steps: readonly Removal[],
  site: ApplyContext,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  try {
    const outer = site.outerMap(steps[0]!.outer);
    const taken = await keysTaken(steps, outer, site);
    const going = steps.filter(step => !taken.has(step));
    const refused = await site.kernel.remove(outer, keysOf(going, outer.spec.keySize));
    await forEachSliced(going, (step, at) => {
      const error = refused.get(at);
      outcomes.push(error === undefined ? attempt(step, () => unlink(step, site)) : failed(step, error));
    });
    for (const step of taken) outcomes.push(failed(step, takenError(step)));
    return outcomes;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    const told = new Set(outcomes.map(({ step }) => step));
    for (const step of steps) if (!told.has(step)) outcomes.push(failed(step, error));
    return outcomes;
  }
}

function keysOf(steps: readonly Removal[], keySize: number): Uint8Array {
  const keys = new Uint8Array(steps.length * keySize);
  steps.forEach((step, at) => {
    keys.set(step.key, at * keySize);
  });
  return keys;
}

/**
 * Keys that hold another inner map than the one that may go. The plan may rest on what was read a resync ago;
 * where foreign keys are kept, one that somebody took since then is theirs.
 */
async function keysTaken(
  steps: readonly Removal[],
  outer: OpenMap,
  site: ApplyContext,
): Promise<ReadonlySet<Removal>> {
  if (steps.every(({ only }) => only === undefined)) return new Set();
  const now = new Map<string, number>();
  await readEntries(site.kernel, outer, now);
  const isTaken = ({ key, only }: Removal) => {
    const id = now.get(hex(key));
    return only !== undefined && id !== undefined && id !== only;
  };
  return new Set(steps.filter(isTaken));
}

function takenError({ outer, keyText }: Removal): KernelError {
  const detail = 'somebody put another inner map there meanwhile: it stays';
  return new KernelError(`remove key ${keyText} of`, outer, 'ESTALE', detail);
}

function unlink(step: Removal, site: ApplyContext): undefined {
  if (step.pin !== undefined) site.kernel.pins.unlink(`${site.paths(step.outer).inner}/${step.pin}`);
}
