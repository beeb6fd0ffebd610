import { mapDefinitions } from '../../core/btf/reading/definitions.ts';
import { type Btf, readBtf } from '../../core/btf/reading/read.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import { UsageError } from '../command.ts';
import { isOuterDefinition, outerDefinition, sourceOf, type TypeSource } from '../types/definition.ts';

/** A program's object file, and the map in it that the user named. */
export interface ObjectTypes {
  readonly file: string;
  readonly btf: Btf;
  readonly map: string | undefined;
}

/** An outer map, and where to look for its types. */
export interface Sought {
  readonly kernel: Kernel;
  readonly outer: OpenMap;
  readonly pin: string;
  readonly object: ObjectTypes | undefined;
  readonly innerIds: readonly number[];
}

/**
 * Where the types of an outer map may stand, the surest first: the object file that the user gave, or what loaders gave to
 * the inner maps, then the programs that use the outer map. Each is asked for only when it is taken; KernelError EPERM
 * without CAP_SYS_ADMIN.
 */
export function* typeSources({ kernel, outer, pin, object, innerIds }: Sought): Generator<TypeSource> {
  const sought = { names: [pin.split('/').at(-1)!, outer.name], spec: outer.spec };
  if (object !== undefined) {
    yield ofObject(object, sought);
    return;
  }
  for (const id of innerIds) {
    const types = kernel.typesOf(id);
    const btf = types && readBtf(types.btf);
    if (btf?.ok) yield { btf: btf.value, innerKey: types!.key, innerValue: types!.value };
  }
  for (const bytes of kernel.typesOfUsers(outer)) {
    const btf = readBtf(bytes);
    const definition = btf.ok ? outerDefinition(mapDefinitions(btf.value), sought) : undefined;
    if (btf.ok && definition !== undefined) yield sourceOf(btf.value, definition);
  }
}

/** `--map` names the outer map, or a map that is made like its inner maps. */
function ofObject(
  { file, btf, map }: ObjectTypes,
  sought: Parameters<typeof outerDefinition>[1],
): TypeSource {
  const definitions = mapDefinitions(btf);
  const named = definitions.find(({ name }) => name === map);
  if (map !== undefined && named === undefined) throw notThere(file, `a map ${map}`, definitions);
  if (named !== undefined && isOuterDefinition(named)) return sourceOf(btf, named);
  const outer = outerDefinition(definitions, sought);
  if (outer === undefined && named === undefined)
    throw notThere(file, `the outer map ${sought.names[0]}`, definitions);
  return sourceOf(btf, outer, named);
}

function notThere(file: string, what: string, definitions: readonly { readonly name: string }[]): UsageError {
  const names = definitions.map(({ name }) => name).join(', ');
  const has =
    names === ''
      ? 'it defines no maps (struct { … } NAME SEC(".maps"))'
      : `it defines ${names}; name one with --map`;
  return new UsageError(`Cannot find ${what} in ${file}: ${has}`, 'export');
}
