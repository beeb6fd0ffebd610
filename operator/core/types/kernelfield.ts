import { INNER_TYPES, MAP_RULES } from '../../api/maps/types.ts';
import type { InnerType } from '../../api/outermap.ts';
import { hasFields } from './path.ts';
import type { KernelType, Type } from './type.ts';

/** The kernel's rule for one of its fields in a value (kernel/bpf/syscall.c, map_check_btf; 6.18). */
interface KernelFieldRule {
  readonly size: number;
  readonly alignment: number;
  readonly types: readonly InnerType[];
  /** What one holds is of the BTF that its program came with: inner maps of another BTF do not fit (btf_record_equal). */
  readonly ofProgram?: true;
}

const OBJECTS: readonly InnerType[] = ['Hash', 'LRUHash', 'Array'];
const STORAGES = INNER_TYPES.filter(type => MAP_RULES[type].btf === true);
const LOCKED: readonly InnerType[] = ['Hash', 'Array', ...STORAGES];
const COUNTED: readonly InnerType[] = [...OBJECTS, ...STORAGES, 'PerCPUHash', 'LRUPerCPUHash', 'PerCPUArray'];

/** By the struct's name. Sizes of include/uapi/linux/bpf.h. */
export const KERNEL_FIELDS: Readonly<Record<string, KernelFieldRule>> = {
  bpf_spin_lock: { size: 4, alignment: 4, types: LOCKED },
  bpf_res_spin_lock: { size: 4, alignment: 4, types: LOCKED },
  bpf_timer: { size: 16, alignment: 8, types: OBJECTS },
  bpf_wq: { size: 16, alignment: 8, types: OBJECTS },
  bpf_task_work: { size: 8, alignment: 8, types: OBJECTS },
  bpf_refcount: { size: 4, alignment: 4, types: COUNTED },
  bpf_list_head: { size: 16, alignment: 8, types: OBJECTS, ofProgram: true },
  bpf_rb_root: { size: 16, alignment: 8, types: OBJECTS, ofProgram: true },
};

/** Type tags of pointers that the kernel keeps: `struct task_struct __kptr *task;`. __kptr_ref: before 6.4. */
export const POINTER_TAGS: Readonly<Record<string, string>> = {
  __kptr: 'kptr',
  __kptr_ref: 'kptr_ref',
  __kptr_untrusted: 'kptr_untrusted',
  __percpu_kptr: 'percpu_kptr',
};

const POINTER: KernelFieldRule = { size: 8, alignment: 8, types: COUNTED };

export function kernelStruct(name: string): KernelType | undefined {
  if (!Object.hasOwn(KERNEL_FIELDS, name)) return undefined;
  const { size, alignment } = KERNEL_FIELDS[name]!;
  return { kind: 'kernel', name, size, alignment };
}

/** `tag`: a value of POINTER_TAGS. */
export function kernelPointer(to: string, tag: string): KernelType {
  return { kind: 'kernel', name: to, tag, size: POINTER.size, alignment: POINTER.alignment };
}

export function kernelRule({ name, tag }: KernelType): KernelFieldRule {
  return tag === undefined ? KERNEL_FIELDS[name]! : POINTER;
}

/** What messages call it: `a bpf_timer`. */
export function kernelFieldText({ name, tag }: KernelType): string {
  return tag === undefined ? name : `${tag} of struct ${name}`;
}

/** Whether all of it is the kernel's, so that it has no value: it is left out of what is written and shown. */
export function isKernelOwned(type: Type): boolean {
  return type.kind === 'array' ? isKernelOwned(type.element) : type.kind === 'kernel';
}

/** Whether some of it is the kernel's. */
export function hasKernelField(type: Type): boolean {
  if (hasFields(type)) return type.fields.some(field => hasKernelField(field.type));
  return type.kind === 'array' ? hasKernelField(type.element) : type.kind === 'kernel';
}

/** One of the kernel's fields in a value; `offset` in bytes. */
export interface KernelField {
  readonly type: KernelType;
  readonly offset: number;
}

/** The kernel's fields in a type, in the order of their offsets. */
export function kernelFieldsOf(type: Type, offset = 0): readonly KernelField[] {
  if (type.kind === 'kernel') return [{ type, offset }];
  if (hasFields(type)) return type.fields.flatMap(field => kernelFieldsOf(field.type, offset + field.offset));
  if (type.kind !== 'array') return [];
  const first = kernelFieldsOf(type.element, offset);
  if (first.length === 0) return first;
  return Array.from({ length: type.length }, (_, index) =>
    first.map(field => ({ ...field, offset: field.offset + index * type.element.size })),
  ).flat();
}
