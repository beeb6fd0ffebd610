import type { EnumType, StructType, Type } from './type.ts';

/** The declaration of a type, as a header would have it: parseDeclaration of it is the type again. */
export function typeText(type: Type): string {
  return declared(type, '', new Map());
}

/** `seen`: what each tag already stands for in this text; the second time it is only named. */
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

function enumText(type: EnumType, seen: Map<string, Type>): string {
  const head = headOf('enum', type, seen);
  if (head.known) return head.text;
  return `${head.text}{ ${type.enumerators.map(({ name, value }) => `${name} = ${value}`).join(', ')} }`;
}

/** A tag is written with the body the first time; a different type of the same tag goes without. */
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
