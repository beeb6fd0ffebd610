import { isObject } from '../../api/parse/section.ts';
import { type Condition, cutMessage, type InnerMapStatus, type OuterMapStatus } from '../../api/status.ts';
import { conditionsOf, countsOf } from './conditions.ts';
import type { WrittenStatus } from './facts.ts';
import type { InnerMemory, ObjectMemory, StatusInput } from './memory.ts';

/** The status of an InnerMap after the last turn; `date` is RFC 3339. */
export function innerStatus(
  { facts, specResourceVersion, written, input }: InnerMemory,
  date: string,
): InnerMapStatus {
  const content = facts.wanted?.content;
  return {
    observedGeneration: facts.generation,
    specResourceVersion,
    entries: content?.kind === 'encoded' ? content.entries.count : 0,
    ...common(input!, written, date),
  };
}

export function outerStatus({ written, input }: ObjectMemory, date: string): OuterMapStatus {
  const { generation, inners, deletion } = input!;
  return {
    observedGeneration: generation,
    innerMaps: inners!.accepted,
    innerMapsDigest: inners!.digest,
    ...(deletion!.goal === 0 ? {} : { deletionResourceVersion: deletion!.resourceVersion }),
    ...common(input!, written, date),
  };
}

function common({ acceptance, rollup, generation }: StatusInput, written: WrittenStatus, date: string) {
  return {
    nodes: countsOf(rollup),
    failures: rollup.failures.map(({ node, reason, message }) => ({
      node,
      reason,
      message: cutMessage(message),
    })),
    conditions: conditionsOf({ acceptance, rollup, generation, before: conditionsIn(written), now: date }),
  };
}

export function conditionsIn({ text }: WrittenStatus): readonly Condition[] {
  if (text === '') return [];
  const { conditions } = JSON.parse(text) as { readonly conditions?: readonly Condition[] };
  return conditions ?? [];
}

type Fields = Readonly<Record<string, unknown>>;

/** The JSON merge patch (RFC 7386) from `written` to `wanted`: removed fields are null, the rest is given in full. */
export function patchTo(wanted: object, written: object): Fields {
  const patch: Record<string, unknown> = {};
  const [after, before] = [wanted as Fields, written as Fields];
  for (const name of Object.keys(before)) if (after[name] === undefined) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const inner = before[name];
    patch[name] = isObject(value) && isObject(inner) ? patchTo(value, inner) : value;
  }
  return patch;
}
