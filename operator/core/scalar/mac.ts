import { notText, shown, ValueProblem } from '../codec/value.ts';

const MAC = /^[0-9a-fA-F]{2}(?:(?::[0-9a-fA-F]{2}){5}|(?:-[0-9a-fA-F]{2}){5})$/;

/** Six bytes in hex, `:` or `-` between them. */
export function writeMac(value: unknown, into: Uint8Array, at: number): void {
  if (typeof value !== 'string') throw notText(value, 'a MAC address such as 02:00:00:00:00:01');
  if (!MAC.test(value))
    throw new ValueProblem(
      `${shown(value)} is not a MAC address: write six bytes of two hex digits, such as 02:00:00:00:00:01`,
    );
  for (let index = 0; index < 6; index += 1)
    into[at + index] = Number.parseInt(value.slice(index * 3, index * 3 + 2), 16);
}

export function macText(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), byte => byte.toString(16).padStart(2, '0')).join(':');
}
