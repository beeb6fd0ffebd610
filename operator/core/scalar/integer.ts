import { notText, shown, ValueProblem } from '../codec/value.ts';
import { readBits, writeBits } from './bits.ts';
import { ipv4Number } from './ipv4.ts';

/** How an integer lies in bytes: IntegerType and EnumType both have this. */
export interface IntegerShape {
  readonly size: number;
  readonly signed: boolean;
  readonly byteOrder?: 'host' | 'network';
}

const TWO_32 = 2 ** 32;
/** Longer than any 128-bit number in any of its spellings; BigInt of a megabyte of digits takes seconds. */
const LONGEST = 41;

/** Writes a number, a bigint, decimal text or 0x text. `name` is the type's name in messages. */
export function writeInteger(
  shape: IntegerShape,
  name: string,
  value: unknown,
  into: Uint8Array,
  at: number,
): void {
  if (typeof value === 'number' && isInRange(shape, value)) {
    writeNumber(shape, value, into, at);
    return;
  }
  const { least, most } = rangeOf(shape);
  const big = wholeNumber(shape, value, name);
  if (big < least || big > most)
    throw new ValueProblem(`${shown(value)} is out of range: ${name} takes ${least} to ${most}`);
  if (shape.size === 16) writeBits({ shift: 0, width: 128 }, big, into, at);
  else writeHalves(shape, Number(big & 0xffffffffn), Number((big >> 32n) & 0xffffffffn), into, at);
}

/** A number while JSON keeps it exactly, decimal text beyond. */
export function readInteger(shape: IntegerShape, bytes: Uint8Array, at: number): number | string {
  const low = readWord(shape, bytes, at, 0);
  if (shape.size <= 4) return shape.signed ? (low << (32 - shape.size * 8)) >> (32 - shape.size * 8) : low;
  if (shape.size === 16) return numberOrText(readBigInteger(shape, bytes, at));
  const high = readWord(shape, bytes, at, 4);
  const number = (shape.signed ? high | 0 : high) * TWO_32 + low;
  return Number.isSafeInteger(number) ? number : String(readBigInteger(shape, bytes, at));
}

function numberOrText(number: bigint): number | string {
  return Number.isSafeInteger(Number(number)) ? Number(number) : String(number);
}

/** Up to four bytes of an integer as an unsigned number, from its byte of weight 256^from on. */
function readWord(shape: IntegerShape, bytes: Uint8Array, at: number, from: number): number {
  let word = 0;
  for (let weight = Math.min(shape.size, from + 4) - 1; weight >= from; weight -= 1) {
    const place = shape.byteOrder === 'network' ? shape.size - 1 - weight : weight;
    word = word * 256 + (bytes[at + place] ?? 0);
  }
  return word;
}

export function readBigInteger(shape: IntegerShape, bytes: Uint8Array, at: number): bigint {
  if (shape.size === 16) return signedOf(shape, readBits({ shift: 0, width: 128 }, bytes, at));
  const big = (BigInt(readWord(shape, bytes, at, 4)) << 32n) | BigInt(readWord(shape, bytes, at, 0));
  return signedOf(shape, big);
}

function signedOf({ signed, size }: IntegerShape, bits: bigint): bigint {
  return signed ? BigInt.asIntN(size * 8, bits) : bits;
}

/** The number that text[start, end) spells with at most `most` digits and no leading zero; -1 for anything else. */
export function decimalNumber(text: string, start: number, end: number, most: number): number {
  if (end <= start || end > start + most) return -1;
  let number = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return text.charCodeAt(start) === 48 && end > start + 1 ? -1 : number;
}

/** The number that decimal or 0x text spells; undefined for anything else, leading zeros included. */
export function integerText(text: string): bigint | undefined {
  if (text.length > LONGEST || !/^-?(?:0|[1-9]\d*|0[xX][0-9a-fA-F]+)$/.test(text)) return undefined;
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

/** A number that is an integer which the shape holds and JavaScript keeps exactly; none of 16 bytes, which are rare. */
export function isInRange(shape: IntegerShape, value: number): boolean {
  if (!Number.isSafeInteger(value)) return false;
  if (shape.size === 16) return false;
  if (shape.size === 8) return shape.signed || value >= 0;
  const span = 2 ** (shape.size * 8);
  return shape.signed ? value >= -span / 2 && value < span / 2 : value >= 0 && value < span;
}

/** Writes a number that isInRange. */
export function writeNumber(shape: IntegerShape, value: number, into: Uint8Array, at: number): void {
  writeHalves(shape, value >>> 0, Math.floor(value / TWO_32) >>> 0, into, at);
}

export function rangeOf(shape: IntegerShape): { least: bigint; most: bigint } {
  const span = 1n << BigInt(shape.size * 8);
  return shape.signed ? { least: -span / 2n, most: span / 2n - 1n } : { least: 0n, most: span - 1n };
}

function wholeNumber(shape: IntegerShape, value: unknown, name: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string') return integerText(value) ?? refused(shape, value, name);
  if (typeof value !== 'number') throw notNumber(value, name);
  if (!Number.isInteger(value))
    throw new ValueProblem(`${value} is not an integer: ${name} takes whole numbers`);
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new ValueProblem(`${value} is beyond 2^53-1, where numbers are rounded: write it in quotes`);
}

function notNumber(value: unknown, name: string): ValueProblem {
  if (typeof value !== 'boolean') return notText(value, `a number for ${name}`);
  return new ValueProblem(
    `${value} is a boolean, ${name} takes a number: write a number, and put words such as yes, no, on, off in quotes`,
  );
}

function refused(shape: IntegerShape, text: string, name: string): never {
  if (text === '') throw new ValueProblem(`Value is empty: ${name} takes a number, write 0 for none`);
  const digits = /^(-?)0+(\d+)$/.exec(text);
  if (digits !== null && text.length <= LONGEST)
    throw new ValueProblem(
      `${shown(text)} begins with 0, which some read as octal: write ${digits[1]}${digits[2]}`,
    );
  if (/^-?\d{40,}$/.test(text))
    throw new ValueProblem(`${shown(text)} is out of range of every integer type`);
  if (/^-?\d+\.\d*$/.test(text))
    throw new ValueProblem(`${shown(text)} is not an integer: ${name} takes whole numbers`);
  const otherwise = addressAdvice(shape, text);
  throw new ValueProblem(
    `${shown(text)} is not an integer: ${name} takes a decimal or a 0x number${otherwise}`,
  );
}

/** An ipv4 has the same size and alignment as a four-byte integer: nothing else of the layout changes. */
function addressAdvice({ size, byteOrder }: IntegerShape, text: string): string {
  if (size !== 4 || ipv4Number(text, 0, text.length) < 0) return '';
  const order = byteOrder === 'network' ? '' : ' (network byte order)';
  return `; declare it as ipv4${order} in the OuterMap to write addresses`;
}

function writeHalves(shape: IntegerShape, low: number, high: number, into: Uint8Array, at: number): void {
  const { size } = shape;
  const swap = shape.byteOrder === 'network' ? size - 1 : 0;
  for (let index = 0; index < size; index += 1) {
    const half = index < 4 ? low >>> (index * 8) : high >>> ((index - 4) * 8);
    into[at + (swap === 0 ? index : swap - index)] = half;
  }
}
