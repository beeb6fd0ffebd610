import { notText, shown, ValueProblem } from '../codec/value.ts';
import { ipv4Number, ipv4Text } from './ipv4.ts';

/** Every form of RFC 4291: groups, `::` for one or more zero groups, an IPv4 address as the last two. */
export function writeIPv6(value: unknown, into: Uint8Array, at: number): void {
  if (typeof value !== 'string') throw notText(value, 'an IPv6 address such as 2001:db8::1');
  const groups = value.length <= 45 ? ipv6Groups(value) : undefined;
  if (groups === undefined)
    throw new ValueProblem(`${shown(value)} is not an IPv6 address: ${advice(value)}`);
  for (let index = 0; index < 8; index += 1) {
    into[at + index * 2] = groups[index]! >>> 8;
    into[at + index * 2 + 1] = groups[index]!;
  }
}

/** As RFC 5952 has it: lower case, the longest run of two or more zero groups as `::`, IPv4-mapped ones dotted. */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (bytes[at + index * 2]! << 8) | bytes[at + index * 2 + 1]!,
  );
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff)
    return `::ffff:${ipv4Text(bytes, at + 12)}`;
  const { start, length } = longestZeros(groups);
  const hex = groups.map(group => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function ipv6Groups(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** The groups of one side of `::`; `last`: the side that may end in an IPv4 address. */
function groupsOf(text: string, last: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else {
      const address = last && index === parts.length - 1 ? ipv4Number(part, 0, part.length) : -1;
      if (address < 0) return undefined;
      groups.push(address >>> 16, address & 0xffff);
    }
  }
  return groups;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
}

function advice(value: string): string {
  if (value.includes('%')) return 'write it without the %zone, which means nothing in a map';
  if (value.includes('/')) return 'write one address, or declare cidr6 for prefixes';
  if (ipv4Number(value, 0, value.length) >= 0) return `write ::ffff:${value}, or declare ipv4`;
  return 'write groups of hex digits, such as 2001:db8::1';
}
