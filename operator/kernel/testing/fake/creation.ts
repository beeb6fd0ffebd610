import { MAP_FLAGS } from '../../../api/outermap.ts';
import type { MapTypes } from '../../../core/btf/maptypes.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { Errno } from '../../error.ts';
import type { FakeTemplate } from './map.ts';

/** The arguments that BPF_MAP_CREATE accepts for one type: tried type by type, flag by flag on Linux 6.18. */
interface CreationRule {
  /** Bits of the flag word. */
  readonly flags: readonly number[];
  readonly required?: number;
  key(size: number): Errno | undefined;
  value(size: number, spec: MapSpec): Errno | undefined;
  entries?(count: number): Errno | undefined;
}

/** KMALLOC_MAX_SIZE less the kernel's own bytes beside key and value. */
const LARGEST_ELEMENT = (1 << 22) - 64;
/** PCPU_MIN_UNIT_SIZE */
const LARGEST_PER_CPU_VALUE = 32_768;
const PAGE = 4096;
/** CONFIG_NR_CPUS of many distributions. */
const MOST_CPUS = 8192;

const wordKey = only(4);
const noKey = only(0);
const anyValue = (size: number): Errno | undefined => (size < 1 ? 'EINVAL' : undefined);
const fdValue = (size: number): Errno | undefined => (size === 4 || size === 8 ? undefined : 'EINVAL');

const hash: CreationRule = { flags: [0, 2, 3, 4, 6, 7, 8], key: anyValue, value: hashValue };
const perCpuHash: CreationRule = { flags: [0, 3, 4, 6, 7, 8], key: anyValue, value: perCpuValue };
const ring: CreationRule = {
  flags: [2],
  key: noKey,
  value: only(0),
  entries: count => (count % PAGE === 0 && Number.isInteger(Math.log2(count)) ? undefined : 'EINVAL'),
};
const queue: CreationRule = { flags: [2, 3, 4, 7, 8], key: noKey, value: anyValue };
const devices: CreationRule = { flags: [2, 3, 4], key: wordKey, value: fdValue };
const descriptors: CreationRule = { flags: [2, 3, 4], key: wordKey, value: only(4) };
/** Local storage: keyed by an object's fd, without a bound of its own. */
const storage: CreationRule = {
  flags: [0, 9],
  required: MAP_FLAGS.NoPrealloc,
  key: wordKey,
  value: anyValue,
  entries: only(0),
};

const RULES: Readonly<Record<MapSpec['type'], CreationRule>> = {
  Hash: hash,
  LRUHash: { ...hash, flags: [0, 1, 2, 3, 4, 6, 7, 8] },
  PerCPUHash: perCpuHash,
  LRUPerCPUHash: { ...perCpuHash, flags: [0, 1, 3, 4, 6, 7, 8] },
  Array: { flags: [2, 3, 4, 7, 8, 10, 12], key: wordKey, value: anyValue },
  PerCPUArray: { flags: [3, 4, 7, 8], key: wordKey, value: perCpuValue },
  LPMTrie: {
    flags: [0, 2, 3, 4, 7, 8],
    required: MAP_FLAGS.NoPrealloc,
    key: size => (size < 5 || size > 260 ? 'EINVAL' : undefined),
    value: size => (size < 1 || size > LARGEST_ELEMENT - 256 ? 'EINVAL' : undefined),
  },
  RingBuf: ring,
  UserRingBuf: ring,
  Queue: queue,
  Stack: queue,
  BloomFilter: { ...queue, flags: [2, 3, 4, 6, 7, 8] },
  PerfEventArray: { ...descriptors, flags: [2, 3, 4, 11] },
  StackTrace: { ...descriptors, flags: [2, 3, 4, 5], value: stackValue },
  CgroupArray: descriptors,
  DevMap: devices,
  DevMapHash: devices,
  SockMap: devices,
  SockHash: {
    ...devices,
    key: anyValue,
    value: (size, { keySize }) => fdValue(size) ?? (keySize > 512 ? 'E2BIG' : undefined),
  },
  CPUMap: { ...devices, flags: [2], entries: count => (count > MOST_CPUS ? 'E2BIG' : atLeastOne(count)) },
  XSKMap: descriptors,
  ReuseportSockArray: { ...devices, flags: [2, 3, 4, 7, 8] },
  SkStorage: storage,
  TaskStorage: storage,
  InodeStorage: storage,
  CgrpStorage: storage,
  ArrayOfMaps: descriptors,
  HashOfMaps: { ...hash, value: only(4) },
};

/** The errno of BPF_MAP_CREATE for this layout; undefined where it makes the map. */
export function creationErrno(spec: MapSpec): Errno | undefined {
  const rule = RULES[spec.type];
  const allowed = rule.flags.reduce((word, bit) => word | (1 << bit), 0);
  if ((spec.flags & ~allowed) !== 0 || (spec.flags & (rule.required ?? 0)) !== (rule.required ?? 0))
    return 'EINVAL';
  if (both(spec, 'ReadOnly', 'WriteOnly') || both(spec, 'ReadOnlyProg', 'WriteOnlyProg')) return 'EINVAL';
  if (both(spec, 'NoCommonLRU', 'NumaNode')) return 'EINVAL';
  if (spec.type.startsWith('LRU') && (spec.flags & MAP_FLAGS.NoPrealloc) !== 0) return 'ENOTSUPP';
  const empty = rule.entries === undefined ? atLeastOne(spec.maxEntries) : undefined;
  const sizes = empty ?? rule.key(spec.keySize) ?? rule.value(spec.valueSize, spec);
  return sizes ?? rule.entries?.(spec.maxEntries);
}

/** bpf_obj_name_cpy: up to 15 of these. libbpf cuts longer names; the fake rejects them, so that no caller relies on that. */
export function nameErrno(name: string): Errno | undefined {
  return /^[A-Za-z0-9_.]{0,15}$/.test(name) ? undefined : 'EINVAL';
}

/**
 * The layout as the map has it afterwards: the access flags of the creating fd are not the map's,
 * and a DevMap is always read-only to programs.
 */
export function madeSpec(spec: MapSpec, possibleCpus: number): MapSpec {
  const { types: _, ...sizes } = spec;
  const ofMap = spec.flags & ~(MAP_FLAGS.ReadOnly | MAP_FLAGS.WriteOnly);
  const flags = spec.type.startsWith('DevMap') ? ofMap | MAP_FLAGS.ReadOnlyProg : ofMap;
  const ownLists = spec.type.startsWith('LRU') && (spec.flags & MAP_FLAGS.NoCommonLRU) !== 0;
  const maxEntries = ownLists ? Math.ceil(spec.maxEntries / possibleCpus) * possibleCpus : spec.maxEntries;
  return { ...sizes, flags, maxEntries };
}

/** map_meta_equal: whether an inner map fits an outer map made with this template. */
export function fits(
  { spec: template, types, comparesTypes }: FakeTemplate,
  { spec: inner, types: innerTypes }: { readonly spec: MapSpec; readonly types?: MapTypes | undefined },
): boolean {
  if (recordOf(types) !== recordOf(innerTypes)) return false;
  if (comparesTypes && types?.hasStruct !== innerTypes?.hasStruct) return false;
  const alike =
    template.type === inner.type &&
    template.keySize === inner.keySize &&
    template.valueSize === inner.valueSize &&
    template.flags === inner.flags;
  return alike && (template.maxEntries === inner.maxEntries || maxEntriesIsFree(template));
}

/** With its types or without; undefined where a pointer's struct may be of a program's own BTF. */
export function accepts(
  template: FakeTemplate,
  spec: MapSpec,
  types: MapTypes | undefined,
): boolean | undefined {
  if (fits(template, { spec, types })) return true;
  const fields = types?.kernelFields ?? [];
  if (fields.length === 0) return fits(template, { spec });
  return fields.some(({ type }) => type.tag !== undefined) ? undefined : false;
}

/** btf_record_equal: the fields of the kernel, which are in a map with types alone. */
function recordOf(types: MapTypes | undefined): string {
  return (types?.kernelFields ?? []).map(({ type, offset }) => `${type.name} ${type.tag} ${offset}`).join();
}

function maxEntriesIsFree({ type, flags }: MapSpec): boolean {
  return type === 'Array' ? (flags & MAP_FLAGS.InnerMap) !== 0 : type !== 'XSKMap';
}

export function isOuter(spec: MapSpec): boolean {
  return spec.type === 'ArrayOfMaps' || spec.type === 'HashOfMaps';
}

/** Bytes of one value in the batch calls. */
export function valueStride(spec: MapSpec, possibleCpus: number): number {
  return spec.type.includes('PerCPU') ? roundedToWord(spec.valueSize) * possibleCpus : spec.valueSize;
}

function only(wanted: number): (size: number) => Errno | undefined {
  return size => (size === wanted ? undefined : 'EINVAL');
}

function atLeastOne(count: number): Errno | undefined {
  return count < 1 ? 'EINVAL' : undefined;
}

function hashValue(size: number, { keySize }: MapSpec): Errno | undefined {
  return size + keySize > LARGEST_ELEMENT ? 'E2BIG' : anyValue(size);
}

function perCpuValue(size: number): Errno | undefined {
  return roundedToWord(size) > LARGEST_PER_CPU_VALUE ? 'E2BIG' : anyValue(size);
}

/** Frames are addresses, or each a struct bpf_stack_build_id (stack_map_alloc). */
function stackValue(size: number, { flags }: MapSpec): Errno | undefined {
  const frame = (flags & MAP_FLAGS.StackBuildId) === 0 ? 8 : 32;
  return size > 0 && size % frame === 0 && size <= 127 * frame ? undefined : 'EINVAL';
}

function roundedToWord(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function both(spec: MapSpec, one: keyof typeof MAP_FLAGS, other: keyof typeof MAP_FLAGS): boolean {
  const pair = MAP_FLAGS[one] | MAP_FLAGS[other];
  return (spec.flags & pair) === pair;
}
