import { MAP_RULES, REFUSED_TYPES } from '../../api/maps/types.ts';
import type { InnerType, OuterType } from '../../api/outermap.ts';
import type { MapSpec } from '../../core/mapspec.ts';

type MapType = InnerType | OuterType;

/** enum bpf_map_type of include/uapi/linux/bpf.h. */
export const TYPE_NUMBERS = Object.fromEntries(
  Object.entries(MAP_RULES).map(([type, { number }]) => [type, number]),
) as Readonly<Record<MapType, number>>;

const TYPE_NAMES: ReadonlyMap<number, MapType> = new Map(
  Object.entries(TYPE_NUMBERS).map(([name, number]) => [number, name as MapType]),
);

/** Undefined for a type that neither an outer nor an inner map has; a pin may hold one. */
export function typeName(number: number): MapType | undefined {
  return TYPE_NAMES.get(number);
}

/** What a map is that can be neither an outer nor an inner map: `a map of type Arena: a program …`. */
export function refusedTypeText(number: number): string {
  const [name, refused] = Object.entries(REFUSED_TYPES).find(([, type]) => type.number === number) ?? [];
  return refused === undefined
    ? `a map of type ${number}, which is not known here: neither an outer nor an inner map`
    : `a map of type ${name}, which is no inner map: ${refused.why}`;
}

/** A layout from key size, value size, max entries and flags. */
export function specOf(type: MapType, words: ArrayLike<number>): MapSpec {
  return { type, keySize: words[0]!, valueSize: words[1]!, maxEntries: words[2]!, flags: words[3]! };
}

export const isPerCpu = (type: MapType): boolean => MAP_RULES[type].perCpu === true;
export const isOuter = (type: MapType): boolean => type === 'HashOfMaps' || type === 'ArrayOfMaps';
/** The kernel requires their layout as BTF: an int as key, any type of the right size as value. */
export const isStorage = (type: MapType): boolean => MAP_RULES[type].btf === true;
/** Whether user space can read and write entries by key. */
export const hasContents = (type: MapType): boolean => isOuter(type) || MAP_RULES[type].contents === true;

/** Bytes of one value in a batch: per-CPU types have one for each possible CPU, rounded up to 8. */
export function strideOf(spec: MapSpec, possibleCpus: number): number {
  return isPerCpu(spec.type) ? Math.ceil(spec.valueSize / 8) * 8 * possibleCpus : spec.valueSize;
}
