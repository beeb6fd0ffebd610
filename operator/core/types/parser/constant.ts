import { typeNameTaken } from './declarator.ts';
import { deeper, expected, newReader, peek, type TokenReader, take, taken } from './reader.ts';
import { isSpecifierStart } from './specifier.ts';
import { KNOWN_CONSTANTS } from './text/known.ts';
import { DeclarationProblem, fail, found, type Token } from './text/tokens.ts';

/** A constant of C: `int`, `unsigned`, `long` or `unsigned long`. */
export interface Constant {
  readonly value: bigint;
  readonly bits: 32 | 64;
  readonly signed: boolean;
}

/** Whether the condition of an #if holds; undefined where it has names that nobody knows. */
export function isTrue(tokens: readonly Token[]): boolean | undefined {
  const reader: TokenReader = { ...newReader(tokens), isDirective: true };
  try {
    const { value } = constantTaken(reader, 'a condition');
    return peek(reader).kind === 'end' ? value !== 0n : undefined;
  } catch (problem) {
    if (problem instanceof DeclarationProblem) return undefined;
    throw problem;
  }
}

/** A constant expression, as headers have them: `16`, `1 << 4`, `A | B`, `sizeof(__u64) * 2`. `what` it is for, in messages. */
export function constantTaken(reader: TokenReader, what: string): Constant {
  return deeper(reader, () => {
    const condition = binaryTaken(reader, 0, what);
    if (!taken(reader, '?')) return condition;
    const whole = constantTaken(reader, what);
    expected(reader, ':', 'a constant');
    const other = constantTaken(reader, what);
    const { bits, signed } = common(whole, other);
    return wrapped(condition.value !== 0n ? whole.value : other.value, { bits, signed });
  });
}

/** Takes a static assertion, which must hold here too. Returns whether there was one. */
export function assertionTaken(reader: TokenReader): boolean {
  const token = peek(reader);
  if (token.text !== '_Static_assert' && token.text !== 'static_assert') return false;
  take(reader);
  expected(reader, '(', token.text);
  if (constantTaken(reader, 'an assertion').value === 0n)
    fail(
      token,
      'This assertion does not hold for the types as they are read here: the text lacks something of them',
    );
  if (taken(reader, ',') && peek(reader).kind === 'string') take(reader);
  expected(reader, ')', 'an assertion');
  expected(reader, ';', 'an assertion');
  return true;
}

/** The constant that an enumerator of this value is: an int, unless that does not hold it. */
export function constantOf(value: bigint, otherwise: Omit<Constant, 'value'>): Constant {
  const isInt = BigInt.asIntN(32, value) === value;
  return isInt ? int(value) : { value, bits: otherwise.bits, signed: otherwise.signed };
}

const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

function binaryTaken(reader: TokenReader, level: number, what: string): Constant {
  if (level === LEVELS.length) return unaryTaken(reader, what);
  let left = binaryTaken(reader, level + 1, what);
  for (let mark = peek(reader); LEVELS[level]!.includes(mark.text); mark = peek(reader)) {
    take(reader);
    left = widened(reader, computed(mark, left, binaryTaken(reader, level + 1, what)));
  }
  return left;
}

function unaryTaken(reader: TokenReader, what: string): Constant {
  const mark = peek(reader);
  if (!['-', '+', '~', '!'].includes(mark.text)) return primaryTaken(reader, what);
  take(reader);
  const of = deeper(reader, () => unaryTaken(reader, what));
  if (mark.text === '!') return widened(reader, truth(of.value === 0n));
  if (mark.text === '-') return fitting(mark, -of.value, of);
  return mark.text === '~' ? wrapped(~of.value, of) : of;
}

function primaryTaken(reader: TokenReader, what: string): Constant {
  const token = peek(reader);
  if (token.kind === 'number') return widened(reader, numberOf(take(reader)), !/u/i.test(token.text));
  if (token.kind === 'character') return widened(reader, characterOf(take(reader)));
  if (token.text === 'sizeof') return sizeTaken(reader);
  if (token.kind === 'word') return namedTaken(reader, what);
  if (!taken(reader, '(')) return fail(token, `Expected ${what} as a number, found ${found(token)}`);
  if (isSpecifierStart(reader)) return castTaken(reader, what);
  const value = constantTaken(reader, what);
  expected(reader, ')', 'a constant');
  return value;
}

/** Macros of the kernel: one bit of 64. */
const BITS = new Set(['BIT', '_BITUL', 'BIT_ULL', '_BITULL']);

function namedTaken(reader: TokenReader, what: string): Constant {
  const name = take(reader);
  if (BITS.has(name.text) && taken(reader, '(')) {
    const shift = constantTaken(reader, what);
    expected(reader, ')', 'a bit');
    return computed({ ...name, text: '<<' }, { value: 1n, bits: 64, signed: false }, shift);
  }
  const known = KNOWN_CONSTANTS.get(name.text);
  return widened(
    reader,
    reader.enumerators.get(name.text) ??
      (known === undefined ? undefined : literal(known, false)) ??
      fail(name, `Constant ${name.text} is not known here: write its number, or #define ${name.text} above`),
  );
}

function castTaken(reader: TokenReader, what: string): Constant {
  const start = peek(reader);
  const type = typeNameTaken(reader);
  expected(reader, ')', 'a type');
  const { value } = deeper(reader, () => unaryTaken(reader, what));
  if (type.kind === 'bool') return int(value === 0n ? 0n : 1n);
  if ((type.kind !== 'integer' && type.kind !== 'enum') || type.size > 8)
    return fail(start, 'A constant is no value of this type: write an integer type');
  const { size, signed } = type;
  const narrow = signed ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value);
  return size < 4 ? int(narrow) : { value: narrow, bits: size === 4 ? 32 : 64, signed };
}

function sizeTaken(reader: TokenReader): Constant {
  take(reader);
  expected(reader, '(', 'sizeof');
  const { size } = deeper(reader, () => typeNameTaken(reader));
  expected(reader, ')', 'a type');
  return { value: BigInt(size), bits: 64, signed: false };
}

/** A number as C writes it: decimal, 0x, 0b, or octal with its leading zero. */
function numberOf(token: Token): Constant {
  const [, digits = '', suffix = ''] = /^(.*?)([uUlL]*)$/.exec(token.text)!;
  if (!/^(u?|u?l|u?ll|lu|llu)$/i.test(suffix) || /lL|Ll/.test(suffix))
    return fail(token, `C has no number ${token.text.slice(0, 60)}: write it without ${suffix}`);
  if (digits.length > 70) fail(token, `Number of ${digits.length} digits is too long: write a smaller one`);
  const isOctal = /^0\d/.test(digits);
  if (isOctal && /[89]/.test(digits))
    fail(token, `${digits} begins with 0, so C reads it as octal: write it without the 0`);
  const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
  const isDecimal = !digits.startsWith('0');
  if (value >= 1n << (isDecimal && !/u/i.test(suffix) ? 63n : 64n))
    return fail(
      token,
      `${digits} does not fit 64 bits: write a smaller number${isDecimal ? ', or U behind it' : ''}`,
    );
  const long = /l/i.test(suffix);
  if (/u/i.test(suffix)) return { value, bits: long || value >= 1n << 32n ? 64 : 32, signed: false };
  return long && value < 1n << 63n ? { value, bits: 64, signed: true } : literal(value, !isDecimal);
}

/** The first type that holds it: int, unsigned where that may be, long, unsigned long. */
function literal(value: bigint, mayBeUnsigned: boolean): Constant {
  if (value < 1n << 31n) return int(value);
  if (value < 1n << 32n && mayBeUnsigned) return { value, bits: 32, signed: false };
  return { value, bits: 64, signed: value < 1n << 63n };
}

const ESCAPES: Readonly<Record<string, number>> = { 0: 0, a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

function characterOf(token: Token): Constant {
  const text = token.text.slice(1, -1);
  const code = text.length === 2 ? (ESCAPES[text[1]!] ?? text.charCodeAt(1)) : text.charCodeAt(0);
  return code < 128 ? int(BigInt(code)) : fail(token, 'Characters of a constant are ASCII: write its number');
}

function computed(mark: Token, left: Constant, right: Constant): Constant {
  const [a, b] = [left.value, right.value];
  if (mark.text === '||') return truth(a !== 0n || b !== 0n);
  if (mark.text === '&&') return truth(a !== 0n && b !== 0n);
  if (mark.text === '<<' || mark.text === '>>') return shifted(mark, left, b);
  const type = common(left, right);
  const [x, y] = [wrapped(a, type).value, wrapped(b, type).value];
  switch (mark.text) {
    case '==':
      return truth(x === y);
    case '!=':
      return truth(x !== y);
    case '<':
      return truth(x < y);
    case '>':
      return truth(x > y);
    case '<=':
      return truth(x <= y);
    case '>=':
      return truth(x >= y);
    case '&':
      return wrapped(x & y, type);
    case '|':
      return wrapped(x | y, type);
    case '^':
      return wrapped(x ^ y, type);
    default:
      return arithmetic(mark, { x, y, type });
  }
}

function arithmetic(mark: Token, { x, y, type }: { x: bigint; y: bigint; type: Constant }): Constant {
  if (mark.text === '+') return fitting(mark, x + y, type);
  if (mark.text === '-') return fitting(mark, x - y, type);
  if (mark.text === '*') return fitting(mark, x * y, type);
  if (y === 0n) return fail(mark, 'This divides by zero: write a constant that C can compute');
  return fitting(mark, mark.text === '/' ? x / y : x % y, type);
}

function shifted(mark: Token, left: Constant, by: bigint): Constant {
  if (by < 0n || by >= BigInt(left.bits))
    return fail(
      mark,
      `A shift by ${by} leaves the ${left.bits} bits of its number: write 1ULL << ${by}, up to 63`,
    );
  if (mark.text === '>>') return { ...left, value: left.value >> by };
  const value = left.value << by;
  const isLost = left.signed && BigInt.asUintN(left.bits, value) !== value && left.value >= 0n;
  if (isLost)
    return fail(mark, `This shift leaves the ${left.bits} bits of its number: write 1ULL in the place of 1`);
  return wrapped(value, left);
}

/** C's usual conversions: the wider, and unsigned where one of the widest is. */
function common(left: Constant, right: Constant): Constant {
  if (left.bits !== right.bits) return left.bits > right.bits ? left : right;
  return left.signed ? right : left;
}

function wrapped(value: bigint, { bits, signed }: Omit<Constant, 'value'>): Constant {
  return { value: signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value), bits, signed };
}

/** What an unsigned number wraps, and a signed one may not leave. */
function fitting(mark: Token, value: bigint, type: Constant): Constant {
  const result = wrapped(value, type);
  if (!type.signed || result.value === value) return result;
  return fail(mark, `The result leaves the ${type.bits} bits of its number: write ULL behind one of them`);
}

/** In an #if all numbers have 64 bits, and those without a U are signed as long as they fit. */
function widened({ isDirective }: TokenReader, of: Constant, isSigned = of.signed): Constant {
  if (!isDirective || of.bits === 64) return of;
  return { value: of.value, bits: 64, signed: isSigned };
}

function truth(is: boolean): Constant {
  return int(is ? 1n : 0n);
}

function int(value: bigint): Constant {
  return { value, bits: 32, signed: true };
}
