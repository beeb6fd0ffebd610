import type { Condition, NodeMapStateStatus } from '../../api/status.ts';

/** What a state says that the one before did not: nothing, only how far InnerMaps were read, or something that somebody waits for. */
export type News = 'none' | 'watermark' | 'content';

/**
 * Pure. Times, and what is measured anew at each start, are no news. A watermark is news at once when it passes a change of
 * contents (`changes`, by outer map): whoever made that change waits for it.
 */
export function newsIn(
  now: NodeMapStateStatus,
  before: NodeMapStateStatus | undefined,
  changes: ReadonlyMap<string, string> = new Map(),
): News {
  if (before === undefined || canonical(contentOf(now)) !== canonical(contentOf(before))) return 'content';
  const marks = marksOf(before);
  let news: News = 'none';
  for (const { name, programmedResourceVersion: mark } of now.outerMaps) {
    const told = marks.get(name);
    if (mark === told) continue;
    if (mark === undefined || told === undefined || isOlder(mark, told)) return 'content';
    const change = changes.get(name);
    if (change !== undefined && isOlder(told, change)) return 'content';
    news = 'watermark';
  }
  return news;
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

function marksOf({ outerMaps }: NodeMapStateStatus): ReadonlyMap<string, string | undefined> {
  return new Map(outerMaps.map(outer => [outer.name, outer.programmedResourceVersion]));
}

/** resourceVersions count up as decimal integers. */
function isOlder(left: string, right: string): boolean {
  return left.length === right.length ? left < right : left.length < right.length;
}

/** As JSON with sorted fields: a server answers them in an order of its own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
