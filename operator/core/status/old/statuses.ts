import type { Condition, InnerMapStatus, OuterMapStatus } from '../../../api/status.ts';
import { conditionsOf, countsOf, cut } from '../conditions.ts';
import type { Written } from '../facts.ts';
import type { NodeRollup } from '../rollup/rollup.ts';
import { judgeOuter, type Look, type Looking, lookAtInner, lookAtOuter } from './evaluate.ts';
import type { InnerRecord, OuterRecord } from './memory.ts';

/** The controller's clock, and the time as others read it (RFC 3339). */
export interface Moment {
  readonly now: number;
  readonly date: string;
}

/** The status of an InnerMap as everything known now makes it. */
export function innerStatus(inner: InnerRecord, looking: Looking, moment: Moment): InnerMapStatus {
  const look = lookAtInner(inner, looking, moment.now);
  const { facts, specResourceVersion, written } = inner;
  return {
    observedGeneration: facts.generation,
    specResourceVersion,
    entries: entriesOf(inner),
    ...common(look, { generation: facts.generation, written, date: moment.date }),
  };
}

export function outerStatus(outer: OuterRecord, looking: Looking, moment: Moment): OuterMapStatus {
  judgeOuter(outer, looking);
  const look = lookAtOuter(outer, looking, moment.now);
  const { deletion, digest, acceptedInners, written } = outer;
  const generation = outer.facts!.generation;
  return {
    observedGeneration: generation,
    innerMaps: acceptedInners,
    innerMapsDigest: digest.text,
    ...(deletion === undefined || deletion.goal === 0
      ? {}
      : { deletionResourceVersion: deletion.resourceVersion }),
    ...common(look, { generation, written, date: moment.date }),
  };
}

interface Circumstances {
  readonly generation: number;
  readonly written: Written;
  readonly date: string;
}

function common({ verdict, lot }: Look, { generation, written, date }: Circumstances) {
  const before = conditionsIn(written);
  return {
    nodes: countsOf(lot),
    failures: failuresIn(lot),
    conditions: conditionsOf({ verdict, lot, generation, before, now: date }),
  };
}

function failuresIn({ failures }: NodeRollup) {
  return failures.map(({ node, reason, message }) => ({ node, reason, message: cut(message) }));
}

export function conditionsIn({ text }: Written): readonly Condition[] {
  if (text === '') return [];
  const { conditions } = JSON.parse(text) as { readonly conditions?: readonly Condition[] };
  return conditions ?? [];
}

function entriesOf({ facts }: InnerRecord): number {
  const content = facts.wanted?.content;
  return content?.kind === 'encoded' ? content.entries.count : 0;
}
