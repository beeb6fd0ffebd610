import { goalOf } from '../../../api/resourceversion.ts';
import { selects } from '../../../api/selector.ts';
import { specVersion } from '../../../core/status/memory.ts';
import type { ListedInnerMap } from '../ports.ts';

type Labels = Readonly<Record<string, string>>;

/** The InnerMaps of one outer map, the latest change first: counting those behind a node reads its first ones alone. */
export type Changes = readonly {
  /** What a watermark must reach. */
  readonly goal: number;
  readonly inner: ListedInnerMap;
}[];

export function changesOf(inners: readonly ListedInnerMap[]): Changes {
  return inners.map(inner => ({ goal: goal(inner), inner })).sort((a, b) => (a.goal < b.goal ? 1 : -1));
}

/** InnerMaps that select the node and changed after its watermark. */
export function behindOf(changes: Changes, watermark: number, labels: Labels | undefined): number {
  let count = 0;
  for (const { goal, inner } of changes) {
    if (goal <= watermark) break;
    if (labels === undefined || selects(inner.nodeSelector, labels)) count++;
  }
  return count;
}

function goal(inner: ListedInnerMap): number {
  return goalOf(specVersion({ ...inner, written: inner.status ?? {} }));
}
