import type { IntegerType, Type } from '../type.ts';
import { type Declarator, declaratorTaken } from './declarator.ts';
import { expected, nameTaken, peek, type TokenReader, taken } from './reader.ts';
import { bounded } from './record.ts';
import { type Specifier, specifierTaken } from './specifier.ts';
import { fail, type Token } from './text/tokens.ts';
import { isTypeWord, WORD_TYPES } from './words.ts';

/** The names behind `typedef`, with the `;`. Returns the type of the first if that is the last of the text. */
export function typedefTaken(reader: TokenReader): () => Type {
  const start = peek(reader);
  const specifier = specifierTaken(reader);
  const types: Type[] = [];
  do {
    const declarator = declaratorTaken(reader, specifier, () => nameTaken(reader, 'the name of a typedef'));
    types.push(defined(reader, declarator, start));
  } while (taken(reader, ','));
  if (!taken(reader, ';')) expected(reader, ';', 'a typedef');
  return () => types[0]!;
}

function defined(reader: TokenReader, declarator: Declarator, start: Token): Type {
  const { name, type, packed, empty, width } = declarator;
  const typeAligned = declarator.aligned ?? declarator.typeAligned;
  if (name === undefined || empty || width !== undefined)
    return fail(name ?? start, 'A typedef has a name and a size: write typedef type name;');
  if (packed !== undefined)
    fail(packed, 'C ignores packed in this place: write it behind the } of the struct');
  const own = calledBy(name.text, type);
  bounded(name, own);
  const specifier = { type: known(name, own) ?? own, ...(typeAligned === undefined ? {} : { typeAligned }) };
  const before = reader.typedefs.get(name.text);
  if (before !== undefined && !isLaidOutAs(before, specifier))
    fail(name, `${name.text} is already defined: give this typedef another name`);
  reader.typedefs.set(name.text, before ?? specifier);
  return specifier.type;
}

function isLaidOutAs(before: Specifier, now: Specifier): boolean {
  const [was, is] = [before, now].map(({ type, typeAligned }) => typeAligned ?? type?.alignment);
  return before.type?.size === now.type?.size && was === is;
}

/** Structs, unions and enums without a tag are known by the name of their typedef. */
function calledBy(name: string, type: Type): Type {
  const isUnnamed =
    (type.kind === 'struct' || type.kind === 'union' || type.kind === 'enum') && type.tag === undefined;
  return isUnnamed ? { ...type, typedef: type.typedef ?? name } : type;
}

/** What a word of headers means, which a text may define again: __be16 stays in network order. */
function known(name: Token, type: Type): Type | undefined {
  const word = isTypeWord(name.text) ? WORD_TYPES.get(name.text) : undefined;
  if (word === undefined) return undefined;
  const isSigned = (of: Type) => (of as Partial<IntegerType>).signed === true;
  if (word.size === type.size && word.alignment === type.alignment && isSigned(word) === isSigned(type))
    return word;
  return fail(
    name,
    `${name.text} has ${word.size} bytes and is ${isSigned(word) ? '' : 'un'}signed: give this typedef another name`,
  );
}
