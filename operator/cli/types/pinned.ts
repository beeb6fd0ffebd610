import { readBtf } from '../../core/btf/reading/read.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import { withMap } from '../../ledger/reading.ts';
import { foundTypes } from '../export/foundtypes.ts';
import { declarationsFor } from '../export/types.ts';
import { declarationText } from './declaration.ts';
import { type Fragment, fragmentOf } from './fragment.ts';

interface PinnedTypes {
  readonly fragment: Fragment;
  readonly notes: readonly string[];
}

/** What is pinned there, with the types that the kernel knows of it. */
export async function pinnedFragment(kernel: Kernel, pin: string): Promise<PinnedTypes> {
  const found = await withMap(kernel, pin, async map =>
    map.spec.type.endsWith('OfMaps') ? outerFragment(kernel, map, pin) : mapFragment(kernel, map),
  );
  if (found !== undefined) return found;
  throw new Error(`Cannot open ${pin}: ENOENT, nothing is pinned there, and no such file is here`);
}

async function outerFragment(kernel: Kernel, outer: OpenMap, pin: string): Promise<PinnedTypes> {
  const innerIds = [...(await kernel.readOuter(outer)).ids];
  const template = kernel.template(outer) ?? specOf(kernel, innerIds);
  if (template === undefined)
    throw new Error(
      `Cannot tell what ${pin} holds: it is empty, and its template can be read with CAP_PERFMON only; run as root`,
    );
  const nothing = { key: undefined, innerKey: undefined, innerValue: undefined };
  const { types, notes } = foundTypes({ outer: outer.spec, template }, nothing, {
    kernel,
    outer,
    pin,
    innerIds,
    object: undefined,
  });
  const { key, innerKey, innerValue } = declarationsFor(outer.spec, template, types);
  const inner = fragmentOf(template, { key: innerKey, value: innerValue });
  return { fragment: { ...fragmentOf(outer.spec, { key }), inner }, notes };
}

function specOf(kernel: Kernel, [id]: readonly number[]): MapSpec | undefined {
  if (id === undefined) return undefined;
  const map = kernel.openById(id);
  map.close();
  return map.spec;
}

function mapFragment(kernel: Kernel, { id, name, spec }: OpenMap): PinnedTypes {
  const types = kernel.typesOf(id);
  const read = types && readBtf(types.btf);
  if (!read?.ok)
    throw new Error(
      `Cannot tell the types of ${name}: ${read?.message ?? 'it was made without BTF; give the program’s object file'}`,
    );
  const part = (type: number, size: number) =>
    declarationText({
      btf: read.value,
      id: type,
      size,
      isPrefix: spec.type === 'LPMTrie' && type === types!.key,
    });
  const declared = { key: part(types!.key, spec.keySize), value: part(types!.value, spec.valueSize) };
  return { fragment: fragmentOf(spec, declared), notes: [] };
}
