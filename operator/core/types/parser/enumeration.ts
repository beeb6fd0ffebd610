import { enumOf } from '../enum.ts';
import type { EnumType } from '../type.ts';
import { attributesTaken } from './attributes.ts';
import { type Constant, constantOf, constantTaken } from './constant.ts';
import { expected, nameTaken, peek, type TokenReader, take, taken } from './reader.ts';
import type { Specifier } from './specifier.ts';
import { newTag, taggedType } from './tags.ts';
import { fail, found } from './text/tokens.ts';

const MOST_ENUMERATORS = 1024;

/** An enum: its names, or its tag alone. */
export function enumTaken(reader: TokenReader): Specifier {
  take(reader);
  const attributes = attributesTaken(reader);
  const tag = peek(reader).kind === 'word' ? nameTaken(reader, 'a tag') : undefined;
  const open = peek(reader);
  if (!taken(reader, '{')) {
    if (tag === undefined) return fail(open, `Expected { after enum, found ${found(open)}`);
    return taggedType(reader, 'enum', tag);
  }
  const enumerators = enumeratorsTaken(reader);
  if (enumerators.length === 0) fail(open, 'An enum needs at least one name');
  const { packed, aligned } = attributesTaken(reader, attributes);
  const named = {
    ...(tag === undefined ? {} : { tag: tag.text }),
    ...(packed === undefined ? {} : { packed: true as const }),
  };
  const type = enumOf(enumerators, named);
  if (type === undefined) return fail(open, 'The values of this enum do not fit 64 bits: write smaller ones');
  if (aligned !== undefined && aligned > type.size)
    fail(
      open,
      `This enum of ${type.size} bytes is aligned to ${aligned}, which is not read: write aligned(${aligned}) behind each field of it`,
    );
  widen(reader, type);
  if (tag === undefined) return { type, body: 'anonymous' };
  return { type: newTag(reader, tag, { keyword: 'enum', type }), body: 'tagged' };
}

function enumeratorsTaken(reader: TokenReader): EnumType['enumerators'] {
  const values = new Map<string, bigint>();
  let next: Constant = { value: 0n, bits: 32, signed: true };
  while (!taken(reader, '}')) {
    const name = nameTaken(reader, 'the name of an enumerator');
    if (values.has(name.text)) fail(name, `${name.text} stands twice in this enum: give each name once`);
    if (values.size >= MOST_ENUMERATORS) fail(name, `An enum takes at most ${MOST_ENUMERATORS} names`);
    attributesTaken(reader);
    const constant = taken(reader, '=') ? constantTaken(reader, 'the value of an enumerator') : next;
    const { value } = constant;
    const known = reader.enumerators.get(name.text);
    if (known !== undefined && known.value !== value)
      fail(name, `${name.text} is ${known.value} in an enum before: give one of them another name`);
    reader.enumerators.set(name.text, constantOf(value, constant));
    values.set(name.text, value);
    next = constantOf(value + 1n, { bits: 64, signed: value < (1n << 63n) - 1n });
    if (!taken(reader, ',') && peek(reader).text !== '}') expected(reader, ',', name.text);
  }
  return [...values].map(([name, value]) => ({ name, value }));
}

/** Behind the enum, a name that no int holds is of the enum's type. */
function widen(reader: TokenReader, { enumerators, size, signed }: EnumType): void {
  for (const { name, value } of enumerators)
    reader.enumerators.set(name, constantOf(value, { bits: size === 8 ? 64 : 32, signed }));
}
