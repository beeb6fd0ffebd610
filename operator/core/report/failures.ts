import type { InnerMap } from '../../api/innermap.ts';
import { RELEASE_ANNOTATION } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import type { Reason } from '../../api/reason.ts';
import type { DesiredInner } from '../desired/compile.ts';
import type { Desired, DesiredOuter } from '../desired/desired.ts';
import type { Programmed } from '../observed.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';

/** What became of a step, as far as a report needs it. */
export type StepOutcome = {
  readonly step: Step;
  readonly ok: boolean;
  readonly reason?: Reason;
  readonly message?: string;
};

/** Why an object is not in the kernel as declared. */
export interface ObjectFailure {
  readonly object: InnerMap | OuterMap;
  readonly keyText?: string;
  readonly entries: number;
  readonly reason: Reason;
  readonly message: string;
}

/** What the kernel now holds of one outer map, as proved. */
export type ProgrammedOf = (outer: string) => ReadonlyMap<string, Programmed>;

/** Every object that is not as declared, with its reason: outer maps first, as only the first are listed in a node's state. */
export function objectFailures(
  desired: Desired,
  plan: Plan,
  steps: readonly StepOutcome[],
  programmedOf: ProgrammedOf,
): readonly ObjectFailure[] {
  const failures = failuresByInner(steps);
  const fates: ObjectFailure[] = desired.rejections.map(({ object, reason, message }) => ({
    object,
    entries: 0,
    reason,
    message,
    ...keyOf(object),
  }));
  for (const [name, outer] of desired.outers) {
    const trouble = outerFailure(name, plan, steps);
    if (trouble !== undefined) fates.push({ object: outer.outerMap, entries: 0, ...trouble });
    for (const fate of innerFailures(outer, programmedOf(name), { failures, trouble })) fates.push(fate);
  }
  return [...fates.filter(isOuter), ...fates.filter(fate => !isOuter(fate))];
}

function isOuter({ object }: ObjectFailure): boolean {
  return object.kind === 'OuterMap';
}

interface FailureCause {
  readonly reason: Reason;
  readonly message: string;
}

interface Failures {
  readonly failures: ReadonlyMap<InnerMap, FailureCause>;
  readonly trouble: FailureCause | undefined;
}

function innerFailures(
  outer: DesiredOuter,
  programmed: ReadonlyMap<string, Programmed>,
  { failures, trouble }: Failures,
): ObjectFailure[] {
  const fates: ObjectFailure[] = [];
  const { name } = outer.outerMap.metadata;
  for (const inner of outer.inners.values()) {
    if (programmed.get(inner.keyHex)?.inner === inner && trouble?.reason !== 'PinInUse') continue;
    const why = failures.get(inner.innerMap) ?? waiting(name, trouble);
    fates.push({ object: inner.innerMap, keyText: inner.keyText, entries: inner.entries.count, ...why });
  }
  return fates;
}

function waiting(outer: string, trouble: FailureCause | undefined): FailureCause {
  if (trouble === undefined) return { reason: 'Progressing', message: 'Not yet in the kernel' };
  return {
    reason: 'Pending',
    message: `OuterMap ${outer} is not usable: ${trouble.reason}, ${trouble.message}`,
  };
}

function failuresByInner(steps: readonly StepOutcome[]): ReadonlyMap<InnerMap, FailureCause> {
  const failures = new Map<InnerMap, FailureCause>();
  for (const { step, ok, reason, message } of steps) {
    if (!ok && 'inner' in step)
      failures.set((step.inner as DesiredInner).innerMap, {
        reason: reason ?? 'KernelError',
        message: message ?? '',
      });
  }
  return failures;
}

/** A refusal, a failed step on the map itself, or a held removal. */
function outerFailure(name: string, plan: Plan, steps: readonly StepOutcome[]): FailureCause | undefined {
  const refused = plan.refused.find(({ outer }) => outer === name);
  if (refused !== undefined) return refused;
  const failed = steps.find(({ step, ok }) => !ok && step.outer === name && !('inner' in step));
  if (failed !== undefined) return { reason: failed.reason ?? 'KernelError', message: failed.message ?? '' };
  const held = plan.held.find(({ outer }) => outer === name);
  return held === undefined ? undefined : { reason: 'RemovalHeld', message: heldText(held, 'declared') };
}

/** OuterMaps that nobody declares any more have no fate of their own: those that could not be let go. */
export function retirementsFailed(
  steps: readonly StepOutcome[],
): readonly (FailureCause & { readonly outer: string })[] {
  return steps.flatMap(({ step, ok, reason = 'KernelError', message = '' }) =>
    step.verb === 'letGo' && !ok ? [{ outer: step.outer, reason, message }] : [],
  );
}

/** An OuterMap that is not declared here cannot take the annotation that releases its removal: the node's state can. */
export function heldText(held: Plan['held'][number], lot: 'declared' | 'undeclared'): string {
  const recent = held.recent === 0 ? '' : ` and ${held.recent} went within a minute`;
  const more = held.before > held.keys ? `${recent} (${held.before} were not a moment ago)` : recent;
  const where = lot === 'declared' ? '' : ' of the NodeMapState';
  return heldUntil(
    `${held.keys} of ${held.of} keys are no longer declared${more}`,
    `release it with token ${held.token} (annotation ${RELEASE_ANNOTATION}${where}, or --release-removal for a folder)`,
  );
}

/** The same of one node, for a cluster: as much as its state tells. */
export function heldOnNodeText({ keys, token }: { readonly keys: number; readonly token: string }): string {
  return heldUntil(
    `${keys} keys are no longer declared`,
    `set the annotation ${RELEASE_ANNOTATION}: ${token}`,
  );
}

function heldUntil(what: string, release: string): string {
  return `${what}, more than maxRemoval lets go at once: nothing was removed; if it is meant, ${release}`;
}

function keyOf(object: InnerMap | OuterMap): { keyText?: string } {
  return object.kind === 'InnerMap' ? { keyText: String(object.spec.key) } : {};
}
