import { innerMapName } from '../../api/innermap.ts';
import { bytesOfHex } from '../../core/bytes/hex.ts';
import { innerPinName } from '../../core/ledgerrecord.ts';
import { isArray, type MapSpec } from '../../core/mapspec.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Edit as EditOf, Failed } from '../../kernel/kernel.ts';
import { recordedIdAt } from '../../ledger/ledger.ts';
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
  const failures = await (isRecorded(step, context) ? editAt(step, context) : editPinned(step, context));
  const [first] = failures.values();
  if (first === undefined) return done(step, step.id);
  return failed(step, first, first.errno === 'E2BIG' ? 'TooManyEntries' : undefined);
}

async function editPinned(step: Edit, context: ApplyContext): Promise<Failed> {
  const map = context.kernel.open(pinOf(step, context));
  try {
    if (map.id !== step.id) throw replacedMeanwhile(step);
    return await context.kernel.edit(map, writesOf(step, map.spec));
  } finally {
    map.close();
  }
}

/** What others made and cannot be opened: through its outer map, if it is still there. */
async function editAt(step: Edit, context: ApplyContext): Promise<Failed> {
  const { keyHex, spec } = step.inner;
  const outer = context.outerMap(step.outer);
  const now = await context.idsNow(step.outer);
  if (now.get(keyHex) !== step.id) throw replacedMeanwhile(step);
  return context.kernel.editAt({ outer, key: bytesOfHex(keyHex)!, spec }, writesOf(step, spec));
}

/** The ledger has no pin of it, but a record of its id: perhaps since this turn's claim. */
function isRecorded(step: Edit, context: ApplyContext): boolean {
  if (step.found?.pinned === true) return false;
  return recordedIdAt(context.kernel.pins, pinOf(step, context)) !== undefined;
}

function pinOf({ outer, inner }: Edit, context: ApplyContext): string {
  return context.innerPin(outer, innerPinName(inner.keyHex));
}

function writesOf({ difference: { upserts, deletes, kept } }: Edit, { type }: MapSpec): EditOf {
  return {
    upserts,
    deletes: isArray(type) ? new Uint8Array(0) : deletes,
    ...(kept === undefined ? {} : { kept }),
  };
}

function replacedMeanwhile({ inner }: Edit): KernelError {
  const name = innerMapName(inner.innerMap);
  return new KernelError('edit inner map', name, 'ESTALE', 'it was replaced meanwhile');
}
