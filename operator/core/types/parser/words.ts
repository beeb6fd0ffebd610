import type { IntegerType, Type } from '../type.ts';

/** Integers of headers that do not have their size in their names; `dev_t` and the like are the kernel's. */
const NAMED: readonly (readonly [words: string, size: number, signed: boolean])[] = [
  ['u_char uchar unchar', 1, false],
  ['u_short ushort __sum16 umode_t sa_family_t __kernel_sa_family_t', 2, false],
  [
    'u_int uint uid_t gid_t dev_t __kernel_dev_t __wsum __poll_t mode_t gfp_t fmode_t nlink_t socklen_t',
    4,
    false,
  ],
  ['u_long ulong size_t __kernel_size_t uintptr_t ino_t sector_t blkcnt_t', 8, false],
  ['pid_t __kernel_pid_t clockid_t key_t', 4, true],
  ['ssize_t __kernel_ssize_t intptr_t ptrdiff_t loff_t off_t time_t time64_t ktime_t', 8, true],
  ['u128 __u128 __uint128_t', 16, false],
  ['s128 __s128 __int128_t', 16, true],
];

/** The types that are one word, by every name that a program's header may use. */
export const WORD_TYPES: ReadonlyMap<string, Type> = wordTypes();

/** The kernel's own structs: an address in a pasted header means an address. */
export const KNOWN_STRUCTS: ReadonlyMap<string, Type> = new Map([
  ['in_addr', WORD_TYPES.get('ipv4')!],
  ['in6_addr', WORD_TYPES.get('ipv6')!],
  ['bpf_lpm_trie_key', prefixLength('bpf_lpm_trie_key')],
  ['bpf_lpm_trie_key_hdr', prefixLength('bpf_lpm_trie_key_hdr')],
]);

/** A pointer is as large as one, and means nothing outside its process. */
export const POINTER: IntegerType = integer('void *', 8, false);

/** Words of which C's own types are put together, in any order: `long unsigned int`. */
export const BASE_WORDS: ReadonlySet<string> = new Set(
  'unsigned signed __signed__ char short int long __int128'.split(' '),
);

const SIZES: Readonly<Record<string, number>> = {
  ...{ '': 4, char: 1, short: 2, long: 8, 'long long': 8, __int128: 16 },
};

/** The integer that base words mean on 64-bit Linux; undefined where C has no such type. */
export function baseInteger(words: readonly string[]): IntegerType | undefined {
  const count = (word: string) => words.filter(each => each === word).length;
  const signs = count('unsigned') + count('signed') + count('__signed__');
  const rest = words.filter(word => !['unsigned', 'signed', '__signed__', 'int'].includes(word)).join(' ');
  const size = SIZES[rest];
  const isPlain = rest !== 'char' && rest !== '__int128';
  if (size === undefined || signs > 1 || count('int') > (isPlain ? 1 : 0)) return undefined;
  const signed = count('unsigned') === 0;
  const sign = signed ? (rest === 'char' && signs > 0 ? 'signed ' : '') : 'unsigned ';
  return integer(`${sign}${rest === '' ? 'int' : rest}`, size, signed);
}

/** Words of our own, which a text may use for types of its own. */
const OWN_WORDS = new Set(['ipv4', 'ipv6', 'mac', 'cidr4', 'cidr6']);

/** Whether headers have a type of this name, so that one behind another type is a mistake. */
export function isTypeWord(word: string): boolean {
  return (WORD_TYPES.has(word) && !OWN_WORDS.has(word)) || BASE_WORDS.has(word);
}

const KEYWORDS = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long ' +
    'register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while ' +
    '_Alignas _Alignof _Atomic _Bool _Complex _Generic _Noreturn _Static_assert _Thread_local asm typeof ' +
    '__attribute__ __attribute __const __const__ __extension__ __inline __inline__ __int128 __restrict __restrict__ ' +
    '__signed__ __typeof__ __volatile__ __packed __aligned __user __rcu __percpu __force __iomem __bitwise'
  ).split(' '),
);

/** Whether C reserves this word, so that no field can have this name. */
export function isKeyword(word: string): boolean {
  return KEYWORDS.has(word);
}

function prefixLength(tag: string): Type {
  const length = { name: 'prefixlen', offset: 0, type: WORD_TYPES.get('__u32')! };
  return { kind: 'struct', tag, packed: false, fields: [length], size: 4, alignment: 4 };
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
  for (const [words, ...integers] of NAMED) for (const word of words.split(' ')) add(word, ...integers);
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
