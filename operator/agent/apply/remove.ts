import { putHex } from '../../core/bytes/hex.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { OpenMap } from '../../kernel/kernel.ts';
import { readEntries } from '../../ledger/reading.ts';
import { allEnded } from '../../timing/allended.ts';
import { forEachSliced } from '../../timing/sliced.ts';
import type { ApplyContext } from './context.ts';
import { attemptAll, done, failed, type Outcome } from './outcome.ts';

type Removal = Extract<Step, { verb: 'remove' }>;

/** Removes the keys from the outer map, and the pin of each, which proves nothing any more. */
export function applyRemovals(steps: readonly Removal[], context: ApplyContext): Promise<readonly Outcome[]> {
  return attemptAll(steps, async () => {
    const { outer: name } = steps[0]!;
    const outer = context.outerMap(name);
    const taken = await keysTaken(steps, outer, context);
    const going = taken.size === 0 ? steps : steps.filter(step => !taken.has(step));
    context.recordRemoval(name, going.length);
    const pins = { directory: context.paths(name).inner, names: going.map(({ pin }) => pin) };
    const outcomes: Outcome[] = [];
    const removing = context.kernel.remove(outer, joinedKeys(going, outer.spec.keySize), pins);
    // Nearly all succeed, and are told while the kernel waits for a grace period
    const [failures] = await allEnded([removing, forEachSliced(going, step => outcomes.push(done(step)))]);
    for (const [at, error] of failures) outcomes[at] = failed(going[at]!, error);
    for (const step of taken) outcomes.push(failed(step, takenError(step)));
    return outcomes;
  });
}

/** The keys one after the other, as the kernel's batches take them. */
export function joinedKeys(keyed: readonly { readonly keyHex: string }[], keySize: number): Uint8Array {
  const keys = new Uint8Array(keyed.length * keySize);
  for (let at = 0; at < keyed.length; at++) putHex(keyed[at]!.keyHex, keys, at * keySize);
  return keys;
}

/**
 * Keys that hold another inner map than the one that may go. The plan may rest on what was read a resync ago;
 * where foreign keys are kept, a key that somebody took since then is theirs.
 */
async function keysTaken(
  steps: readonly Removal[],
  outer: OpenMap,
  context: ApplyContext,
): Promise<ReadonlySet<Removal>> {
  if (steps.every(({ only }) => only === undefined)) return new Set();
  const now = new Map<string, number>();
  await readEntries(context.kernel, outer, now);
  const isTaken = ({ keyHex, only }: Removal) => {
    const id = now.get(keyHex);
    return only !== undefined && id !== undefined && id !== only;
  };
  return new Set(steps.filter(isTaken));
}

function takenError({ outer, keyText }: Removal): KernelError {
  const detail = 'somebody put another inner map there meanwhile: it stays';
  return new KernelError(`remove key ${keyText} of`, outer, 'ESTALE', detail);
}
