/** Keys of one outer map that went in one turn. */
export interface RecentRemoval {
  /** Milliseconds since the node's boot. */
  readonly at: number;
  readonly keys: number;
}

/** How long a removal counts against the next one. */
const RECENT_MS = 60_000;

export function isRecent(at: number, now: number): boolean {
  return Math.abs(now - at) < RECENT_MS;
}

/** Those of the last minute. */
export function recentOf(removals: readonly RecentRemoval[], now: number): readonly RecentRemoval[] {
  return removals.filter(({ at }) => isRecent(at, now));
}

export function sumOf(removals: readonly RecentRemoval[]): number {
  return removals.reduce((sum, { keys }) => sum + keys, 0);
}

/** The removals of the last minute with these ones; those of one turn are counted together. */
export function withRemoval(
  removals: readonly RecentRemoval[],
  keys: number,
  now: number,
): readonly RecentRemoval[] {
  const recent = recentOf(removals, now);
  const last = recent.at(-1);
  if (last?.at !== now) return [...recent, { at: now, keys }];
  return [...recent.slice(0, -1), { at: now, keys: last.keys + keys }];
}

/** A record takes 4,000 bytes. */
const MOST_RECORDED = 100;

/** Removals as the ledger records them, so that a restart does not end the minute: `[[81250,5],[83100,2]]`. */
export function removalsText(removals: readonly RecentRemoval[]): string {
  return JSON.stringify(joined(removals).map(({ at, keys }) => [at, keys]));
}

/** The oldest ones as if they had gone with the first that is recorded by itself. */
function joined(removals: readonly RecentRemoval[]): readonly RecentRemoval[] {
  const oldest = removals.slice(0, -MOST_RECORDED + 1);
  const at = oldest.at(-1)?.at;
  if (at === undefined || oldest.length === 1) return removals;
  return [{ at, keys: sumOf(oldest) }, ...removals.slice(-MOST_RECORDED + 1)];
}

/** None where the text is no record of ours. */
export function parseRemovals(text: string): readonly RecentRemoval[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isPair) ? value.map(([at, keys]) => ({ at, keys })) : [];
  } catch {
    return [];
  }
}

function isPair(value: unknown): value is readonly [number, number] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    value.every(number => Number.isSafeInteger(number) && number >= 0)
  );
}
