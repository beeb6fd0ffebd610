import { putHex } from '../../core/bytes/hex.ts';
import { joined } from '../../core/items.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Failed, OpenMap, Settling } from '../../kernel/kernel.ts';
import { readEntries } from '../../ledger/reading.ts';
import { allEnded } from '../../timing/allended.ts';
import { forEachSliced } from '../../timing/sliced.ts';
import type { ApplyContext } from './context.ts';
import { attemptAll, done, failed, type Outcome } from './outcome.ts';

type Removal = Extract<Step, { verb: 'remove' }>;

/** Keys that go at once: where they wait for grace periods one by one, the pins of those before go meanwhile. */
const PART = 4096;

/** Removes the keys from the outer map, then the pins, which prove nothing any more. */
export function applyRemovals(steps: readonly Removal[], context: ApplyContext): Promise<readonly Outcome[]> {
  return attemptAll(steps, async () => {
    const outer = context.outerMap(steps[0]!.outer);
    const taken = await keysTaken(steps, outer, context);
    const going = taken.size === 0 ? steps : steps.filter(step => !taken.has(step));
    context.recordRemoval(steps[0]!.outer, going.length);
    const parts: Promise<readonly Outcome[]>[] = [];
    for (let from = 0; from < going.length; from += PART) {
      const part = going.slice(from, from + PART);
      const [failures] = await allEnded([removed(outer, part, context), parts.at(-1)]);
      parts.push(attemptAll(part, () => unpinned(part, failures, context)));
    }
    parts.push(Promise.resolve(Array.from(taken, step => failed(step, takenError(step)))));
    return joined(await allEnded(parts));
  });
}

/** What failed: some keys, or all of them alike. */
async function removed(outer: OpenMap, part: readonly Removal[], context: ApplyContext): Promise<Failed> {
  try {
    return await context.kernel.remove(outer, joinedKeys(part, outer.spec.keySize));
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return new Map(part.map((_, at) => [at, error]));
  }
}

async function unpinned(
  part: readonly Removal[],
  failures: Failed,
  context: ApplyContext,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const unlinked = await context.kernel.settle(unlinks(part, failures, context));
  await forEachSliced(part, (step, at) => {
    const error = failures.get(at) ?? unlinked.get(at);
    outcomes.push(error === undefined ? done(step) : failed(step, error));
  });
  return outcomes;
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

function* unlinks(going: readonly Removal[], kept: Failed, context: ApplyContext): Iterable<Settling> {
  for (const [at, { outer, pin }] of going.entries())
    yield pin === undefined || kept.has(at) ? {} : { unlink: context.innerPin(outer, pin) };
}
