import { flagNames } from '../../api/maps/flags.ts';
import { MAP_RULES, REFUSED_TYPES } from '../../api/maps/types.ts';
import { present } from '../../api/parse/section.ts';
import type { MapDefinition } from '../../core/btf/reading/definitions.ts';
import type { Btf } from '../../core/btf/reading/read.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Plain } from '../terminal/yaml.ts';
import { declarationText, scalar } from './declaration.ts';

/** A map with its types, as a part of an OuterMap's spec. */
export interface Fragment {
  readonly [field: string]: Plain | undefined;
  readonly type: string;
}

interface Types {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export function fragmentOf(
  { type, maxEntries, flags }: Pick<MapSpec, 'type' | 'maxEntries' | 'flags'>,
  types: Types,
): Fragment {
  return { type, maxEntries, ...present(types), ...(flags === 0 ? {} : { flags: flagNames(flags) }) };
}

const NAMES: ReadonlyMap<number, string> = new Map(
  [...Object.entries(REFUSED_TYPES), ...Object.entries(MAP_RULES)].map(([name, { number }]) => [
    number,
    name,
  ]),
);

/** A map that a program defines; of an outer map with its template, where the definition has one. */
export function definedFragment(btf: Btf, definition: MapDefinition): Fragment {
  const { type: number, inner } = definition;
  const type = NAMES.get(number) ?? String(number);
  const part = (name: 'key' | 'value', size: number): string | undefined => {
    const isPrefix = name === 'key' && type === 'LPMTrie';
    const declared = declarationText({ btf, id: definition[name] ?? 0, size, isPrefix });
    return declared ?? (size === 0 ? undefined : scalar(size));
  };
  const isIndexed = MAP_RULES[type as MapSpec['type']]?.key === 'index';
  const key = isIndexed ? 'u32' : part('key', definition.keySize);
  const value = type.endsWith('OfMaps') ? undefined : part('value', definition.valueSize);
  const fragment = fragmentOf({ ...definition, type: type as MapSpec['type'] }, { key, value });
  return inner === undefined ? fragment : { ...fragment, inner: definedFragment(btf, inner) };
}
