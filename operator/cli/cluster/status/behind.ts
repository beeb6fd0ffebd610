import { goalOf } from '../../../api/resourceversion.ts';
import { selects } from '../../../api/selector.ts';
import { specVersion } from '../../../core/status/memory.ts';
import type { ListedInnerMap, ListedNode } from '../ports.ts';

/** The InnerMaps of one outer map, the latest change first: those behind a watermark come before all others. */
export type Changes = readonly {
  /** The version that a watermark must reach. */
  readonly goal: number;
  readonly inner: ListedInnerMap;
}[];

export function changesOf(inners: readonly ListedInnerMap[]): Changes {
  return inners
    .map(inner => ({ goal: goalOf(specVersion({ ...inner, written: inner.status ?? {} })), inner }))
    .sort((a, b) => (a.goal < b.goal ? 1 : a.goal > b.goal ? -1 : 0));
}

/** InnerMaps that select the node and changed after its watermark. */
export function behindOf(changes: Changes, watermark: number, node: ListedNode | undefined): number {
  let count = 0;
  for (const { goal, inner } of changes) {
    if (goal <= watermark) break;
    if (node === undefined || selects(inner.nodeSelector, node.labels)) count++;
  }
  return count;
}
