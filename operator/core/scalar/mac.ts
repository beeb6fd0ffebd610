import { notText, shown, ValueProblem } from '../codec/value.ts';
import { writeHex } from './hex.ts';

const MAC = /^[0-9a-fA-F]{2}(?:(?::[0-9a-fA-F]{2}){5}|(?:-[0-9a-fA-F]{2}){5})$/;

/** Six bytes in hex, `:` or `-` between them. */
export function writeMac(value: unknown, into: Uint8Array, at: number): void {
  if (typeof value !== 'string') throw notText(value, 'a MAC address such as 02:00:00:00:00:01');
  if (!MAC.test(value))
    throw new ValueProblem(
      `${shown(value)} is not a MAC address: write six bytes of two hex digits, such as 02:00:00:00:00:01`,
    );
  writeHex(value, 6, into, at);
}

export function macText(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), byte => byte.toString(16).padStart(2, '0')).join(':');
}
