import type { IntegerType, Type } from '../type.ts';

/** The types that are one word, by every name that a program's header may use. */
export const WORD_TYPES: ReadonlyMap<string, Type> = wordTypes();

/** The kernel's own structs for addresses: an address in a pasted header means an address. */
export const KNOWN_STRUCTS: ReadonlyMap<string, Type> = new Map([
  ['in_addr', WORD_TYPES.get('ipv4')!],
  ['in6_addr', WORD_TYPES.get('ipv6')!],
]);

/** Words of which C's own integers are put together, in any order: `long unsigned int`. */
export const BASE_WORDS: ReadonlySet<string> = new Set('unsigned signed char short int long'.split(' '));

/** The integer that base words mean on 64-bit Linux; undefined where C has no such type. A plain `char` is text. */
export function baseInteger(words: readonly string[]): IntegerType | undefined {
  const count = (word: string) => words.filter(each => each === word).length;
  const rest = words.filter(word => word !== 'unsigned' && word !== 'signed' && word !== 'int').join(' ');
  const size = { '': 4, char: 1, short: 2, long: 8, 'long long': 8 }[rest];
  const twice = count('int') > 1 || count('unsigned') + count('signed') > 1;
  if (size === undefined || twice || (rest === 'char' && count('int') > 0)) return undefined;
  const signed = count('unsigned') === 0;
  const sign = signed ? (rest === 'char' ? 'signed ' : '') : 'unsigned ';
  return integer(`${sign}${rest === '' ? 'int' : rest}`, size, signed);
}

const KEYWORDS = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long ' +
    'register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while ' +
    '_Bool __attribute__'
  ).split(' '),
);

/** Whether C reserves this word, so that no field can have this name. */
export function isKeyword(word: string): boolean {
  return KEYWORDS.has(word);
}

const YAML_WORDS = ['y', 'n', 'yes', 'no', 'on', 'off', 'true', 'false', 'null'];

/** Whether YAML 1.1 reads this unquoted word as a boolean or as null: a field of that name would be lost in silence. */
export function isYamlWord(word: string): boolean {
  const lower = word.toLowerCase();
  const capital = `${lower.charAt(0).toUpperCase()}${lower.slice(1)}`;
  return YAML_WORDS.includes(lower) && [lower, lower.toUpperCase(), capital].includes(word);
}

function wordTypes(): Map<string, Type> {
  const types = new Map<string, Type>();
  const add = (name: string, size: number, signed: boolean, order?: 'network') =>
    types.set(name, integer(name, size, signed, order));
  for (const size of [1, 2, 4, 8]) {
    const bits = size * 8;
    for (const name of [`__u${bits}`, `u${bits}`, `uint${bits}_t`, `u_int${bits}_t`]) add(name, size, false);
    for (const name of [`__s${bits}`, `s${bits}`, `int${bits}_t`]) add(name, size, true);
    if (size === 1) continue;
    for (const name of [`__le${bits}`, `le${bits}`]) add(name, size, false);
    for (const name of [`__be${bits}`, `be${bits}`]) add(name, size, false, 'network');
  }
  add('size_t', 8, false);
  add('ssize_t', 8, true);
  for (const name of ['bool', '_Bool']) types.set(name, { kind: 'bool', size: 1, alignment: 1 });
  types.set('ipv4', { kind: 'ipv4', size: 4, alignment: 4 });
  types.set('ipv6', { kind: 'ipv6', size: 16, alignment: 4 });
  types.set('mac', { kind: 'mac', size: 6, alignment: 1 });
  types.set('cidr4', { kind: 'cidr4', size: 8, alignment: 4 });
  types.set('cidr6', { kind: 'cidr6', size: 20, alignment: 4 });
  return types;
}

function integer(
  name: string,
  size: number,
  signed: boolean,
  byteOrder: IntegerType['byteOrder'] = 'host',
): IntegerType {
  return { kind: 'integer', name, size, alignment: size, signed, byteOrder };
}
