import { innerMapName } from '../../../api/innermap.ts';
import type { DesiredOuter } from '../../desired/desired.ts';
import type { ObservedOuterMap, ObservedPin } from '../../observed.ts';
import { every, type Steps } from '../../steps.ts';
import type { Step, Write } from '../step.ts';
import { recordOf } from './record.ts';

/** A new outer map of the declared layout in the place of the one before. */
export interface Recreation {
  readonly step: Extract<Step, { verb: 'recreate' }>;
  /** Keys of the map before for which the new one has nothing, as text. */
  readonly lost: readonly { readonly keyText: string }[];
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
  const due = every();
  for (const inner of desired.inners.values()) {
    if (due()) yield;
    writes.push({ verb: 'insert', outer: name, inner, cause: 'declared', pinTaken: true });
  }
  const { pin, pinMode: mode } = outerMap.spec;
  const step = {
    ...({ verb: 'recreate', outer: name, desired, writes } as const),
    ...{ record: recordOf(desired), before: before.id, mode },
    ...(found.record?.pin === undefined || found.record.pin === pin ? {} : { unpin: found.record.pin }),
  };
  const waits = unmoved(desired);
  const lost = lostKeys(desired, found, layout.outer.keySize === before.spec.keySize);
  return waits === undefined ? { step, lost } : { step, lost, waits };
}

function unmoved({ kept }: DesiredOuter): string | undefined {
  for (const { object, reason, message } of kept.values())
    return `InnerMap ${innerMapName(object)} cannot move: ${reason}, ${message}`;
  return undefined;
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
