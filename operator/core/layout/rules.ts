import { type InnerType, MAP_FLAGS, type MapFlag, type OuterType } from '../../api/outermap.ts';
import type { MapSpec } from '../mapspec.ts';

/** The kernel's rule for inner maps of one type. Tried type by type on Linux 6.18. */
export interface InnerRule {
  /** `index`: a u32; `prefix`: begins with a u32 prefix length; `none`: keySize 0. */
  readonly key: 'any' | 'index' | 'prefix' | 'none';
  /** The sizes that it takes, the usual one first; absent: any. Empty: the type has no value. */
  readonly valueSizes?: readonly number[];
  readonly largestKey?: number;
  readonly largestValue?: number;
  readonly flags: readonly MapFlag[];
  /** Flags without which the kernel does not make one: set whether declared or not. */
  readonly needed?: readonly MapFlag[];
}

const OF_PROGRAMS: readonly MapFlag[] = ['ReadOnlyProg', 'WriteOnlyProg'];
const ON_NODE: readonly MapFlag[] = ['NumaNode', ...OF_PROGRAMS];
/** PCPU_MIN_UNIT_SIZE */
const LARGEST_PER_CPU = 32768;
/** LPM_DATA_SIZE_MAX and the prefix length */
const LARGEST_PREFIX = 260;
const FD_OR_STRUCT = [4, 8];
const STACK_DEPTHS = Array.from({ length: 127 }, (_, depth) => (depth + 1) * 8);

export const INNER_RULES: Readonly<Record<InnerType, InnerRule | undefined>> = {
  Hash: { key: 'any', flags: ['NoPrealloc', ...ON_NODE] },
  LRUHash: { key: 'any', flags: ['NoCommonLRU', ...ON_NODE] },
  PerCPUHash: { key: 'any', largestValue: LARGEST_PER_CPU, flags: ['NoPrealloc', ...OF_PROGRAMS] },
  LRUPerCPUHash: { key: 'any', largestValue: LARGEST_PER_CPU, flags: ['NoCommonLRU', ...OF_PROGRAMS] },
  Array: { key: 'index', flags: ['InnerMap', 'Mmapable', ...ON_NODE] },
  PerCPUArray: { key: 'index', largestValue: LARGEST_PER_CPU, flags: OF_PROGRAMS },
  LPMTrie: {
    key: 'prefix',
    largestKey: LARGEST_PREFIX,
    flags: ['NoPrealloc', ...ON_NODE],
    needed: ['NoPrealloc'],
  },
  RingBuf: { key: 'none', valueSizes: [], flags: ['NumaNode'] },
  Queue: { key: 'none', flags: ON_NODE },
  Stack: { key: 'none', flags: ON_NODE },
  BloomFilter: { key: 'none', flags: ON_NODE },
  PerfEventArray: { key: 'index', valueSizes: [4], flags: ['NumaNode', 'PreserveElems'] },
  StackTrace: { key: 'index', valueSizes: STACK_DEPTHS, flags: ['NumaNode'] },
  CgroupArray: { key: 'index', valueSizes: [4], flags: ['NumaNode'] },
  DevMap: { key: 'index', valueSizes: FD_OR_STRUCT, flags: ['NumaNode'] },
  DevMapHash: { key: 'index', valueSizes: FD_OR_STRUCT, flags: ['NumaNode'] },
  SockMap: { key: 'index', valueSizes: FD_OR_STRUCT, flags: ['NumaNode'] },
  SockHash: { key: 'any', largestKey: 512, valueSizes: FD_OR_STRUCT, flags: ['NumaNode'] },
  CPUMap: { key: 'index', valueSizes: FD_OR_STRUCT, flags: ['NumaNode'] },
  XSKMap: { key: 'index', valueSizes: [4], flags: ['NumaNode'] },
  ReuseportSockArray: { key: 'index', valueSizes: FD_OR_STRUCT, flags: ON_NODE },
  // Local storage: the kernel demands BTF types of key and value, and a declaration has none.
  SkStorage: undefined,
  TaskStorage: undefined,
  InodeStorage: undefined,
};

/** The flag word of a map. Reports each flag that the rule does not have, by its index. */
export function flagWord(
  declared: readonly MapFlag[],
  rule: Pick<InnerRule, 'flags'> & { readonly type: InnerType | OuterType },
  report: (index: number, message: string) => void,
): number {
  for (const [index, flag] of declared.entries()) {
    if (rule.flags.includes(flag)) continue;
    const isOfDescriptor = (flag === 'ReadOnly' || flag === 'WriteOnly') && !rule.type.endsWith('OfMaps');
    const why = isOfDescriptor
      ? `${flag} is of one file descriptor, not of the map`
      : `The kernel takes no ${flag} for ${rule.type}`;
    report(index, `${why}: leave it out, it takes ${rule.flags.join(', ')}`);
  }
  return declared.reduce((word, flag) => word | MAP_FLAGS[flag], 0);
}

const MOST_ENTRIES = 0xffffffff;
const PAGE = 4096;

/** The problem of a number of entries for this type. */
export function entriesProblem(type: MapSpec['type'], maxEntries: number): string | undefined {
  if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > MOST_ENTRIES)
    return `maxEntries ${maxEntries} is out of range: write 1 to ${MOST_ENTRIES}`;
  if (type !== 'RingBuf') return undefined;
  if (maxEntries >= PAGE && Number.isInteger(Math.log2(maxEntries))) return undefined;
  const right = Math.min(2 ** 31, Math.max(PAGE, 2 ** Math.ceil(Math.log2(maxEntries))));
  return `A RingBuf of ${maxEntries} bytes cannot be: its maxEntries is a power of two and at least a page, such as ${right}`;
}
