import { notText, shown, ValueProblem } from '../codec/value.ts';
import { isRaw, rawText, writeRaw } from './hex.ts';

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Characters that act on a terminal or cannot be seen: text with one is shown raw. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029]/u;

/** UTF-8 text, NUL-padded; it may fill all of its bytes, as in C. */
export function writeText(value: unknown, size: number, into: Uint8Array, at: number): void {
  if (typeof value !== 'string') throw notText(value, 'text');
  if (isRaw(value)) writeRaw(value, size, into, at);
  else writePlainText(value, size, into, at);
}

function writePlainText(value: string, size: number, into: Uint8Array, at: number): void {
  if (/\p{Cs}/u.test(value))
    throw new ValueProblem(`${shown(value)} holds half a character: write whole ones`);
  if (value.includes('\0'))
    throw new ValueProblem(`${shown(value)} holds a NUL, which ends text in C: write raw: and hex`);
  const { read, written } = ENCODER.encodeInto(value, into.subarray(at, at + size));
  if (read < value.length) {
    const bytes = ENCODER.encode(value).length;
    throw new ValueProblem(`${shown(value)} has ${bytes} bytes: char[${size}] holds ${size}`);
  }
  into.fill(0, at + written, at + size);
}

/** The text up to the first NUL; `raw:` and hex where the text alone would lose a byte. */
export function readText(bytes: Uint8Array, at: number, size: number): string {
  let length = 0;
  while (length < size && bytes[at + length] !== 0) length += 1;
  for (let index = length; index < size; index += 1)
    if (bytes[at + index] !== 0) return rawText(bytes, at, size);
  const text = utf8(bytes.subarray(at, at + length));
  return text === undefined || isRaw(text) || UNPRINTABLE.test(text) ? rawText(bytes, at, size) : text;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}
