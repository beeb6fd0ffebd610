import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a version of the memory controller; `unused` finds the unused page cache in its `memory.stat`. */
interface Version {
  readonly mount: string;
  readonly limit: string;
  readonly usage: string;
  readonly unused: RegExp;
}

const OLD: Version = {
  mount: '/sys/fs/cgroup/memory',
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  unused: /^total_inactive_file (\d+)$/m,
};
const NEW: Version = {
  mount: '/sys/fs/cgroup',
  limit: 'memory.max',
  usage: 'memory.current',
  unused: /^inactive_file (\d+)$/m,
};
/** Version 1 writes "no limit" as the largest multiple of a page below 2^63. */
const NO_LIMIT = 2 ** 60;

/** The lowest limit on the way up from our cgroup, in bytes; undefined where there is none. */
export function memoryLimit(): number | undefined {
  const { groups, version } = ours();
  return lowest(groups.map(group => limitOf(group, version)));
}

/** Bytes that this process and its maps may still take; undefined where there is no limit. */
export function memoryLeft(): number | undefined {
  const { groups, version } = ours();
  const limited = groups.filter(group => limitOf(group, version) !== undefined);
  return lowest(limited.map(group => limitOf(group, version)! - takenIn(group, version)));
}

/** Our cgroup and those above it. In a container the mount's root is its own cgroup, and the others are not visible. */
function ours(): { readonly groups: readonly string[]; readonly version: Version } {
  const text = textOf('/proc/self/cgroup');
  const old = /^\d+:memory:(.*)$/m.exec(text)?.[1];
  const version = old === undefined ? NEW : OLD;
  const parts = (old ?? /^0::(.*)$/m.exec(text)?.[1] ?? '/').split('/').filter(part => part !== '');
  const groups = [...parts.keys(), parts.length].map(depth => join(version.mount, ...parts.slice(0, depth)));
  return { groups, version };
}

function limitOf(group: string, { limit }: Version): number | undefined {
  const text = textOf(join(group, limit)).trim();
  return /^\d+$/.test(text) && Number(text) < NO_LIMIT ? Number(text) : undefined;
}

/** The kernel reclaims unused page cache by itself. */
function takenIn(group: string, { usage, unused }: Version): number {
  const cache = Number(unused.exec(textOf(join(group, 'memory.stat')))?.[1] ?? 0);
  return Number(textOf(join(group, usage))) - cache;
}

function lowest(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter(number => number !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** The text of a file of /proc or /sys; empty where it cannot be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
