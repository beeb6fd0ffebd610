import { innerMapName } from '../../api/innermap.ts';
import { innerPinName } from '../../core/ledgerrecord.ts';
import { isArray } from '../../core/mapspec.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import { Slice } from '../../timing/sliced.ts';
import type { ApplyContext } from './context.ts';
import { attemptAll, done, failed, type Outcome } from './outcome.ts';

type Edit = Extract<Step, { verb: 'edit' }>;

/** Edits in place, one inner map after the other: only what differs is written. */
export async function applyEdits(steps: readonly Edit[], context: ApplyContext): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const slice = new Slice();
  for (const step of steps) {
    if (slice.over()) await slice.rest();
    outcomes.push(...(await attemptAll([step], async () => [await edit(step, context)])));
  }
  return outcomes;
}

async function edit(step: Edit, context: ApplyContext): Promise<Outcome> {
  const map = context.kernel.open(context.innerPin(step.outer, innerPinName(step.inner.keyHex)));
  try {
    if (map.id !== step.id) {
      const name = innerMapName(step.inner.innerMap);
      return failed(step, new KernelError('edit inner map', name, 'ESTALE', 'it was replaced meanwhile'));
    }
    const { upserts, deletes, kept } = step.difference;
    const failures = await context.kernel.edit(map, {
      upserts,
      deletes: isArray(map.spec.type) ? new Uint8Array(0) : deletes,
      ...(kept === undefined ? {} : { kept }),
    });
    const [first] = failures.values();
    if (first === undefined) return done(step, map.id);
    return failed(step, first, first.errno === 'E2BIG' ? 'TooManyEntries' : undefined);
  } finally {
    map.close();
  }
}
