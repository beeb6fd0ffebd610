import * as fc from 'fast-check';
import { enumOf } from '../types/enum.ts';
import { KERNEL_FIELDS, kernelPointer, kernelStruct, POINTER_TAGS } from '../types/kernelfield.ts';
import { WORD_TYPES } from '../types/parser/words.ts';
import { structOf } from '../types/struct.ts';
import type { Type } from '../types/type.ts';

const NAMES = [
  'port',
  'proto',
  'action',
  'address',
  'Flags',
  '_id',
  'constructor',
  'toString',
  'x1',
  'ipv4',
  'key',
];
const BYTE_NAMES = new Set(
  [...WORD_TYPES.values()].map(type => ('name' in type && type.size === 1 ? type.name : '')),
);

const scalar = fc.constantFrom(...WORD_TYPES.values());
const text = fc.integer({ min: 1, max: 20 }).map((size): Type => ({ kind: 'text', size, alignment: 1 }));
const bytes = fc.integer({ min: 1, max: 20 }).map((size): Type => ({ kind: 'bytes', size, alignment: 1 }));
const enumerated = fc
  .uniqueArray(fc.bigInt(-(2n ** 40n), 2n ** 40n), { minLength: 1, maxLength: 5 })
  .map(values => enumOf(values.map((value, index) => ({ name: `NAME_${index}`, value })))!);

const kernelField = fc.constantFrom<Type>(
  ...Object.keys(KERNEL_FIELDS).map(name => kernelStruct(name)!),
  ...Object.values(POINTER_TAGS).map(tag => kernelPointer('task_struct', tag)),
  arrayOf(kernelStruct('bpf_timer')!, 2),
);

function typesWith(kernel: fc.Arbitrary<Type | null>): fc.Arbitrary<Type> {
  return fc.letrec<{ type: Type; array: Type; struct: Type }>(tie => ({
    type: fc.oneof(
      { depthSize: 'small' },
      scalar,
      scalar,
      text,
      bytes,
      enumerated,
      tie('array'),
      tie('struct'),
    ),
    array: fc
      .tuple(
        tie('type').filter(element => element.size < 200 && !isByte(element)),
        fc.integer({ min: 1, max: 4 }),
      )
      .map(([element, length]) => arrayOf(element, length)),
    struct: fc
      .tuple(
        fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie('type')), {
          minLength: 1,
          maxLength: 5,
          selector: ([name]) => name,
        }),
        fc.boolean(),
        kernel,
      )
      .map(([members, packed, ofKernel]) =>
        structOf(
          [
            ...(ofKernel === null ? [] : [{ name: 'of_kernel', type: ofKernel }]),
            ...members.map(([name, member]) => ({ name, type: member })),
          ],
          packed,
        ),
      ),
  })).type;
}

/** Any type that a declaration can say, but for fields of the kernel. */
export const anyType: fc.Arbitrary<Type> = typesWith(fc.constant(null));

/** The same with fields of the kernel in some of its structs. */
export const anyValueType: fc.Arbitrary<Type> = typesWith(fc.option(kernelField, { freq: 3 }));

/** A type and bytes of its size, whatever they mean. */
export const typeAndBytes = withBytes(anyType);
export const valueTypeAndBytes = withBytes(anyValueType);

function withBytes(types: fc.Arbitrary<Type>): fc.Arbitrary<[Type, Uint8Array]> {
  return types.chain(type =>
    fc.tuple(fc.constant(type), fc.uint8Array({ minLength: type.size, maxLength: type.size })),
  );
}

/** The bytes with all padding zeroed. */
export function withoutPadding(of: Type, from: Uint8Array): Uint8Array {
  const clean = new Uint8Array(from.length);
  copyFields(of, from, clean, 0);
  return clean;
}

function copyFields(of: Type, from: Uint8Array, to: Uint8Array, at: number): void {
  if (of.kind === 'struct')
    for (const field of of.fields) copyFields(field.type, from, to, at + field.offset);
  else if (of.kind === 'array')
    for (let index = 0; index < of.length; index += 1)
      copyFields(of.element, from, to, at + index * of.element.size);
  else if (of.kind !== 'kernel') to.set(from.subarray(at, at + of.size), at);
}

function arrayOf(element: Type, length: number): Type {
  return { kind: 'array', element, length, size: element.size * length, alignment: element.alignment };
}

/** An array of these is `u8[N]` or deeper than declarations go. */
function isByte(of: Type): boolean {
  return of.kind === 'integer' && !of.signed && BYTE_NAMES.has(of.name);
}
