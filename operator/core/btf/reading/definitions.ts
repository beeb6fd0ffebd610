import { BTF_BEHIND } from '../kinds.ts';
import {
  type Btf,
  type BtfMember,
  type BtfType,
  btfMembers,
  btfType,
  plainBtfType,
  wordBehind,
} from './read.ts';

/** A map as a program's source defines it, in libbpf's way: `struct { __uint(…); __type(…); } name SEC(".maps")`. */
export interface MapDefinition {
  /** Empty for the template of an outer map. */
  readonly name: string;
  /** As in enum bpf_map_type. */
  readonly type: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Where the definition has a number for it; 0 where it has a type or none. */
  readonly keySize: number;
  readonly valueSize: number;
  /** Ids of the types of key and value; absent where there are sizes alone. */
  readonly key?: number;
  readonly value?: number;
  /** The template of an outer map, where it is defined with it. */
  readonly inner?: MapDefinition;
}

/** The maps that a program defines. */
export function mapDefinitions(btf: Btf): readonly MapDefinition[] {
  return variablesOf(btf, '.maps').flatMap(({ name, sizeOrType }) => {
    const struct = plainBtfType(btf, sizeOrType);
    return struct?.kind === 'Struct' ? [definitionOf(btf, name, struct)] : [];
  });
}

function variablesOf(btf: Btf, section: string): readonly BtfType[] {
  for (const id of btf.places.keys()) {
    const type = btfType(btf, id);
    if (type?.kind === 'Section' && type.name === section) return variablesIn(btf, type);
  }
  return [];
}

/** Each once: a file may name one of a large struct in every entry. */
function variablesIn(btf: Btf, section: BtfType): readonly BtfType[] {
  const each = BTF_BEHIND.Section.each;
  const ids = Array.from({ length: section.count }, (_, index) => wordBehind(btf, section, index * each));
  return [...new Set(ids)].flatMap(id => {
    const variable = btfType(btf, id);
    return variable?.kind === 'Variable' ? [variable] : [];
  });
}

function definitionOf(btf: Btf, name: string, struct: BtfType): MapDefinition {
  const members = partsOf(btf, struct);
  const number = (field: Part): number => numberOf(btf, members.get(field));
  const type = (field: 'key' | 'value'): { readonly [Part in typeof field]?: number } => {
    const pointer = pointerOf(btf, members.get(field));
    return pointer === undefined ? {} : { [field]: pointer.sizeOrType };
  };
  // A template has none of its own: the kernel takes two levels
  const inner = name === '' ? undefined : templateOf(btf, members.get('values'));
  return {
    name,
    type: number('type'),
    maxEntries: number('max_entries'),
    flags: number('map_flags'),
    keySize: number('key_size'),
    valueSize: number('value_size'),
    ...type('key'),
    ...type('value'),
    ...(inner === undefined ? {} : { inner }),
  };
}

const PARTS = [
  'type',
  'max_entries',
  'map_flags',
  'key_size',
  'value_size',
  'key',
  'value',
  'values',
] as const;
type Part = (typeof PARTS)[number];
type Parts = ReadonlyMap<string, BtfMember>;

const known = new WeakMap<Btf, Map<number, Parts>>();

/** What a definition has, of each struct once: it may have 65,535 members and define as many maps. */
function partsOf(btf: Btf, struct: BtfType): Parts {
  const ofBtf = known.get(btf) ?? new Map<number, Parts>();
  known.set(btf, ofBtf);
  const before = ofBtf.get(struct.place);
  if (before !== undefined) return before;
  const names: readonly string[] = PARTS;
  const members = btfMembers(btf, struct).filter(({ name }) => names.includes(name));
  const parts = new Map(members.map(member => [member.name, member]));
  ofBtf.set(struct.place, parts);
  return parts;
}

/** `__uint(field, N)` is `int (*field)[N]`. */
function numberOf(btf: Btf, member: BtfMember | undefined): number {
  const pointer = pointerOf(btf, member);
  const array = pointer === undefined ? undefined : plainBtfType(btf, pointer.sizeOrType);
  return array?.kind === 'Array' ? wordBehind(btf, array, 8) : 0;
}

/** `__type(field, T)` is `T *field`. */
function pointerOf(btf: Btf, member: BtfMember | undefined): BtfType | undefined {
  const pointer = member === undefined ? undefined : plainBtfType(btf, member.type);
  return pointer?.kind === 'Pointer' ? pointer : undefined;
}

/** `__array(values, T)` is `T *values[]`; of a map of programs they are functions. */
function templateOf(btf: Btf, member: BtfMember | undefined): MapDefinition | undefined {
  const array = member === undefined ? undefined : plainBtfType(btf, member.type);
  if (array?.kind !== 'Array') return undefined;
  const pointer = plainBtfType(btf, wordBehind(btf, array, 0));
  const struct = pointer?.kind === 'Pointer' ? plainBtfType(btf, pointer.sizeOrType) : undefined;
  return struct?.kind === 'Struct' ? definitionOf(btf, '', struct) : undefined;
}
