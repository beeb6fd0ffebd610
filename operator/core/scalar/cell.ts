import type { Type } from '../types/type.ts';
import { fastCidr4 } from './cidr.ts';
import { type IntegerShape, isInRange, writeNumber } from './integer.ts';
import { ipv4Number, writeIPv4Number } from './ipv4.ts';

/**
 * Writes what text[start, end) spells without making a string of it: a million cells take a tenth of a second.
 * False where it is nothing so plain, which need not be wrong: encode then reads it, or says what is wrong.
 */
export function writePlainCell(
  type: Type,
  text: string,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): boolean {
  switch (type.kind) {
    case 'integer':
      return writeDecimal(type, text, start, end, into, at);
    case 'ipv4': {
      const address = ipv4Number(text, start, end);
      if (address >= 0) writeIPv4Number(address, into, at);
      return address >= 0;
    }
    case 'cidr4':
      return fastCidr4(text, start, end, into, at);
    default:
      return false;
  }
}

function writeDecimal(
  shape: IntegerShape,
  text: string,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): boolean {
  if (end <= start || end - start > 15) return false;
  let number = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return false;
    number = number * 10 + digit;
  }
  if (text.charCodeAt(start) === 48 && end > start + 1) return false;
  if (!isInRange(shape, number)) return false;
  writeNumber(shape, number, into, at);
  return true;
}
