import { flagsWord, type MapFlag, OPPOSITES } from '../../../operator/api/maps/flags.ts';
import { type InnerType, MAP_RULES } from '../../../operator/api/maps/types.ts';
import { NO_ENTRIES } from '../../../operator/core/entries.ts';
import { smallestSpec } from '../../../operator/core/layout/rules.ts';
import type { MapSpec } from '../../../operator/core/mapspec.ts';
import { KernelError } from '../../../operator/kernel/error.ts';
import type { Kernel } from '../../../operator/kernel/kernel.ts';

const OUTER: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 4, flags: 0 };
/** The smallest layout of a type with all the flags that it takes at once, and one of each pair of opposites. */
export function withAllFlags(type: InnerType): MapSpec {
  const { flags, frame } = MAP_RULES[type];
  const spec = smallestSpec(type);
  const isLeftOut = (flag: MapFlag) =>
    OPPOSITES.some(([one, other]) => other === flag && flags.includes(one));
  const word = flagsWord(flags.filter(flag => !isLeftOut(flag)));
  return { ...spec, valueSize: frame?.StackBuildId ?? spec.valueSize, flags: word };
}

/** Makes and pins an outer map whose one inner map, at key 1, is empty. */
export async function makeTyped(kernel: Kernel, pin: string, spec: MapSpec): Promise<void> {
  const outer = kernel.createOuter(OUTER, spec, 'typed');
  const request = { spec, name: 'typed', label: 'typed', entries: NO_ENTRIES, freeze: false };
  const [inner] = await kernel.build([{ ...request, pins: [`${pin}_inner`] }]);
  if (inner === undefined || inner instanceof KernelError) throw inner ?? new Error('no answer');
  const failed = await kernel.replace(outer, Uint8Array.of(1, 0, 0, 0), [inner]);
  for (const error of failed.values()) throw error;
  kernel.pins.unlink(`${pin}_inner`);
  kernel.pins.pin(outer, pin, 0o600);
  for (const map of [outer, inner]) map.close();
}
