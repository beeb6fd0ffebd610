import { MAP_RULES, OUTER_TYPES } from '../../api/maps/types.ts';
import type { MapDefinition } from '../../core/btf/reading/definitions.ts';
import type { Btf } from '../../core/btf/reading/read.ts';
import type { MapSpec } from '../../core/mapspec.ts';

/** Where the types of an outer map stand: their ids in a BTF. */
export interface TypeSource {
  readonly btf: Btf;
  readonly key?: number | undefined;
  readonly innerKey?: number | undefined;
  readonly innerValue?: number | undefined;
}

export function isOuterDefinition({ type }: MapDefinition): boolean {
  return OUTER_TYPES.some(name => MAP_RULES[name].number === type);
}

/** The kernel cuts names to so many characters. */
const NAME_LENGTH = 15;

/** The definition of an outer map: the one with its name, or the only one of its type. */
export function outerDefinition(
  definitions: readonly MapDefinition[],
  { names, spec }: { readonly names: readonly string[]; readonly spec: MapSpec },
): MapDefinition | undefined {
  const outers = definitions.filter(({ type }) => MAP_RULES[spec.type].number === type);
  const named = outers.find(({ name }) => names.includes(name) || names.includes(name.slice(0, NAME_LENGTH)));
  return named ?? (outers.length === 1 ? outers[0] : undefined);
}

/** The types that a definition names; those of its inner maps may be defined as a map of their own. */
export function sourceOf(
  btf: Btf,
  outer: MapDefinition | undefined,
  inner: MapDefinition | undefined = outer?.inner,
): TypeSource {
  return { btf, key: outer?.key, innerKey: inner?.key, innerValue: inner?.value };
}
