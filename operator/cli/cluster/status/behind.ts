import { compareVersions } from '../../../api/resourceversion.ts';
import { selects } from '../../../api/selector.ts';
import type { ListedInnerMap } from '../ports.ts';

type Labels = Readonly<Record<string, string>>;

/** The InnerMaps of one outer map, the latest changed first: who is behind is told without looking at all of them. */
export type Changes = readonly {
  readonly version: string;
  readonly inner: ListedInnerMap;
}[];

export function changesOf(inners: readonly ListedInnerMap[]): Changes {
  const changes = inners.map(inner => ({ version: specVersion(inner), inner }));
  return changes.sort((a, b) => compareVersions(b.version, a.version));
}

/** InnerMaps that select the node and changed after its watermark; all that select it where there is none. */
export function behindOf(
  changes: Changes,
  watermark: string | undefined,
  labels: Labels | undefined,
): number {
  let count = 0;
  for (const { version, inner } of changes) {
    if (watermark !== undefined && compareVersions(version, watermark) <= 0) break;
    if (labels === undefined || selects(inner.nodeSelector, labels)) count++;
  }
  return count;
}

/** Of the first event with this generation, as the controller remembers it; else the object's own, which is later. */
function specVersion({ status, generation, resourceVersion }: ListedInnerMap): string {
  const isCurrent = status?.observedGeneration === generation;
  return (isCurrent ? status.specResourceVersion : undefined) ?? resourceVersion;
}
