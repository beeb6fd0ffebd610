import { expect } from 'chai';
import { parseDeclaration } from './declaration.ts';
import { fieldLocation, fieldNames, hasFields } from './path.ts';
import { typeText } from './show.ts';
import { gccProblem, hasGcc } from './testing/gcc.ts';

/** The last is `struct t`. */
const ALIGNED: readonly string[] = [
  'typedef u64 __attribute__((aligned(4))) compat_u64; struct t { u32 a; compat_u64 b; u8 c; };',
  'typedef u64 compat_u64 __attribute__((aligned(4))); struct t { u8 a; compat_u64 b[2]; u8 c; };',
  'typedef u32 T __attribute__((aligned(16))); typedef T V __attribute__((aligned(8))); struct t { u8 a; V b; };',
  'typedef u32 T __attribute__((aligned(16))); typedef T V; struct t { u8 a; V b; u8 c; };',
  'typedef u32 T __attribute__((aligned(16))); struct t { u8 a; T b; } __attribute__((packed));',
  'typedef u32 T __attribute__((aligned(16))); struct t { u8 a; T b __attribute__((packed)); };',
  'typedef u64 T __attribute__((aligned(4))); struct t { u8 a; T b __attribute__((aligned(2))); };',
  'typedef u32 T __attribute__((aligned(16))); struct t { u8 a; __attribute__((aligned(4))) T b; };',
  'typedef struct { u64 a; } T __attribute__((aligned(2))); struct t { u8 a; T b; union { u8 c; T d; }; };',
  'typedef u32 T __attribute__((aligned(16))); struct t { u8 a; T *b; };',
  'typedef u32 __attribute__((aligned(16))) T, *V; struct t { u8 a; V b; u8 c; T d; };',
  'struct t { u8 a; __attribute__((aligned(16))) void *b; };',
  'struct t { u8 a; int __attribute__((aligned(16))) *b, *c; u8 d; };',
  'struct t { u8 a; void * __attribute__((aligned(16))) b; };',
  'struct t { u8 a; __attribute__((packed)) void *b; };',
  'struct t { u8 a; unsigned int __attribute__((aligned(16))) b; };',
  'struct t { u8 a; long __attribute__((aligned(16))) int b; };',
];

describe('parseDeclaration of what is aligned', function () {
  this.timeout(60_000);

  it('places it as C does, and so does its text', function () {
    if (!hasGcc(this)) return;
    for (const text of ALIGNED) {
      const asserts = assertsOf(text);
      expect(gccProblem(`${text}\n${asserts.join('\n')}`), text).to.equal(undefined);
      const declaration = parseDeclaration(text);
      if (declaration.ok) expect(assertsOf(typeText(declaration.type))).to.deep.equal(asserts);
    }
  });

  it('refuses another alignment for what everybody knows', () => {
    const refusals = {
      'struct in6_addr { u8 s6_addr[16]; }; struct t { u8 a; struct in6_addr b; };':
        /^struct in6_addr is aligned to 4 in Linux and to 1 here: write its fields/,
      'struct bpf_timer { u8 opaque[16]; }; struct t { struct bpf_timer b; };':
        /^struct bpf_timer is aligned to 8/,
      'typedef struct { u8 b[8]; } u64; struct t { u8 a; u64 b; };': /^u64 has 8 bytes and is unsigned/,
      'typedef u32 T; typedef u8 T[4]; struct t { u8 a; T b; };': /^T is already defined/,
      'typedef u32 T; typedef u32 T __attribute__((aligned(8))); struct t { u8 a; T b; };':
        /^T is already defined/,
    };
    for (const [text, message] of Object.entries(refusals))
      expect(parseDeclaration(text), text).to.have.property('message').that.matches(message);
    expect(parseDeclaration('typedef u32 T; typedef __u32 T; struct t { T b; };')).to.include({ ok: true });
  });
});

/** What C is to hold of the size and the offsets as they are read here. */
function assertsOf(text: string): readonly string[] {
  const declaration = parseDeclaration(text);
  if (!declaration.ok || !hasFields(declaration.type)) throw new Error(`not read: ${text}`);
  const { type } = declaration;
  const offsets = fieldNames(type).map(name => {
    const place = fieldLocation(type, name);
    return `_Static_assert(offsetof(struct t, ${name}) == ${place.ok ? place.offset : -1}, "${name}");`;
  });
  return [
    `_Static_assert(sizeof(struct t) == ${type.size} && _Alignof(struct t) == ${type.alignment}, "size");`,
    ...offsets,
  ];
}
