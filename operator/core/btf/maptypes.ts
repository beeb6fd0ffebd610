import type { InnerType } from '../../api/outermap.ts';
import { isArray } from '../mapspec.ts';
import { type KernelField, kernelFieldsOf, kernelFieldText, kernelRule } from '../types/kernelfield.ts';
import type { IntegerType, Type } from '../types/type.ts';
import { type BtfAge, TypeIds } from './typeids.ts';

/** BTF, and the ids of two of its types. */
export interface TypedBtf {
  readonly btf: Uint8Array;
  readonly key: number;
  readonly value: number;
}

/** What a map's keys and values are, as BTF that the kernel takes when it makes the map. Maps of one declaration share it. */
export interface MapTypes {
  readonly current: TypedBtf;
  /** For kernels before 6.0; absent where they take `current`. */
  readonly older?: TypedBtf;
  /** The value is a struct, whose fields the kernel looks through. */
  readonly hasStruct: boolean;
  /** Fields of the value that are the kernel's: a map has them only with its types. */
  readonly kernelFields: readonly KernelField[];
}

/** `a bpf_spin_lock and a bpf_timer`; empty where the value has no fields of the kernel. */
export function kernelFieldsText({ kernelFields }: MapTypes): string {
  return [...new Set(kernelFields.map(({ type }) => `a ${kernelFieldText(type)}`))].join(' and ');
}

/** What a storage's values belong to is numbered by an int: the kernel takes no other type of BTF for its key. */
export const STORAGE_KEY: IntegerType = {
  ...{ kind: 'integer', name: 'int', size: 4, alignment: 4 },
  ...{ signed: true, byteOrder: 'host' },
};

/** The declared types of an inner map's entries. */
interface DeclaredTypes {
  readonly type: InnerType;
  readonly key: Type;
  readonly value: Type;
}

export function mapTypes(declared: DeclaredTypes): MapTypes {
  const current = written(declared, 'current');
  const older = written(declared, 'before 6.0');
  return {
    current,
    ...(isSame(current.btf, older.btf) ? {} : { older }),
    hasStruct: ['struct', 'cidr4', 'cidr6'].includes(declared.value.kind),
    kernelFields: kernelFieldsOf(declared.value),
  };
}

/** 0 for the bytes of a value that are the kernel's, 0xff for the others; undefined where it has none. */
export function kernelBytesMask(types: MapTypes | undefined, valueSize: number): Uint8Array | undefined {
  if (types === undefined || types.kernelFields.length === 0) return undefined;
  const mask = new Uint8Array(valueSize).fill(0xff);
  for (const { type, offset } of types.kernelFields) mask.fill(0, offset, offset + type.size);
  return mask;
}

/** A field whose contents the program's own BTF describes: no map with such fields can be made with another one. */
export function programFieldOf(types: MapTypes | undefined): KernelField | undefined {
  return types?.kernelFields.find(({ type }) => kernelRule(type).ofProgram === true);
}

function written({ type, key, value }: DeclaredTypes, age: BtfAge): TypedBtf {
  const ids = new TypeIds(age);
  const keyId = isArray(type) ? ids.index : type === 'LPMTrie' ? ids.structOf(key) : ids.idOf(key);
  const valueId = ids.idOf(value);
  return { btf: ids.writer.bytes(), key: keyId, value: valueId };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
