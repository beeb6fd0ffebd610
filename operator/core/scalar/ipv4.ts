import { notText, shown, ValueProblem } from '../codec/value.ts';

const DOT = 46;
const ZERO = 48;

/** The address that text[start, end) spells, as an unsigned number; -1 where it spells none. Leading zeros spell none. */
export function ipv4Number(text: string, start: number, end: number): number {
  let address = 0;
  let part = -1;
  let dots = 0;
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (part < 0 || dots === 3) return -1;
      address = address * 256 + part;
      part = -1;
      dots += 1;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || part === 0) return -1;
    part = part < 0 ? digit : part * 10 + digit;
    if (part > 255) return -1;
  }
  return part < 0 || dots !== 3 ? -1 : address * 256 + part;
}

export function writeIPv4(value: unknown, into: Uint8Array, at: number): void {
  if (typeof value !== 'string') throw notText(value, 'an IPv4 address such as 10.1.0.7');
  const address = ipv4Number(value, 0, value.length);
  if (address < 0) throw new ValueProblem(`${shown(value)} is not an IPv4 address: ${advice(value)}`);
  writeIPv4Number(address, into, at);
}

export function writeIPv4Number(address: number, into: Uint8Array, at: number): void {
  into[at] = address >>> 24;
  into[at + 1] = address >>> 16;
  into[at + 2] = address >>> 8;
  into[at + 3] = address;
}

export function ipv4Text(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

function advice(value: string): string {
  const plain = /^\d{1,12}(\.\d{1,12}){3}$/.test(value) ? value.split('.').map(Number).join('.') : '';
  if (plain !== value && ipv4Number(plain, 0, plain.length) >= 0)
    return `leading zeros are octal to some, write ${plain}`;
  if (value.includes('/')) return 'write one address, or declare cidr4 for prefixes';
  if (value.includes(':')) return 'write a.b.c.d, or declare ipv6';
  return 'write four numbers of 0 to 255, such as 10.1.0.7';
}
