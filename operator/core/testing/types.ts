import * as fc from 'fast-check';
import { enumOf } from '../types/enum.ts';
import {
  KERNEL_FIELDS,
  kernelFieldsOf,
  kernelPointer,
  kernelStruct,
  POINTER_TAGS,
} from '../types/kernelfield.ts';
import { POINTER, WORD_TYPES } from '../types/parser/words.ts';
import { hasFields } from '../types/path.ts';
import { type Member, structOf } from '../types/struct.ts';
import type { EnumType, StructType, Type } from '../types/type.ts';

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

const scalar = fc.constantFrom(...WORD_TYPES.values(), POINTER);
const text = fc.integer({ min: 1, max: 20 }).map((size): Type => ({ kind: 'text', size, alignment: 1 }));
const bytes = fc.integer({ min: 1, max: 20 }).map((size): Type => ({ kind: 'bytes', size, alignment: 1 }));
const enumerators = (least: bigint, most: bigint) =>
  fc.uniqueArray(fc.bigInt(least, most), { minLength: 1, maxLength: 5 });
const enumerated = fc
  .tuple(
    fc.oneof(
      enumerators(-(2n ** 40n), 2n ** 40n),
      enumerators(-100n, 1000n),
      enumerators(0n, 2n ** 64n - 1n),
      enumerators(-(2n ** 63n), 2n ** 63n - 1n),
    ),
    fc.boolean(),
  )
  .map(([values, packed]) => enumOf(values.map(enumeratorOf), packed ? { packed } : {})!);
const plainEnum = enumerated.map(({ packed: _, ...type }) => enumOf(type.enumerators)!);
const PLAIN_WORD = /^(__)?([us](8|16|32|64)|[bl]e(16|32|64))$|^(u_|u)?int(8|16|32|64)_t$|^s?size_t$/;
const plainScalar = scalar.filter(type => type.kind !== 'integer' || PLAIN_WORD.test(type.name));
const integers = [...WORD_TYPES.values()].filter(
  type => (type.kind === 'integer' && type.size <= 8) || type.kind === 'bool',
);
const attributes = fc.record(
  { aligned: fc.constantFrom(1, 2, 4, 8, 16, 32), packed: fc.constant<true>(true) },
  { requiredKeys: [] },
);

const kernelField = fc.constantFrom<Type>(
  ...Object.keys(KERNEL_FIELDS).map(name => kernelStruct(name)!),
  ...Object.values(POINTER_TAGS).map(tag => kernelPointer('task_struct', tag)),
  arrayOf(kernelStruct('bpf_timer')!, 2),
);

/** What a generator makes beside structs of scalars. */
interface Kinds {
  readonly kernel?: true;
  /** No unions, bit-fields, attributes, and words of headers other than those with a size. */
  readonly plain?: true;
}

function typesWith({ kernel, plain }: Kinds): fc.Arbitrary<Type> {
  return fc.letrec<{ type: Type; array: Type; struct: Type; member: Part }>(tie => {
    const whole = fc.record({ type: tie('type') });
    const members = [
      fc.record({ type: tie('type'), attributes }),
      bitField(),
      fc.record({ type: tie('struct'), anonymous: fc.constant<true>(true) }),
    ];
    const scalars = plain ? plainScalar : scalar;
    const enums = plain ? plainEnum : enumerated;
    const parts = [scalars, scalars, text, bytes, enums, tie('array'), tie('struct')];
    return {
      type: fc.oneof({ depthSize: 'small' }, ...parts),
      array: fc
        .tuple(
          tie('type').filter(element => element.size < 200 && !isByte(element)),
          fc.integer({ min: 1, max: 4 }),
        )
        .map(([element, length]) => arrayOf(element, length)),
      member: plain ? whole : fc.oneof(whole, ...members),
      struct: fc
        .record({
          parts: fc.array(tie('member'), { minLength: 1, maxLength: 5 }),
          names: fc.shuffledSubarray(NAMES, { minLength: NAMES.length }),
          kind: plain ? fc.constant('struct' as const) : fc.constantFrom('struct', 'struct', 'union'),
          packed: fc.boolean(),
          aligned: plain
            ? fc.constant(undefined)
            : fc.option(fc.constantFrom(2, 8, 16), { freq: 4, nil: undefined }),
          ofKernel: kernel ? fc.option(kernelField, { freq: 3, nil: undefined }) : fc.constant(undefined),
        })
        .map(recordOf),
    };
  }).type;
}

/** A member without its name. */
interface Part {
  readonly type: Type;
  readonly width?: number;
  readonly attributes?: Pick<Member, 'aligned' | 'packed'>;
  readonly anonymous?: true;
}

function enumeratorOf(value: bigint): EnumType['enumerators'][number] {
  return { name: `NAME_${value < 0n ? 'M' : ''}${value < 0n ? -value : value}`, value };
}

function bitField(): fc.Arbitrary<Part> {
  return fc
    .tuple(fc.oneof(fc.constantFrom(...integers), enumerated), fc.nat())
    .map(([base, some]) => ({ type: base, width: base.kind === 'bool' ? 1 : 1 + (some % (base.size * 8)) }));
}

interface Recorded {
  readonly parts: readonly Part[];
  readonly names: readonly string[];
  readonly kind: 'struct' | 'union';
  readonly packed: boolean;
  readonly aligned: number | undefined;
  readonly ofKernel: Type | undefined;
}

/** An anonymous member has names of its own: those of the whole with letters before them. */
function recordOf({ parts, names, kind, packed, aligned, ofKernel }: Recorded): Type {
  const isUnion = kind === 'union';
  const allowed = parts.filter(({ type: of }) => !isUnion || kernelFieldsOf(of).length === 0);
  const members = allowed.map(({ type: of, width, attributes: own, anonymous }, at): Member => {
    if (anonymous) return { name: '', type: renamed(of as StructType, `in${at}_`) };
    return { name: names[at]!, type: of, ...own, ...(width === undefined ? {} : { width }) };
  });
  if (members.length === 0) members.push({ name: 'rest', type: WORD_TYPES.get('u8')! });
  if (ofKernel !== undefined && !isUnion) members.unshift({ name: 'of_kernel', type: ofKernel });
  const as = isUnion && members[0]!.name !== '' ? { as: members[0]!.name } : {};
  return structOf(members, { kind, packed, ...as, ...(aligned === undefined ? {} : { aligned }) });
}

function renamed({ as, ...type }: StructType, prefix: string): StructType {
  const fields = type.fields.map(field => {
    if (field.name !== '') return { ...field, name: prefix + field.name };
    return hasFields(field.type) ? { ...field, type: renamed(field.type, prefix) } : field;
  });
  return { ...type, fields, ...(as === undefined ? {} : { as: prefix + as }) };
}

/** Any type that a declaration can say, but for fields of the kernel. */
export const anyType: fc.Arbitrary<Type> = typesWith({});

/** The same with fields of the kernel in some of its structs. */
export const anyValueType: fc.Arbitrary<Type> = typesWith({ kernel: true });

/** Both without unions, bit-fields and attributes. */
export const plainType: fc.Arbitrary<Type> = typesWith({ plain: true });
export const plainValueType: fc.Arbitrary<Type> = typesWith({ plain: true, kernel: true });

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
  if (hasFields(of)) for (const field of of.fields) copyFields(field.type, from, to, at + field.offset);
  else if (of.kind === 'array')
    for (let index = 0; index < of.length; index += 1)
      copyFields(of.element, from, to, at + index * of.element.size);
  else if (of.kind === 'bits')
    for (let bit = of.shift; bit < of.shift + of.width; bit += 1)
      to[at + (bit >> 3)]! |= from[at + (bit >> 3)]! & (1 << (bit & 7));
  else if (of.kind !== 'kernel') to.set(from.subarray(at, at + of.size), at);
}

function arrayOf(element: Type, length: number): Type {
  return { kind: 'array', element, length, size: element.size * length, alignment: element.alignment };
}

/** An array of these is `u8[N]` or deeper than declarations go. */
function isByte(of: Type): boolean {
  return of.kind === 'integer' && !of.signed && BYTE_NAMES.has(of.name);
}
