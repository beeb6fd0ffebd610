import { recordText, TEMPORARY } from '../../../core/ledgerrecord.ts';
import type { Step } from '../../../core/plan/step.ts';
import { KernelError } from '../../../kernel/error.ts';
import { PRIVATE_MODE } from '../../../kernel/pins.ts';
import { dropBeside } from '../../../ledger/removal.ts';
import { forEachSliced } from '../../../timing/sliced.ts';
import type { ApplyContext } from '../context.ts';
import { attempt, type Outcome } from '../outcome.ts';

type Of<Verb extends Step['verb']> = Extract<Step, { verb: Verb }>;

/** Mode of a pin in the ledger: nobody but the agent. */
export const LEDGER_MODE = 0o600;

/** Steps on an outer map and its ledger, each one or two system calls. */
const EFFECTS = { record, create, adopt, drop, pin, unpin };
type OuterStep = Of<keyof typeof EFFECTS>;

/** The first failure of a step that others build on is the failure of all that follow. */
export async function applyOuterSteps(
  steps: readonly OuterStep[],
  context: ApplyContext,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  await forEachSliced(steps, step => {
    const failure = context.failureOf(step.outer);
    outcomes.push(failure === undefined ? applyOuterStep(step, context) : { ...failure, step });
  });
  return outcomes;
}

function applyOuterStep(step: OuterStep, context: ApplyContext): Outcome {
  const effect = EFFECTS[step.verb] as (step: OuterStep, context: ApplyContext) => number | undefined;
  const outcome = attempt(step, () => effect(step, context));
  const isFoundation = step.verb === 'record' || step.verb === 'create' || step.verb === 'adopt';
  if (!outcome.ok && isFoundation) context.block(outcome);
  return outcome;
}

function record(step: Of<'record'>, context: ApplyContext): undefined {
  const { inner, spec } = context.paths(step.outer);
  context.kernel.pins.makeDirectory(inner, PRIVATE_MODE);
  context.kernel.pins.writeRecord(spec, recordText(step.record));
}

function create(step: Of<'create'>, context: ApplyContext): number {
  const { outer, inner } = context.paths(step.outer);
  const { layout } = step.desired;
  context.kernel.pins.makeDirectory(inner, PRIVATE_MODE);
  const map = context.kernel.createOuter(layout.outer, layout.template, mapName(step.outer));
  try {
    context.kernel.pins.pin(map, outer, LEDGER_MODE);
    return map.id;
  } finally {
    map.close();
  }
}

/** A second pin under a temporary name, then over the older one: the ledger never lacks an outer map. */
function adopt(step: Of<'adopt'>, context: ApplyContext): number {
  const { outer, inner } = context.paths(step.outer);
  const { pins } = context.kernel;
  pins.makeDirectory(inner, PRIVATE_MODE);
  context.forget(step.outer);
  const map = context.kernel.open(context.pinPath(step.pin));
  try {
    if (map.id !== step.id) throw replacedMeanwhile(step);
    pins.unlink(outer + TEMPORARY);
    pins.pin(map, outer + TEMPORARY, LEDGER_MODE);
    pins.rename(outer + TEMPORARY, outer);
    return map.id;
  } finally {
    map.close();
  }
}

function drop({ outer }: Of<'drop'>, context: ApplyContext): undefined {
  dropBeside(context.kernel, context.paths(outer));
}

/** The plan was made for the other map: neither layout nor keys of this one are known. */
function replacedMeanwhile(step: Of<'adopt'>): KernelError {
  return new KernelError(
    'adopt outer map at',
    step.pin,
    'ESTALE',
    'it was replaced meanwhile, it is looked at anew',
  );
}

function pin(step: Of<'pin'>, context: ApplyContext): undefined {
  const path = context.pinPath(step.pin);
  context.kernel.pins.makeDirectory(path.slice(0, path.lastIndexOf('/')));
  context.kernel.pins.pin(context.outerMap(step.outer), path, step.mode);
}

/** Only while it still names our map: somebody may have put another there. */
function unpin(step: Of<'unpin'>, context: ApplyContext): undefined {
  const path = context.pinPath(step.pin);
  if (!context.kernel.pins.exists(path)) return;
  const map = context.kernel.open(path);
  map.close();
  if (map.id === context.outerMap(step.outer).id) context.kernel.pins.unlink(path);
}

/** bpf_attr.map_name: up to 15 of [A-Za-z0-9_.]; a hint for those who list maps. */
export function mapName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, 15);
}
