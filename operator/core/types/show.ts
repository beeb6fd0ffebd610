import { POINTER_TAGS } from './kernelfield.ts';
import type { EnumType, KernelType, StructType, Type } from './type.ts';

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
  const head = headOf('struct', type, seen);
  if (head.known) return head.text;
  const fields = type.fields.map(field => `${declared(field.type, field.name, seen)};`).join(' ');
  return `${head.text}{ ${fields} }${type.packed ? ' __attribute__((packed))' : ''}`;
}

function kernelText({ name, tag }: KernelType): string {
  const macro = Object.keys(POINTER_TAGS).find(each => POINTER_TAGS[each] === tag);
  return macro === undefined ? `struct ${name}` : `struct ${name} ${macro} *`;
}

function enumText(type: EnumType, seen: Map<string, Type>): string {
  const head = headOf('enum', type, seen);
  if (head.known) return head.text;
  return `${head.text}{ ${type.enumerators.map(({ name, value }) => `${name} = ${value}`).join(', ')} }`;
}

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
