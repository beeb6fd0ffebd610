import { flagsWord, OPPOSITES } from '../../api/maps/flags.ts';
import { MAP_RULES, type MapRule } from '../../api/maps/types.ts';
import type { InnerType, MapFlag, OuterType } from '../../api/outermap.ts';
import type { MapSpec } from '../mapspec.ts';

/** The flag word of a map. Reports each flag that the rule does not have, by its index. */
export function flagWord(
  declared: readonly MapFlag[],
  rule: Pick<MapRule, 'flags'> & { readonly type: InnerType | OuterType },
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
  for (const [one, other] of OPPOSITES)
    if (declared.includes(one) && declared.includes(other))
      report(declared.indexOf(other), `The kernel takes no ${other} beside ${one}: leave one of them out`);
  return flagsWord(declared);
}

const MOST_ENTRIES = 0xffffffff;
const PAGE = 4096;

/** The problem of a number of entries for this type. */
export function entriesProblem(type: MapSpec['type'], maxEntries: number): string | undefined {
  const { size } = MAP_RULES[type];
  if (size === 'nothing')
    return maxEntries === 0
      ? undefined
      : `maxEntries ${maxEntries} cannot be: a ${type} has no limit of its own`;
  if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > MOST_ENTRIES)
    return `maxEntries ${maxEntries} is out of range: write 1 to ${MOST_ENTRIES}`;
  if (size !== 'pages') return undefined;
  if (maxEntries >= PAGE && Number.isInteger(Math.log2(maxEntries))) return undefined;
  const right = Math.min(2 ** 31, Math.max(PAGE, 2 ** Math.ceil(Math.log2(maxEntries))));
  return `A ${type} of ${maxEntries} bytes cannot be: its maxEntries is a power of two and at least a page, such as ${right}`;
}

/** Every page size divides it. */
const PAGES = 65536;

/** The smallest layout of each inner type, for probing. */
export function smallestSpec(type: InnerType): MapSpec {
  const { key, valueSizes, frame, size, needed = [] } = MAP_RULES[type];
  return {
    type,
    keySize: key === 'none' ? 0 : key === 'prefix' ? 8 : 4,
    valueSize: valueSizes?.length === 0 ? 0 : (frame?.plain ?? 4),
    maxEntries: size === 'pages' ? PAGES : size === 'nothing' ? 0 : 1,
    flags: flagsWord(needed),
  };
}
