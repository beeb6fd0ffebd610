import type { MAP_FLAGS, Template } from '../../api/outermap.ts';
import type { Problem } from '../../api/problem.ts';
import { type MapTypes, programFieldOf } from '../btf/maptypes.ts';
import {
  isKernelOwned,
  type KernelField,
  kernelFieldsOf,
  kernelFieldText,
  kernelRule,
} from '../types/kernelfield.ts';
import type { Type } from '../types/type.ts';

/** BTF_FIELDS_MAX */
const MOST_FIELDS = 11;
const OF_PROGRAMS = ['ReadOnlyProg', 'WriteOnlyProg'] as const satisfies readonly (keyof typeof MAP_FLAGS)[];

/** Reports where the kernel would not make a map with these of its fields (kernel/bpf/syscall.c, map_check_btf). */
export function refuseKernelFields(
  inner: Template,
  { key, value }: { readonly key: Type | undefined; readonly value: Type | undefined },
  problems: Problem[],
): void {
  const inKey = key === undefined ? [] : kernelFieldsOf(key);
  if (inKey.length > 0) {
    const message = `A ${kernelFieldText(inKey[0]!.type)} cannot be in a key: declare it in the value`;
    problems.push({ path: ['spec', 'inner', 'key'], message });
  }
  const fields = value === undefined ? [] : kernelFieldsOf(value);
  if (fields.length === 0) return;
  const message = problemOf(inner, value!, fields);
  if (message !== undefined) problems.push({ path: ['spec', 'inner', 'value'], message });
}

/** Such fields hold what the BTF of the program describes: the kernel takes no inner map of another BTF. */
export function refuseProgramFields(types: MapTypes | undefined, problems: Problem[]): void {
  const field = programFieldOf(types);
  if (field === undefined) return;
  const message = `A map with a ${kernelFieldText(field.type)} is made by its program's loader alone, whose BTF says what is in it: write provision: Adopt`;
  problems.push({ path: ['spec', 'inner', 'value'], message });
}

function problemOf(inner: Template, value: Type, fields: readonly KernelField[]): string | undefined {
  if (isKernelOwned(value))
    return 'A field of the kernel is no value by itself: declare a struct that has it';
  const unfit = fields.find(({ type }) => !kernelRule(type).types.includes(inner.type));
  if (unfit !== undefined)
    return `The kernel takes no ${kernelFieldText(unfit.type)} in values of type ${inner.type}: it is for ${kernelRule(unfit.type).types.join(', ')}`;
  const odd = fields.find(({ type, offset }) => offset % type.alignment !== 0);
  if (odd !== undefined)
    return `A ${kernelFieldText(odd.type)} lies at byte ${odd.offset}, where the kernel wants a multiple of ${odd.type.alignment}: leave packed out`;
  const locks = fields.filter(({ type }) => type.name.endsWith('spin_lock'));
  if (locks.length > 1) return 'A value takes one lock: leave one';
  if (fields.length > MOST_FIELDS)
    return `A value has ${fields.length} fields of the kernel, which takes ${MOST_FIELDS}: declare fewer`;
  if (hasOddBits(value))
    return `The kernel takes no ${kernelFieldText(fields[0]!.type)} beside a bit-field that begins within a byte: declare the whole integer`;
  const flag = OF_PROGRAMS.find(each => inner.flags.includes(each));
  if (flag !== undefined)
    return `The kernel takes no ${kernelFieldText(fields[0]!.type)} in a map with ${flag}: leave the flag out`;
  return undefined;
}

/** A member within a byte ends the search for the kernel's fields (kernel/bpf/btf.c, btf_find_struct_field), which enters no union. */
function hasOddBits(type: Type): boolean {
  if (type.kind === 'array') return hasOddBits(type.element);
  if (type.kind !== 'struct') return false;
  return type.fields.some(field =>
    field.type.kind === 'bits' ? field.name !== '' && field.type.shift % 8 !== 0 : hasOddBits(field.type),
  );
}
