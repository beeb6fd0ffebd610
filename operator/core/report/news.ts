import { compareVersions } from '../../api/resourceversion.ts';
import type { NodeMapStateStatus } from '../../api/status.ts';
import { canonicalText } from '../canonical.ts';
import { sinceChange } from './conditions.ts';

/**
 * Pure. Whether a state differs from the one before it. Times, and values that are measured again at each start, do not
 * count; nor does a label that no selector names; nor a watermark, unless somebody waits for it (`awaited`, by outer map): bookmarks move it all the time.
 */
export function isNews(
  now: NodeMapStateStatus,
  before: NodeMapStateStatus | undefined,
  awaited: ReadonlyMap<string, string> = new Map(),
): boolean {
  if (before === undefined || canonicalText(contentOf(now)) !== canonicalText(contentOf(before))) return true;
  const marks = new Map(before.outerMaps.map(outer => [outer.name, outer.programmedResourceVersion]));
  return now.outerMaps.some(({ name, programmedResourceVersion: mark }) => {
    const previous = marks.get(name);
    if (mark === previous) return false;
    if (mark === undefined || previous === undefined || compareVersions(mark, previous) < 0) return true;
    const goal = awaited.get(name);
    return goal !== undefined && compareVersions(previous, goal) < 0 && compareVersions(mark, goal) >= 0;
  });
}

/** The state with the earlier times of conditions that did not change. */
export function settled(now: NodeMapStateStatus, before: NodeMapStateStatus | undefined): NodeMapStateStatus {
  return { ...now, conditions: sinceChange(now.conditions, before?.conditions) };
}

function contentOf({ node, drift, kernel, outerMaps, conditions, ...rest }: NodeMapStateStatus): object {
  const { lastCheck: _, ...counts } = drift;
  const { gracePeriodMs: __, ...probed } = kernel;
  return {
    ...rest,
    node: decidedOf(node),
    drift: counts,
    kernel: probed,
    outerMaps: outerMaps.map(({ programmedResourceVersion: ___, ...outer }) => outer),
    conditions: conditions.map(({ lastTransitionTime: ____, ...condition }) => condition),
  };
}

function decidedOf({ labelsHash, ...node }: NodeMapStateStatus['node']): object {
  return node.selectorLabels === undefined ? { ...node, labelsHash } : node;
}
