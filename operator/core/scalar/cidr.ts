import { notText, shown, ValueProblem } from '../codec/value.ts';
import type { CidrType } from '../types/type.ts';
import { isRaw, rawText, writeRaw } from './hex.ts';
import { decimalNumber } from './integer.ts';
import { ipv4Number, ipv4Text, writeIPv4, writeIPv4Number } from './ipv4.ts';
import { ipv6Text, writeIPv6 } from './ipv6.ts';

/** Ends a prefix whose host bits are set on purpose. A trie ignores host bits, but keeps and returns them. */
const KEPT_HOST_BITS = '!';

/** Bits of an address, and the bytes of a key: a u32 prefix length in host order, then the address. */
const FAMILIES = {
  cidr4: { bits: 32, size: 8, example: '10.1.0.0/16' },
  cidr6: { bits: 128, size: 20, example: '2001:db8::/32' },
} as const;

/** `10.1.0.0/16`; host bits must be zero, except in `10.1.0.7/16!`. */
export function writeCidr(kind: CidrType['kind'], value: unknown, into: Uint8Array, at: number): void {
  const { size, example } = FAMILIES[kind];
  if (typeof value !== 'string') throw notText(value, `a prefix such as ${example}`);
  if (isRaw(value)) writeRaw(value, size, into, at);
  else writePrefix(kind, value, into, at);
}

function writePrefix(kind: CidrType['kind'], value: string, into: Uint8Array, at: number): void {
  const { bits: most } = FAMILIES[kind];
  const kept = value.endsWith(KEPT_HOST_BITS);
  const text = kept ? value.slice(0, -1) : value;
  const slash = text.indexOf('/');
  if (slash < 0)
    throw new ValueProblem(`${shown(value)} has no prefix length: write ${lengthAdvice(kind, text)}`);
  const bits = decimalNumber(text, slash + 1, text.length, 3);
  if (bits < 0 || bits > most)
    throw new ValueProblem(`${shown(text.slice(slash))} is not a prefix length: write /0 to /${most}`);
  if (kind === 'cidr4') writeIPv4(text.slice(0, slash), into, at + 4);
  else writeIPv6(text.slice(0, slash), into, at + 4);
  writeLength(bits, into, at);
  if (!kept && hasHostBits(into, at, most)) throw hostBits(kind, value, into, at);
}

/** The same for cidr4 from text[start, end), without a string. False where `writeCidr` must read it, or throw the problem. */
export function fastCidr4(text: string, start: number, end: number, into: Uint8Array, at: number): boolean {
  let slash = end - 2;
  while (slash > start && slash > end - 4 && text.charCodeAt(slash) !== 47) slash -= 1;
  const bits = text.charCodeAt(slash) === 47 ? decimalNumber(text, slash + 1, end, 3) : -1;
  const address = bits < 0 || bits > 32 ? -1 : ipv4Number(text, start, slash);
  if (address < 0 || (bits < 32 && address << bits !== 0)) return false;
  writeLength(bits, into, at);
  writeIPv4Number(address, into, at + 4);
  return true;
}

/** The prefix as text; host bits are marked by `!`, and a length that is too large makes it raw. */
export function cidrText(kind: CidrType['kind'], bytes: Uint8Array, at: number): string {
  const { bits: most, size } = FAMILIES[kind];
  const bits = readLength(bytes, at);
  if (bits > most) return rawText(bytes, at, size);
  const address = kind === 'cidr4' ? ipv4Text(bytes, at + 4) : ipv6Text(bytes, at + 4);
  return `${address}/${bits}${hasHostBits(bytes, at, most) ? KEPT_HOST_BITS : ''}`;
}

/** The prefix length in the first four bytes of a trie's key. */
export function readLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Whether one of the `total` address bits behind the prefix is set. */
function hasHostBits(bytes: Uint8Array, at: number, total: number): boolean {
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
 * The keys of a trie with their host bits cleared; the same array where no key has host bits. To a trie, keys that
 * differ only in host bits are one key, and it keeps the bytes written last (kernel/bpf/lpm_trie.c, trie_update_elem).
 */
export function prefixesOf(keys: Uint8Array, keySize: number): Uint8Array {
  const total = 8 * (keySize - 4);
  let prefixes = keys;
  for (let at = 0; at < keys.length; at += keySize) {
    if (!hasHostBits(keys, at, total)) continue;
    if (prefixes === keys) prefixes = new Uint8Array(keys);
    clearHostBits(prefixes, at, total);
  }
  return prefixes;
}

function hostBits(kind: CidrType['kind'], value: string, written: Uint8Array, at: number): ValueProblem {
  const { bits, size } = FAMILIES[kind];
  const right = written.slice(at, at + size);
  clearHostBits(right, 0, bits);
  return new ValueProblem(`${shown(value)} has bits behind the prefix: write ${cidrText(kind, right, 0)}`);
}

function writeLength(bits: number, into: Uint8Array, at: number): void {
  into[at] = bits;
  into[at + 1] = 0;
  into[at + 2] = 0;
  into[at + 3] = 0;
}

function lengthAdvice(kind: CidrType['kind'], text: string): string {
  const { bits, example } = FAMILIES[kind];
  const isAddress =
    kind === 'cidr4'
      ? ipv4Number(text, 0, text.length) >= 0
      : text.length <= 45 && /^[0-9a-fA-F:.]+$/.test(text);
  return isAddress ? `${text}/${bits} for the one address` : `a prefix such as ${example}`;
}
