/** Flags of a map with their UAPI values (include/uapi/linux/bpf.h, BPF_F_*). */
export const MAP_FLAGS = {
  NoPrealloc: 1 << 0,
  NoCommonLRU: 1 << 1,
  NumaNode: 1 << 2,
  ReadOnly: 1 << 3,
  WriteOnly: 1 << 4,
  StackBuildId: 1 << 5,
  ZeroSeed: 1 << 6,
  ReadOnlyProg: 1 << 7,
  WriteOnlyProg: 1 << 8,
  Clone: 1 << 9,
  Mmapable: 1 << 10,
  PreserveElems: 1 << 11,
  InnerMap: 1 << 12,
} as const;
export type MapFlag = keyof typeof MAP_FLAGS;

/** Of each pair a map has at most one: access by programs; a list of LRU for each CPU, and one node for all (htab_map_alloc_check). */
export const OPPOSITES: readonly (readonly [MapFlag, MapFlag])[] = [
  ['ReadOnlyProg', 'WriteOnlyProg'],
  ['NoCommonLRU', 'NumaNode'],
];

/** Flags of the kernel's that no map of an OuterMap can have, and why. */
export const REFUSED_FLAGS: Readonly<Record<string, { readonly bit: number; readonly why: string }>> = {
  Link: { bit: 1 << 13, why: 'it is of StructOps, which are no inner maps' },
  PathFd: { bit: 1 << 14, why: 'it is of the call that makes the map, not of the map' },
  VtypeBtfObjFd: { bit: 1 << 15, why: 'it is of StructOps, which are no inner maps' },
  TokenFd: { bit: 1 << 16, why: 'it is of the call that makes the map, not of the map' },
  SegvOnFault: { bit: 1 << 17, why: 'it is of Arenas, which are no inner maps' },
  NoUserConv: { bit: 1 << 18, why: 'it is of Arenas, which are no inner maps' },
  RbOverwrite: { bit: 1 << 19, why: 'no kernel that this operator was tried on has it (6.19)' },
};

/** The one word of these. */
export function flagsWord(flags: readonly MapFlag[]): number {
  return flags.reduce((word, flag) => word | MAP_FLAGS[flag], 0);
}

/** Each flag of a word by its name, or by its number where that is not known here. */
export function flagNames(word: number): readonly string[] {
  const bits = Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0).filter(bit => (word & bit) !== 0);
  return bits.map(bit => NAMES.get(bit) ?? `0x${bit.toString(16)}`);
}

/** Why a flag cannot be declared. */
export function refusedFlagText(name: string): string {
  const why = REFUSED_FLAGS[name]?.why ?? 'it is not known here';
  return `flag ${name} cannot be declared, ${why}`;
}

const NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(MAP_FLAGS).map(([name, bit]) => [bit, name] as const),
  ...Object.entries(REFUSED_FLAGS).map(([name, { bit }]) => [bit, name] as const),
]);
