import { hex } from '../bytes/hex.ts';
import { notText, shown, ValueProblem } from '../codec/value.ts';

/** Begins the spelling of a value that its type's own words cannot express: `raw:` and every byte in hex. */
const RAW = 'raw:';

/** Exactly `size` bytes of hex: `0a1b2c`, `0x0a1b2c` or with `:` or `-` between bytes. */
export function writeHex(value: unknown, size: number, into: Uint8Array, at: number): void {
  if (typeof value !== 'string') throw notText(value, `${size * 2} hex digits`);
  const digits = plainDigits(value);
  if (digits === undefined)
    throw new ValueProblem(`${shown(value)} is not hex: write ${size * 2} hex digits`);
  if (digits.length !== size * 2)
    throw new ValueProblem(
      `${shown(value)} has ${digits.length} hex digits: write ${size * 2}, two for each byte`,
    );
  for (let index = 0; index < size; index += 1)
    into[at + index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
}

export function rawText(bytes: Uint8Array, at: number, size: number): string {
  return RAW + hex(bytes, at, at + size);
}

export function isRaw(value: string): boolean {
  return value.startsWith(RAW);
}

export function writeRaw(value: string, size: number, into: Uint8Array, at: number): void {
  writeHex(value.slice(RAW.length), size, into, at);
}

function plainDigits(value: string): string | undefined {
  if (/^(?:[0-9a-fA-F]{2})*$/.test(value)) return value;
  if (/^0[xX][0-9a-fA-F]+$/.test(value)) return value.slice(2);
  return /^[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2})*)?$/.test(value)
    ? value.replace(/[:-]/g, '')
    : undefined;
}
