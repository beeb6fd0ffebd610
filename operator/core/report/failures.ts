import type { InnerMap } from '../../api/innermap.ts';
import { RELEASE_ANNOTATION } from '../../api/metadata.ts';
import { MAP_FLAGS, type OuterMap } from '../../api/outermap.ts';
import type { Reason } from '../../api/reason.ts';
import type { DesiredInner } from '../desired/compile.ts';
import type { Desired } from '../desired/desired.ts';
import type { Programmed } from '../observed.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';
import { every, type Steps } from '../steps.ts';

/** Why something is not as declared. */
export interface FailureCause {
  readonly reason: Reason;
  readonly message: string;
}

export interface FailedStep extends FailureCause {
  readonly step: Step;
}

/** Why an object is not in the kernel as declared. */
export interface ObjectFailure extends FailureCause {
  readonly object: InnerMap | OuterMap;
  readonly keyText?: string;
  readonly entries: number;
}

/** The proven contents of one outer map in the kernel. */
export interface Proven {
  readonly programmed: ReadonlyMap<string, Programmed>;
  /** InnerMaps that are there as declared, with all of their entries. */
  readonly asDeclared: number;
}

/** Every object that is not as declared. Outer maps come first, because a node's state lists only the first failures. */
export function* objectFailures(
  desired: Desired,
  { plan, failed }: { readonly plan: Plan; readonly failed: readonly FailedStep[] },
  provenIn: (outer: string) => Proven,
): Steps<readonly ObjectFailure[]> {
  const byInner = new Map<InnerMap, FailureCause>();
  for (const { step, reason, message } of failed)
    if ('inner' in step) byInner.set(step.inner.innerMap, { reason, message });
  for (const { inner, reason, message } of plan.untouched) byInner.set(inner.innerMap, { reason, message });
  for (const held of plan.heldEntries)
    byInner.set(held.inner.innerMap, { reason: 'RemovalHeld', message: heldEntriesText(held) });
  const failures: ObjectFailure[] = desired.rejections.map(({ object, reason, message }) => ({
    object,
    entries: 0,
    reason,
    message,
    ...(object.kind === 'InnerMap' ? { keyText: String(object.spec.key) } : {}),
  }));
  const due = every();
  for (const [name, outer] of desired.outers) {
    const own = outerFailure(name, plan, failed);
    if (own !== undefined) failures.push({ object: outer.outerMap, entries: 0, ...own });
    const { programmed, asDeclared } = provenIn(name);
    if (asDeclared === outer.inners.size && own?.reason !== 'PinInUse') continue;
    for (const inner of outer.inners.values()) {
      if (due()) yield;
      const now = programmed.get(inner.keyHex);
      const isThere = now?.inner === inner && own?.reason !== 'PinInUse';
      if (isThere && now.held === undefined) continue;
      const { innerMap: object, keyText, entries } = inner;
      const cause = isThere ? evicted(inner, now.held) : (byInner.get(object) ?? waiting(name, own));
      failures.push({ object, keyText, entries: entries.count, ...cause });
    }
  }
  return [...failures.filter(isOuter), ...failures.filter(failure => !isOuter(failure))];
}

/** OuterMaps that nobody declares any more, and whose ledger could not be removed. */
export function retirementsFailed(
  failed: readonly FailedStep[],
): readonly (FailureCause & { readonly outer: string })[] {
  return failed
    .filter(({ step }) => step.verb === 'letGo')
    .map(({ step, reason, message }) => ({ outer: step.outer, reason, message }));
}

function isOuter({ object }: ObjectFailure): boolean {
  return object.kind === 'OuterMap';
}

/** An LRU map keeps free entries for each CPU, and evicts others for that (kernel/bpf/bpf_lru_list.c). */
function evicted({ spec, entries }: DesiredInner, held = 0): FailureCause {
  const own = (spec.flags & MAP_FLAGS.NoCommonLRU) !== 0;
  const why = own
    ? 'each CPU has its share of an LRU map with NoCommonLRU for itself'
    : 'an LRU map evicts before it is full';
  const message = `Holds ${held} of ${entries.count} entries: ${why}; raise maxEntries above ${spec.maxEntries}, or declare fewer`;
  return { reason: 'Evicted', message };
}

function waiting(outer: string, own: FailureCause | undefined): FailureCause {
  if (own === undefined) return { reason: 'Progressing', message: 'Not yet in the kernel' };
  return { reason: 'Pending', message: `OuterMap ${outer} is not usable: ${own.reason}, ${own.message}` };
}

/** A refusal, a failed step on the map itself, or a held removal. */
function outerFailure(name: string, plan: Plan, failed: readonly FailedStep[]): FailureCause | undefined {
  const refused = plan.refused.find(({ outer }) => outer === name);
  if (refused !== undefined) return refused;
  const own = failed.find(({ step }) => step.outer === name && !('inner' in step));
  if (own !== undefined) return { reason: own.reason, message: own.message };
  const held = plan.held.find(({ outer }) => outer === name);
  return held === undefined ? undefined : { reason: 'RemovalHeld', message: heldText(held, 'declared') };
}

/** The annotation that releases a removal goes on the OuterMap, or on the node's state where no OuterMap is declared. */
export function heldText(held: Plan['held'][number], outerMap: 'declared' | 'undeclared'): string {
  const recent = held.recent === 0 ? '' : ` and ${held.recent} went within a minute`;
  const more = held.before > held.keys ? `${recent} (${held.before} were not a moment ago)` : recent;
  const where = outerMap === 'declared' ? '' : ' of the NodeMapState';
  return heldUntil(
    `${held.keys} of ${held.of} keys are no longer declared${more}`,
    `nothing was removed of ${namedKeys(held)}`,
    `release it with token ${held.token} (annotation ${RELEASE_ANNOTATION}${where}, or --release-removal for a folder)`,
  );
}

/** `1, 2, 3 and 7 more` */
function namedKeys({ names, keys }: Plan['held'][number]): string {
  const more = keys - names.length;
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`;
}

function heldEntriesText({ entries, of, token }: Plan['heldEntries'][number]): string {
  return heldUntil(
    `${entries} of ${of} entries are no longer declared`,
    'the former contents stay',
    `release it with token ${token} (annotation ${RELEASE_ANNOTATION} of the OuterMap, or --release-removal for a folder)`,
  );
}

/** The same of one node, for a cluster: as much as its state tells. */
export function heldOnNodeText({ keys, token }: { readonly keys: number; readonly token: string }): string {
  return heldUntil(
    `${keys} keys are no longer declared`,
    'nothing was removed',
    `set the annotation ${RELEASE_ANNOTATION}: ${token}`,
  );
}

function heldUntil(what: string, stays: string, release: string): string {
  return `${what}, more than maxRemoval lets go at once: ${stays}; if it is meant, ${release}`;
}
