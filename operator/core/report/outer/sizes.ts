import { valueStride } from '../../codec/entries.ts';
import type { DesiredOuter } from '../../desired/desired.ts';
import { remembered } from '../../items.ts';
import { kernelBytes } from '../../layout/kernelbytes.ts';
import type { MapSpec } from '../../mapspec.ts';
import type { ObservedPin, Programmed } from '../../observed.ts';
import { every, type Steps } from '../../steps.ts';
import type { Proven } from '../failures.ts';

/** One outer map after the turn. */
export interface OuterNow {
  readonly map: ObservedPin;
  readonly programmed: ReadonlyMap<string, Programmed>;
  readonly sizes: Sizes;
}

/** What sizes are of. */
export interface SizedOuter extends Omit<OuterNow, 'sizes'> {
  /** This operator made it. */
  readonly isMade: boolean;
  /** Some of its inner maps stand at several keys. */
  readonly shares: boolean;
}

export interface Sizes extends Pick<Proven, 'asDeclared'> {
  readonly innerMaps: number;
  readonly distinct: number;
  readonly entries: number;
  readonly bytes: number;
  readonly kernelBytes: number;
}

/** Of an outer map that is not there. */
export const NO_SIZES: Sizes = {
  innerMaps: 0,
  distinct: 0,
  entries: 0,
  bytes: 0,
  kernelBytes: 0,
  asDeclared: 0,
};

/**
 * Kernel memory is of what this operator made: an adopted outer map is charged to its loader. An inner map that stands at
 * many keys is there once.
 */
export function* sizesOf(
  inners: DesiredOuter['inners'],
  { map, isMade, programmed, shares }: SizedOuter,
  possibleCpus: number,
): Steps<Sizes> {
  const sizes = { ...NO_SIZES };
  const counted = new Set<number>();
  if (map.kind === 'map' && isMade)
    sizes.kernelBytes = kernelBytes({ spec: map.spec, entries: programmed.size, possibleCpus });
  const bytesOf = remembered((spec: MapSpec) => bytesBy(spec, possibleCpus));
  const add = ({ id, inner, held, made }: Programmed): void => {
    const { spec, entries } = inner;
    const there = held ?? entries.count;
    sizes.entries += there;
    const { entry, kernel } = bytesOf(spec);
    sizes.bytes += entries.count * entry;
    const isCounted = counted.has(id);
    if (shares) counted.add(id);
    if (made && !isCounted) sizes.kernelBytes += kernel(there);
    if (held === undefined) sizes.innerMaps += 1;
    if (held === undefined && !isCounted) sizes.distinct += 1;
    if (held === undefined && inners.get(inner.keyHex) === inner) sizes.asDeclared += 1;
  };
  const due = every();
  for (const one of programmed.values()) {
    if (due(LOOK)) yield;
    add(one);
  }
  return sizes;
}

/** What it takes to look at one, as a part of what it takes to judge one. */
const LOOK = 1 / 8;

/** Bytes of an entry, and of the kernel's memory by entries, of inner maps with this spec. */
function bytesBy(spec: MapSpec, possibleCpus: number) {
  const kernel = remembered((entries: number) => kernelBytes({ spec, entries, possibleCpus }));
  return { entry: spec.keySize + valueStride(spec, possibleCpus), kernel };
}
