import { POINTER_TAGS } from '../kernelfield.ts';
import { constantTaken } from './constant.ts';
import { expected, nameTaken, peek, type TokenReader, take, taken } from './reader.ts';
import { fail, found, type Token } from './text/tokens.ts';

/** What attributes say of a layout. `packed` is the word that said it. */
export interface Attributes {
  packed?: Token;
  aligned?: number;
}

/** They say nothing of a layout. */
const NEUTRAL = new Set(
  (
    'preserve_access_index unused used may_alias deprecated btf_type_tag btf_decl_tag designated_init counted_by ' +
    'nonstring annotate transparent_union visibility preserve_static_offset bpf_fastcall warn_if_not_aligned'
  ).split(' '),
);

/** Words beside a type that say nothing of it. */
const QUALIFIERS = new Set(
  (
    'const volatile __const __const__ __volatile__ __extension__ ' +
    '__user __rcu __percpu __force __iomem __bitwise'
  ).split(' '),
);

const LARGEST_ALIGNMENT = 4096n;

/** Takes qualifiers and attributes in any number, and adds what they say. */
export function qualifiersTaken(reader: TokenReader, into: Attributes = {}): Attributes {
  do attributesTaken(reader, into);
  while (QUALIFIERS.has(peek(reader).text) && take(reader));
  return into;
}

/** Takes attributes alone: behind `struct` and behind a `}` they are of the type, which has no qualifiers. */
export function attributesTaken(reader: TokenReader, into: Attributes = {}): Attributes {
  for (;;) {
    const token = peek(reader);
    if (token.text === '__packed') into.packed = take(reader);
    else if (token.text === '__aligned') {
      take(reader);
      alignmentTaken(reader, into);
    } else if (token.text === '__attribute__' || token.text === '__attribute') listTaken(reader, into);
    else return into;
  }
}

function listTaken(reader: TokenReader, into: Attributes): void {
  const { text } = take(reader);
  expected(reader, '(', text);
  expected(reader, '(', `${text}(`);
  do if (peek(reader).text !== ')') attributeTaken(reader, into);
  while (taken(reader, ','));
  expected(reader, ')', 'an attribute');
  expected(reader, ')', 'the attributes');
}

function attributeTaken(reader: TokenReader, into: Attributes): void {
  const token = nameTaken(reader, 'an attribute');
  const name = token.text.replace(/^__(.*)__$/, '$1');
  if (name === 'packed') into.packed = token;
  else if (name === 'aligned') alignmentTaken(reader, into);
  else if (!NEUTRAL.has(name))
    fail(token, `Attribute ${token.text} is not known here: take it out, or write packed or aligned(N)`);
  else if (taken(reader, '(')) {
    if (name === 'btf_type_tag') refusePointerTag(peek(reader));
    argumentsTaken(reader);
  }
}

/** Spelled out, the tag of a pointer that the kernel keeps would be passed over. */
function refusePointerTag(value: Token): void {
  const [macro] = Object.entries(POINTER_TAGS).find(([, tag]) => value.text === `"${tag}"`) ?? [];
  if (macro !== undefined)
    fail(
      value,
      `btf_type_tag(${value.text}) makes a pointer the kernel's: write struct name ${macro} *field`,
    );
}

/** Takes words, numbers and text up to the closing parenthesis. */
function argumentsTaken(reader: TokenReader): void {
  while (!taken(reader, ')')) {
    const token = take(reader);
    if (token.kind === 'end' || token.text === '(')
      fail(token, `Expected ) behind the arguments of an attribute, found ${found(token)}`);
  }
}

/** The strictest counts. */
function alignmentTaken(reader: TokenReader, into: Attributes): void {
  const token = peek(reader);
  if (!taken(reader, '(')) fail(token, 'aligned without a number depends on the machine: write aligned(8)');
  const { value } = constantTaken(reader, 'an alignment');
  if (value < 1n || value > LARGEST_ALIGNMENT || (value & (value - 1n)) !== 0n)
    fail(token, `An alignment of ${value} cannot be: write a power of two up to ${LARGEST_ALIGNMENT}`);
  expected(reader, ')', 'an alignment');
  into.aligned = Math.max(into.aligned ?? 1, Number(value));
}
