import { innerMapName } from '../../api/innermap.ts';
import { innerPinName } from '../../core/ledgerrecord.ts';
import { isArray } from '../../core/mapspec.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { ApplyContext } from './context.ts';
import { done, failed, type Outcome } from './outcome.ts';

type Edit = Extract<Step, { verb: 'edit' }>;

/** Edits in place, one inner map after the other: only what differs is written. */
export async function applyEdits(steps: readonly Edit[], site: ApplyContext): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of steps) outcomes.push(await applyEdit(step, site));
  return outcomes;
}

async function applyEdit(step: Edit, site: ApplyContext): Promise<Outcome> {
  const name = innerMapName(step.inner.innerMap);
  try {
    const map = site.kernel.open(`${site.paths(step.outer).inner}/${innerPinName(step.inner.keyHex)}`);
    try {
      if (map.id !== step.id)
        return failed(step, new KernelError('edit inner map', name, 'ESTALE', 'it was replaced meanwhile'));
      const { upserts, deletes, kept } = step.difference;
      const refused = await site.kernel.edit(map, {
        upserts,
        deletes: isArray(map.spec.type) ? new Uint8Array(0) : deletes,
        ...(kept === undefined ? {} : { kept }),
      });
      const first = refused.values().next().value;
      return first === undefined
        ? done(step, map.id)
        : failed(step, first, first.errno === 'E2BIG' ? 'TooManyEntries' : undefined);
    } finally {
      map.close();
    }
  } catch (error) {
    if (error instanceof KernelError) return failed(step, error);
    throw error;
  }
}
