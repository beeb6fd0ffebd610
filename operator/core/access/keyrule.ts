import { equalBytes } from '../bytes/bytes.ts';
import { keyBytes } from '../codec/keytext.ts';
import { readLength } from '../scalar/cidr.ts';
import { type IntegerShape, integerText, rangeOf, readBigInteger } from '../scalar/integer.ts';
import { WORD_TYPES } from '../types/parser/words.ts';
import type { Type } from '../types/type.ts';

/** The keys that one line of an access rule covers. */
export type KeyRule = (key: Uint8Array) => boolean;

/** Reads a single key, an `a..b` range of integers or a prefix of addresses; returns the problem as text. */
export function keyRule(type: Type, rule: string | number): KeyRule | string {
  const special = typeof rule === 'string' ? (rangeRule(type, rule) ?? prefixRule(type, rule)) : undefined;
  if (special !== undefined) return special;
  const single = keyBytes(type, rule);
  if (!single.ok) return single.message;
  return key => equalBytes(key, single.bytes);
}

function rangeRule(type: Type, rule: string): KeyRule | string | undefined {
  if (type.kind !== 'integer' && type.kind !== 'enum') return undefined;
  const ends = rule.split('..');
  if (ends.length !== 2) return undefined;
  const [first, last] = ends.map(text => integerText(text.trim()));
  if (first === undefined || last === undefined)
    return `${JSON.stringify(rule)} is no range: write a..b with two integers`;
  const shape: IntegerShape = type;
  const { least, most } = rangeOf(shape);
  if (first > last) return `Range ${rule} is empty: write the smaller number first`;
  if (first < least || last > most) return `Range ${rule} leaves the type: it takes ${least} to ${most}`;
  return key => {
    const value = readBigInteger(shape, key, 0);
    return value >= first && value <= last;
  };
}

/** A prefix covers the addresses in it, and every longer prefix in it. */
function prefixRule(type: Type, rule: string): KeyRule | string | undefined {
  const kind = ({ ipv4: 'cidr4', ipv6: 'cidr6', cidr4: 'cidr4', cidr6: 'cidr6' } as const)[
    type.kind as 'ipv4'
  ];
  if (kind === undefined || !rule.includes('/')) return undefined;
  const prefix = keyBytes(WORD_TYPES.get(kind)!, rule);
  if (!prefix.ok) return prefix.message;
  const bits = readLength(prefix.bytes, 0);
  const address = prefix.bytes.subarray(4);
  const isPrefix = type.kind === kind;
  return key => {
    if (isPrefix && readLength(key, 0) < bits) return false;
    return isWithin(key.subarray(isPrefix ? 4 : 0), address, bits);
  };
}

function isWithin(address: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  for (let at = 0; at * 8 < bits; at += 1) {
    const mask = bits - at * 8 >= 8 ? 0xff : 0xff & ~(0xff >>> (bits - at * 8));
    if (((address[at]! ^ prefix[at]!) & mask) !== 0) return false;
  }
  return true;
}
