import { compareVersions } from '../../api/resourceversion.ts';
import type { Condition, NodeMapStateStatus } from '../../api/status.ts';
import { canonicalText } from '../canonical.ts';

/**
 * Pure. Whether a state says what the one before did not. Times, and what is measured anew at each start, are no news; nor is
 * a watermark, unless somebody waits for it (`awaited`, by outer map): bookmarks move it all the time.
 */
export function isNews(
  now: NodeMapStateStatus,
  before: NodeMapStateStatus | undefined,
  awaited: ReadonlyMap<string, string> = new Map(),
): boolean {
  if (before === undefined || canonicalText(contentOf(now)) !== canonicalText(contentOf(before))) return true;
  const marks = new Map(before.outerMaps.map(outer => [outer.name, outer.programmedResourceVersion]));
  return now.outerMaps.some(({ name, programmedResourceVersion: mark }) => {
    const told = marks.get(name);
    if (mark === told) return false;
    if (mark === undefined || told === undefined || compareVersions(mark, told) < 0) return true;
    const goal = awaited.get(name);
    return goal !== undefined && compareVersions(told, goal) < 0 && compareVersions(mark, goal) >= 0;
  });
}

/** The state with the times of conditions that did not change, whoever reported them. */
export function settled(now: NodeMapStateStatus, before: NodeMapStateStatus | undefined): NodeMapStateStatus {
  const conditions = now.conditions.map(condition => {
    const same = before?.conditions.find(
      ({ type, status }) => type === condition.type && status === condition.status,
    );
    return same === undefined ? condition : { ...condition, lastTransitionTime: same.lastTransitionTime };
  });
  return { ...now, conditions };
}

function contentOf({ drift, kernel, outerMaps, conditions, ...rest }: NodeMapStateStatus): object {
  const { lastCheck: _, ...counts } = drift;
  const { gracePeriodMs: __, ...probed } = kernel;
  return {
    ...rest,
    drift: counts,
    kernel: probed,
    outerMaps: outerMaps.map(({ programmedResourceVersion: ___, ...outer }) => outer),
    conditions: conditions.map(untimed),
  };
}

function untimed({ lastTransitionTime: _, ...condition }: Condition): object {
  return condition;
}
