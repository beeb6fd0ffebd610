import { POINTER_TAGS } from './kernelfield.ts';
import { alignmentOf, type Member } from './struct.ts';
import type { EnumType, Field, KernelType, StructType, Type } from './type.ts';

/** The declaration of a type, as a header would have it. parseDeclaration reads it back as the same type. */
export function typeText(type: Type): string {
  return declared(type, '', new Map());
}

/** `seen`: the types by their tags so far in this text. The second time, only the tag is written. */
function declared(type: Type, name: string, seen: Map<string, Type>): string {
  const { base, dimensions } = parted(type);
  const space = name === '' ? '' : ' ';
  return `${baseText(base, seen)}${space}${name}${dimensions}`;
}

function parted(type: Type): { base: Type; dimensions: string } {
  let base = type;
  let dimensions = '';
  for (; base.kind === 'array'; base = base.element) dimensions += `[${base.length}]`;
  if (base.kind === 'text' || base.kind === 'bytes') dimensions += `[${base.size}]`;
  return { base, dimensions };
}

function baseText(type: Type, seen: Map<string, Type>): string {
  switch (type.kind) {
    case 'integer':
      return type.name;
    case 'text':
      return 'char';
    case 'bytes':
      return 'u8';
    case 'struct':
    case 'union':
      return structText(type, seen);
    case 'enum':
      return enumText(type, seen);
    case 'kernel':
      return kernelText(type);
    default:
      return type.kind;
  }
}

function structText(type: StructType, seen: Map<string, Type>): string {
  const head = headOf(type.kind, type, seen);
  if (head.known) return head.text;
  const fields = type.fields.map(field => `${fieldText(field, seen)};`).join(' ');
  const natural = Math.max(...type.fields.map(field => alignmentOf(memberOf(field, type))));
  const attributes = attributesText(type.packed, type.alignment > natural ? type.alignment : undefined);
  return `${head.text}{ ${fields} }${attributes}${type.as === undefined ? '' : ` as ${type.as}`}`;
}

function fieldText({ name, type, packed, aligned }: Field, seen: Map<string, Type>): string {
  const text =
    type.kind === 'bits' ? `${declared(type.base, name, seen)}:${type.width}` : declared(type, name, seen);
  return `${text}${attributesText(packed === true, aligned)}`;
}

function attributesText(packed: boolean, aligned: number | undefined): string {
  const attributes = [packed ? 'packed' : '', aligned === undefined ? '' : `aligned(${aligned})`].filter(
    Boolean,
  );
  return attributes.length === 0 ? '' : ` __attribute__((${attributes.join(', ')}))`;
}

/** A field as it was before it had its place. */
function memberOf({ type, ...field }: Field, of: StructType): Member {
  const attributes = { ...field, ...(of.packed ? { packed: true as const } : {}) };
  return type.kind === 'bits'
    ? { ...attributes, type: type.base, width: type.width }
    : { ...attributes, type };
}

function kernelText({ name, tag }: KernelType): string {
  const macro = Object.keys(POINTER_TAGS).find(each => POINTER_TAGS[each] === tag);
  return macro === undefined ? `struct ${name}` : `struct ${name} ${macro} *`;
}

function enumText(type: EnumType, seen: Map<string, Type>): string {
  const head = headOf('enum', type, seen);
  if (head.known) return head.text;
  const enumerators = type.enumerators.map(({ name, value }) => `${name} = ${numberText(value)}`).join(', ');
  return `${head.text}{ ${enumerators} }${attributesText(type.packed === true, undefined)}`;
}

/** As C reads it back: from 2^63 on no number has a sign, and the least of those with one is no literal. */
function numberText(value: bigint): string {
  if (value === LEAST) return `${LEAST + 1n} - 1`;
  return value > MOST ? `${value}U` : `${value}`;
}

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** The first type of a tag has its tag and its body. Another type of the same tag is written without the tag. */
function headOf(
  keyword: string,
  type: StructType | EnumType,
  seen: Map<string, Type>,
): { text: string; known: boolean } {
  if (type.tag === undefined) return { text: `${keyword} `, known: false };
  const tagged = `${keyword} ${type.tag}`;
  const known = seen.get(tagged);
  if (known !== undefined)
    return known === type ? { text: tagged, known: true } : { text: `${keyword} `, known: false };
  seen.set(tagged, type);
  return { text: `${tagged} `, known: false };
}
