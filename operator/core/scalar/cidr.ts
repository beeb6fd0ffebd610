import { notText, shown, ValueProblem } from '../codec/value.ts';
import type { CidrType } from '../types/type.ts';
import { isRaw, rawText, writeRaw } from './hex.ts';
import { ipv4Number, ipv4Text, writeIPv4, writeIPv4Number } from './ipv4.ts';
import { ipv6Text, writeIPv6 } from './ipv6.ts';

/** Behind a prefix: its host bits are set and meant to be. A trie ignores them, but keeps and returns them. */
const KEPT_HOST_BITS = '!';
const SLASH = '/';

/** `10.1.0.0/16`; host bits must be zero, but for `10.1.0.7/16!`. */
export function writeCidr(kind: CidrType['kind'], value: unknown, into: Uint8Array, at: number): void {
  if (typeof value !== 'string') throw notText(value, `a prefix such as ${exampleOf(kind)}`);
  if (isRaw(value)) writeRaw(value, kind === 'cidr4' ? 8 : 20, into, at);
  else writePrefix(kind, value, into, at);
}

function writePrefix(kind: CidrType['kind'], value: string, into: Uint8Array, at: number): void {
  const example = exampleOf(kind);
  const kept = value.endsWith(KEPT_HOST_BITS);
  const text = kept ? value.slice(0, -1) : value;
  const slash = text.indexOf(SLASH);
  if (slash < 0)
    throw new ValueProblem(
      `${shown(value)} has no prefix length: write ${lengthAdvice(kind, text, example)}`,
    );
  const bits = prefixLength(text, slash + 1, text.length);
  if (bits < 0 || bits > bitsOf(kind))
    throw new ValueProblem(
      `${shown(text.slice(slash))} is not a prefix length: write /0 to /${bitsOf(kind)}`,
    );
  if (kind === 'cidr4') writeIPv4(text.slice(0, slash), into, at + 4);
  else writeIPv6(text.slice(0, slash), into, at + 4);
  writeLength(bits, into, at);
  if (!kept && hasHostBits(into, at, bitsOf(kind))) throw hostBits(kind, value, into, at);
}

/** The same for cidr4 from text[start, end), without a string: false where the slow way must look, and speak. */
export function fastCidr4(text: string, start: number, end: number, into: Uint8Array, at: number): boolean {
  let slash = end - 2;
  while (slash > start && slash > end - 4 && text.charCodeAt(slash) !== 47) slash -= 1;
  const bits = text.charCodeAt(slash) === 47 ? prefixLength(text, slash + 1, end) : -1;
  const address = bits < 0 || bits > 32 ? -1 : ipv4Number(text, start, slash);
  if (address < 0 || (bits < 32 && address << bits !== 0)) return false;
  writeLength(bits, into, at);
  writeIPv4Number(address, into, at + 4);
  return true;
}

/** The prefix as text; with host bits marked by `!`, and raw where the length is none. */
export function cidrText(kind: CidrType['kind'], bytes: Uint8Array, at: number): string {
  const bits = readLength(bytes, at);
  if (bits > bitsOf(kind)) return rawText(bytes, at, kind === 'cidr4' ? 8 : 20);
  const address = kind === 'cidr4' ? ipv4Text(bytes, at + 4) : ipv6Text(bytes, at + 4);
  return `${address}/${bits}${hasHostBits(bytes, at, bitsOf(kind)) ? KEPT_HOST_BITS : ''}`;
}

/** The prefix length in the first four bytes of a trie's key. */
export function readLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Whether any of the `total` address bits behind the prefix is set. */
export function hasHostBits(bytes: Uint8Array, at: number, total: number): boolean {
  const bits = readLength(bytes, at);
  for (let byte = bits >>> 3; byte < total >>> 3; byte += 1) {
    const mask = byte === bits >>> 3 ? 0xff >>> (bits & 7) : 0xff;
    if ((bytes[at + 4 + byte]! & mask) !== 0) return true;
  }
  return false;
}

/** Zeroes the address bits behind the prefix. */
export function clearHostBits(bytes: Uint8Array, at: number, total: number): void {
  const bits = readLength(bytes, at);
  for (let byte = bits >>> 3; byte < total >>> 3; byte += 1)
    bytes[at + 4 + byte]! &= byte === bits >>> 3 ? 0xff & ~(0xff >>> (bits & 7)) : 0;
}

/**
 * The prefixes of a trie's keys. A trie takes keys that differ only behind their length for one, and keeps the bytes
 * that were written last (kernel/bpf/lpm_trie.c, trie_update_elem). The same array where no key has host bits.
 */
export function prefixesOf(keys: Uint8Array, keySize: number): Uint8Array {
  const total = 8 * (keySize - PREFIX_SIZE);
  let prefixes = keys;
  for (let at = 0; at < keys.length; at += keySize) {
    if (!hasHostBits(keys, at, total)) continue;
    if (prefixes === keys) prefixes = new Uint8Array(keys);
    clearHostBits(prefixes, at, total);
  }
  return prefixes;
}

/** A trie's key begins with the length of its prefix, a u32 in host order. */
const PREFIX_SIZE = 4;

function hostBits(kind: CidrType['kind'], value: string, written: Uint8Array, at: number): ValueProblem {
  const right = written.slice(at, at + (kind === 'cidr4' ? 8 : 20));
  clearHostBits(right, 0, bitsOf(kind));
  return new ValueProblem(`${shown(value)} has bits behind the prefix: write ${cidrText(kind, right, 0)}`);
}

function prefixLength(text: string, start: number, end: number): number {
  if (end <= start || end > start + 3 || (text.charCodeAt(start) === 48 && end > start + 1)) return -1;
  let bits = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    bits = bits * 10 + digit;
  }
  return bits;
}

function writeLength(bits: number, into: Uint8Array, at: number): void {
  into[at] = bits;
  into[at + 1] = 0;
  into[at + 2] = 0;
  into[at + 3] = 0;
}

function lengthAdvice(kind: CidrType['kind'], text: string, example: string): string {
  const isAddress =
    kind === 'cidr4'
      ? ipv4Number(text, 0, text.length) >= 0
      : text.length <= 45 && /^[0-9a-fA-F:.]+$/.test(text);
  return isAddress ? `${text}/${bitsOf(kind)} for the one address` : `a prefix such as ${example}`;
}

function exampleOf(kind: CidrType['kind']): string {
  return kind === 'cidr4' ? '10.1.0.0/16' : '2001:db8::/32';
}

function bitsOf(kind: CidrType['kind']): number {
  return kind === 'cidr4' ? 32 : 128;
}
