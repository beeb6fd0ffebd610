import type { Plan } from '../../core/plan/plan.ts';
import type { Step } from '../../core/plan/step.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { forEachSliced } from '../../timing/sliced.ts';
import { ApplyContext, type OnStepsDone } from './context.ts';
import { applyEdits } from './edit.ts';
import { attempt, type Outcome } from './outcome.ts';
import { applyOuterStep } from './outer.ts';
import { release } from './release.ts';
import { applyRemovals } from './remove.ts';
import { applyWrites } from './write.ts';

/**
 * The one place that writes. Steps in the plan's order, steps of one kind together:
 * inserts and replacements in waves, removals by batch. What fails costs only what builds on it.
 */
export async function apply(
  plan: Plan,
  kernel: Kernel,
  progress: OnStepsDone = () => {},
): Promise<readonly Outcome[]> {
  const site = new ApplyContext(kernel, plan.steps.length, progress);
  const outcomes: Outcome[] = [];
  try {
    for (const run of runsOf(plan.steps)) {
      const results = await applyRun(run, site);
      for (const outcome of results) if (!outcome.ok && isFoundation(outcome.step)) site.block(outcome);
      for (const outcome of results) outcomes.push(outcome);
      site.advance(results.length);
    }
  } finally {
    site.close();
  }
  return outcomes;
}

type Kind = 'write' | 'edit' | 'remove' | 'outer' | 'letGo';
const KIND: Readonly<Partial<Record<Step['verb'], Kind>>> = {
  insert: 'write',
  replace: 'write',
  edit: 'edit',
  remove: 'remove',
  letGo: 'letGo',
};

function kindOf(step: Step): Kind {
  return KIND[step.verb] ?? 'outer';
}

/** Consecutive steps of one kind on one outer map. */
function* runsOf(steps: readonly Step[]): Generator<readonly Step[]> {
  for (let from = 0, to = 0; from < steps.length; from = to) {
    const first = steps[from]!;
    while (to < steps.length && kindOf(steps[to]!) === kindOf(first) && steps[to]!.outer === first.outer)
      to++;
    yield steps.slice(from, to);
  }
}

async function applyRun(run: readonly Step[], site: ApplyContext): Promise<readonly Outcome[]> {
  const first = run[0]!;
  const blocked = site.blocked(first.outer);
  if (blocked !== undefined) return run.map(step => ({ ...blocked, step }));
  switch (kindOf(first)) {
    case 'write':
      return withPlaceForPins(run as Parameters<typeof applyWrites>[0], site);
    case 'edit':
      return applyEdits(run as Parameters<typeof applyEdits>[0], site);
    case 'remove':
      return applyRemovals(run as Parameters<typeof applyRemovals>[0], site);
    case 'letGo':
      return [await release(first as Extract<Step, { verb: 'letGo' }>, site.kernel)];
    default:
      return applyInTurn(run, site);
  }
}

/** The directory of the inner pins was made with the record; somebody may have taken it away since. */
async function withPlaceForPins(
  run: Parameters<typeof applyWrites>[0],
  site: ApplyContext,
): Promise<readonly Outcome[]> {
  const { pins } = site.kernel;
  const { inner } = site.paths(run[0]!.outer);
  const made = attempt(run[0]!, () => {
    if (!pins.isDirectory(inner)) pins.makeDirectory(inner);
    return undefined;
  });
  return made.ok ? applyWrites(run, site) : run.map(step => ({ ...made, step }));
}

/** Steps on the outer map itself: the first failure of one that others build on ends the run. */
async function applyInTurn(run: readonly Step[], site: ApplyContext): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let broken: (Outcome & { ok: false }) | undefined;
  await forEachSliced(run, step => {
    const outcome = broken === undefined ? applyOuterStep(step, site) : { ...broken, step };
    if (!outcome.ok && isFoundation(step)) broken = outcome;
    outcomes.push(outcome);
  });
  return outcomes;
}

function isFoundation(step: Step): boolean {
  return step.verb === 'record' || step.verb === 'create' || step.verb === 'adopt';
}
