import type { Condition, InnerMapStatus, OuterMapStatus } from '../../api/status.ts';
import { conditionsOf, countsOf, cut } from './conditions.ts';
import type { Written } from './facts.ts';
import type { InnerMemory, ObjectMemory, StatusInput } from './memory.ts';

/** The status of an InnerMap as of the last turn; `date` is RFC 3339. */
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

function common(
  { acceptance: verdict, rollup: lot, generation }: StatusInput,
  written: Written,
  date: string,
) {
  return {
    nodes: countsOf(lot),
    failures: lot.failures.map(({ node, reason, message }) => ({ node, reason, message: cut(message) })),
    conditions: conditionsOf({ verdict, lot, generation, before: conditionsIn(written), now: date }),
  };
}

export function conditionsIn({ text }: Written): readonly Condition[] {
  if (text === '') return [];
  const { conditions } = JSON.parse(text) as { readonly conditions?: readonly Condition[] };
  return conditions ?? [];
}
