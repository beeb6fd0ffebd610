import { kernelPointer, kernelStruct, POINTER_TAGS } from '../kernelfield.ts';
import type { Type } from '../type.ts';
import { peek, type TokenReader, take } from './reader.ts';
import type { Specifier } from './specifier.ts';
import { fail, type Token } from './text/tokens.ts';
import { KNOWN_STRUCTS } from './words.ts';

/** A type and the word before its tag. */
export interface Tag {
  readonly keyword: string;
  readonly type: Type;
}

/** The type of a tag; without one where only a pointer can point to it. */
export function taggedType(reader: TokenReader, keyword: string, name: Token): Specifier {
  const pointer = keyword === 'struct' ? kernelPointerTaken(reader, name) : undefined;
  if (pointer !== undefined) return { type: pointer, isTagged: true };
  const known = reader.tags.get(name.text) ?? knownTag(keyword, name.text);
  if (known === undefined) {
    const advice = keyword === 'enum' ? 'write enum { NAME = 1, … }' : `write its fields, ${keyword} { … }`;
    const message = `${keyword} ${name.text} is not known here: ${advice}, or define it before`;
    return { missing: { at: name, message } };
  }
  if (known.keyword === keyword) return { type: known.type };
  return fail(name, `${name.text} is defined as ${known.keyword}: write ${known.keyword} ${name.text}`);
}

/** `struct task_struct __kptr *`: the kernel's own pointer, whatever the struct is. */
function kernelPointerTaken(reader: TokenReader, { text }: Token): Type | undefined {
  const macro = peek(reader).text;
  if (!Object.hasOwn(POINTER_TAGS, macro) || peek(reader, 1).text !== '*') return undefined;
  take(reader);
  take(reader);
  return kernelPointer(text, POINTER_TAGS[macro]!);
}

/** Defines a tag. One that everybody knows keeps its meaning, and must be as large and aligned as that. */
export function newTag<Of extends Type>(
  reader: TokenReader,
  name: Token,
  { keyword, type }: Tag & { type: Of },
): Type {
  const known = knownTag(keyword, name.text);
  if (reader.tags.has(name.text) || (known !== undefined && known.type.size !== type.size))
    fail(name, `${keyword} ${name.text} is already defined: give this one another tag`);
  if (known !== undefined && known.type.alignment !== type.alignment)
    fail(
      name,
      `${keyword} ${name.text} is aligned to ${known.type.alignment} in Linux and to ${type.alignment} here: write its fields as Linux does, or give this one another tag`,
    );
  const tag = known ?? { keyword, type };
  reader.tags.set(name.text, tag);
  return tag.type;
}

function knownTag(keyword: string, name: string): Tag | undefined {
  // A header may bring the kernel's own definition of its field
  const type = keyword === 'struct' ? (KNOWN_STRUCTS.get(name) ?? kernelStruct(name)) : undefined;
  return type === undefined ? undefined : { keyword, type };
}
