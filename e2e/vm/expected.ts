import { VERSIONS, type Version } from './options.ts';

/** A spec that fails on some kernels, and which property of theirs is the reason. One that passes there is a failure, too. */
export interface KnownFailure {
  readonly set: string;
  /** Its full title. */
  readonly spec: string;
  readonly on: readonly Version[];
  readonly why: string;
  /** Where a race decides: it may hold. */
  readonly byChance?: true;
}

const NULLS = {
  set: 'program',
  on: VERSIONS,
  why: 'A HashOfMaps can show NULL while a key is replaced before 6.16 (2c304172e031)',
  byChance: true,
} as const;
const READER = 'reader of a key that is swapped sees over';

const LOCKED = {
  set: 'programs',
  on: ['5.10', '6.1'],
  why: 'No map with a spin lock is taken into an outer map before 6.2 (bpf_map_meta_alloc answers ENOTSUPP)',
} as const;
const LOCKING = 'programs of others one with a spin lock:';

export const KNOWN_FAILURES: readonly KnownFailure[] = [
  { ...LOCKED, spec: `${LOCKING} adopted with CAP_BPF alone, edited, deleted, cleaned` },
  { ...LOCKED, spec: `${LOCKING} edited in place, it keeps its inner map and what it counted` },
  {
    set: 'agent',
    spec: 'agent with CAP_BPF alone keeps an inner map of a stranger that is as declared, and puts right what it holds otherwise',
    on: ['5.10'],
    why: 'There is no bpf_for_each_map_elem before 5.13 (69c087ba6225)',
  },
  {
    set: 'agent',
    spec: 'agent as CAP_BPF alone, taking over an inner map of a stranger keeps it as it is and through changes in place, ends with its InnerMap, and is given back by clean',
    on: ['5.10'],
    why: 'There is no bpf_for_each_map_elem before 5.13 (69c087ba6225): what cannot be read is not taken over',
  },
  { ...NULLS, spec: `${READER} 10000 swaps in batches neither NULL nor a mixture: HashOfMaps` },
  { ...NULLS, spec: `${READER} 300 turns of an agent neither NULL nor a mixture: HashOfMaps` },
];
