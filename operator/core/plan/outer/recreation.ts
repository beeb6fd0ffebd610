import { innerMapName } from '../../../api/innermap.ts';
import { type EntriesLimit, type HeldEntries, heldEntries } from '../../brake/entries.ts';
import type { DesiredOuter } from '../../desired/desired.ts';
import { haveSameKeys } from '../../layout/difference.ts';
import { recordedLayout } from '../../layout/recorded.ts';
import { ownsKey } from '../../ledgerrecord.ts';
import { isArray } from '../../mapspec.ts';
import type { ObservedOuterMap, ObservedPin } from '../../observed.ts';
import { every, type Steps } from '../../steps.ts';
import { COMPARED, entriesBefore, ownerAt } from '../before.ts';
import type { Step, Write } from '../step.ts';
import { recordOf } from './record.ts';

/** A new outer map of the declared layout in the place of the one before. */
export interface Recreation {
  readonly step: Extract<Step, { verb: 'recreate' }>;
  /** Keys of the map before for which the new one has nothing, as text. */
  readonly lost: readonly { readonly keyText: string }[];
  /** Inner maps that would lose too many entries. */
  readonly heldEntries: readonly HeldEntries[];
  /** Why it must wait: an InnerMap that cannot move would be taken from programs. */
  readonly waits?: string;
}

export function* recreation(
  desired: DesiredOuter,
  found: ObservedOuterMap,
  before: Extract<ObservedPin, { kind: 'map' }>,
): Steps<Recreation> {
  const { outerMap, layout } = desired;
  const { name } = outerMap.metadata;
  const writes: Write[] = [];
  const held: HeldEntries[] = [];
  const isSameKey = layout.outer.keySize === before.spec.keySize;
  const limit = { outer: name, maxRemoval: outerMap.spec.maxRemoval, ...layoutBefore(desired, found) };
  const due = every();
  for (const inner of desired.inners.values()) {
    if (due(1 + inner.entries.count / COMPARED)) yield;
    const was = isSameKey ? entriesBefore(inner, found) : undefined;
    const tooMany = was === undefined ? undefined : heldEntries(inner, was, limit);
    if (tooMany !== undefined) held.push(tooMany);
    writes.push({ verb: 'insert', outer: name, inner, cause: 'declared', pinTaken: true });
  }
  const { pin, pinMode: mode } = outerMap.spec;
  const step = {
    ...({ verb: 'recreate', outer: name, desired, writes } as const),
    ...{ record: recordOf(desired), before: before.id, mode },
    ...(found.record?.pin === undefined || found.record.pin === pin ? {} : { unpin: found.record.pin }),
  };
  const waits = unmoved(desired, found);
  const lost = lostKeys(desired, found, isSameKey);
  return { step, lost, heldEntries: held, ...(waits === undefined ? {} : { waits }) };
}

/** Without a record that tells it, entries were as they are declared. */
function layoutBefore(
  { outerMap, layout }: DesiredOuter,
  { record }: ObservedOuterMap,
): Pick<EntriesLimit, 'before'> {
  const recorded = record === undefined ? undefined : recordedLayout(outerMap.metadata.name, record);
  if (recorded === undefined) return {};
  const { template } = recorded;
  return { before: { isArray: isArray(template.type), sameKeys: haveSameKeys(recorded, layout) } };
}

/** The first InnerMap that programs have something of, and that has nothing for the new map. */
function unmoved({ kept }: DesiredOuter, found: ObservedOuterMap): string | undefined {
  if (kept.size === 0) return undefined;
  const there = ownersIn(found);
  const lost = [...kept.values()].find(({ owner }) => there.has(owner) || there.has(undefined));
  if (lost === undefined) return undefined;
  return `InnerMap ${innerMapName(lost.object)} cannot move: ${lost.reason}, ${lost.message}`;
}

/** Wherever in the map: keys may have another layout. Undefined is one that is ours and of an older version: of anybody. */
function ownersIn(found: ObservedOuterMap): ReadonlySet<string | undefined> {
  const there = new Set<string | undefined>();
  for (const [keyHex, id] of found.entries) {
    const owner = ownerAt(keyHex, id, found);
    if (owner !== undefined || ownsKey(keyHex, id, found.pins)) there.add(owner);
  }
  return there;
}

/** Keys of another size cannot be compared: then only their number tells. */
function lostKeys(
  { inners }: DesiredOuter,
  { entries }: ObservedOuterMap,
  comparable: boolean,
): Recreation['lost'] {
  const keys = [...entries.keys()];
  const lost = comparable ? keys.filter(keyHex => !inners.has(keyHex)) : keys.toSorted().slice(inners.size);
  return lost.map(keyText => ({ keyText }));
}
