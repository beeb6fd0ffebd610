import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { parseOuterMap } from '../../api/parse/manifest.ts';
import { mapTypes } from '../../core/btf/maptypes.ts';
import { elfSection } from '../../core/btf/reading/elf.ts';
import type { Readable } from '../../core/btf/reading/read.ts';
import { outerLayout } from '../../core/layout/outer.ts';
import { typeOf } from '../../core/testing/layouts.ts';
import { hasClang, programObject } from '../../core/testing/program.ts';
import { HASH, HASH_OF_MAPS, key } from '../testing/exports.ts';
import { entriesOf } from '../testing/foreign.ts';
import { MachineFixture } from '../testing/machinefixture.ts';
import { inLines } from './lines.ts';

const PROGRAM = `
enum verdict { PASS = 1, DROP = 2 };
typedef struct { __be16 port; __u8 proto; } policy_key_t;
struct policy { enum verdict verdict; union { struct in_addr v4; struct in6_addr v6; } peer; __u64 hits; double rate[0]; };
struct prefix { __u32 prefixlen; __be32 addr; };
struct oddity { double rate; };
typedef double quad_t[2][4];
struct template {
  __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, policy_key_t); __type(value, struct policy);
} of_web SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 64);
  __type(key, ipv4); __array(values, struct template);
} policies SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 4); __type(key, __u32); __uint(value_size, 4);
} bare SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 8); __type(key, struct prefix); __uint(value_size, 12); } nets SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, struct oddity); } odds SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, quad_t); } quads SEC(".maps");
`;

const POLICIES = `# policies
type: HashOfMaps
maxEntries: 64
key: ipv4
inner:
  type: Hash
  maxEntries: 16
  key: "struct policy_key_t { __be16 port; __u8 proto; }"
  value: |
    struct policy {
      enum verdict { PASS = 1, DROP = 2 } verdict;
      union {
        ipv4 v4;
        ipv6 v6;
      } peer;
      __u64 hits;
    }
  flags:
  - NoPrealloc
`;

describe('types', () => {
  let directory: string;
  let file: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'types-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  describe('of an object file', () => {
    before(function () {
      if (!hasClang(this)) return;
      file = join(directory, 'prog.bpf.o');
      writeFileSync(file, programObject(PROGRAM));
    });
    const run = (...words: readonly string[]) => new MachineFixture().commands.run('types', file, ...words);

    it('prints its outer maps, and names the other maps', async () => {
      const { code, out, error } = await run();
      expect(code).to.equal(0);
      expect(out).to.equal(`${POLICIES}---\n# bare\ntype: ArrayOfMaps\nmaxEntries: 4\nkey: u32\n`);
      expect(error).to.contain('Note: It defines of_web, nets, odds, quads too');
      expect(error).to.contain('Note: The definition of bare has no template');
    });

    it('what it prints stands below the spec of an OuterMap as it is', async () => {
      const { out } = await run('policies');
      const spec = { ...(parse(out) as object), access: [{ namespaces: ['team-a'] }] };
      const apiVersion = 'innermap.io/v1alpha1';
      const read = parseOuterMap({ apiVersion, kind: 'OuterMap', metadata: { name: 'policies' }, spec });
      expect(read.ok && outerLayout(read.value).ok).to.equal(true);
    });

    for (const [name, expected] of [
      ['nets', '# nets\ntype: LPMTrie\nmaxEntries: 8\nkey: cidr4\nvalue: "u8[12]"\n'],
      ['policy_key_t', 'struct policy_key_t { __be16 port; __u8 proto; }\n'],
      ['enum verdict', 'enum verdict { PASS = 1, DROP = 2 }\n'],
      [
        'odds',
        '# odds\ntype: Hash\nmaxEntries: 8\nkey: __u32\nvalue: "u64 /* oddity in the program, which no declaration says: field rate is of kind Float, which declarations do not have */"\n',
      ],
      [
        'quads',
        '# quads\ntype: Hash\nmaxEntries: 8\nkey: __u32\nvalue: "u8[64] /* a type without a name in the program, which no declaration says: it is of kind Float, which declarations do not have */"\n',
      ],
    ] as const)
      it(`${name}: prints it alone`, async () => {
        const { code, out, error } = await run(name);
        expect([code, error, out]).to.deep.equal([0, '', expected]);
      });

    it('any bytes in the file: ends with a sentence, and writes nothing that a terminal obeys', async () => {
      const object = programObject(PROGRAM);
      const section = must(elfSection(object, '.BTF'))!;
      const change = fc.tuple(fc.nat(section.length - 1), fc.nat(255));
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async changes => {
          const copy = object.slice();
          for (const [at, byte] of changes) copy[section.byteOffset - object.byteOffset + at] = byte;
          writeFileSync(join(directory, 'broken.bpf.o'), copy);
          const { code, out, error } = await new MachineFixture().commands.run(
            'types',
            join(directory, 'broken.bpf.o'),
          );
          expect(code).to.be.oneOf([0, 2]);
          expect(error).not.to.match(
            /undefined|is not a|Cannot read prop|Invalid|Offset is outside|call stack/,
          );
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
          expect(out + error).not.to.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
        }),
        { numRuns: 300, seed: 9 },
      );
    });

    it('a name of any bytes: ends no comment', async () => {
      const object = programObject(PROGRAM);
      const section = must(elfSection(object, '.BTF'))!;
      section.set(Buffer.from('o**//y'), Buffer.from(section).indexOf('\0oddity\0') + 1);
      const changed = join(directory, 'named.bpf.o');
      writeFileSync(changed, object);
      const { out } = await new MachineFixture().commands.run('types', changed, 'odds');
      expect(out).to.contain('u64 /* o//y in the program');
      expect(out.split('*/')).to.have.length(2);
    });

    it('a name that is not there: says what was meant', async () => {
      const { code, error } = await run('polices');
      expect(code).to.equal(2);
      expect(error).to.contain(
        `Cannot find polices in ${file}: it is no map and no type there, did you mean policies?`,
      );
    });
  });

  it('a file that is none: says why not', async () => {
    const text = join(directory, 'prog.c');
    writeFileSync(text, 'int x;');
    const { code, error } = await new MachineFixture().commands.run('types', text);
    expect(code).to.equal(2);
    expect(error).to.contain(`Cannot use ${text}: Cannot read the object file: it is no ELF file`);
  });

  describe('of a pin', () => {
    const policies = {
      pin: '/sys/fs/bpf/policies',
      outer: HASH_OF_MAPS,
      template: HASH,
      maps: [{ key: key(1, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, []) }],
    };

    it('prints what its inner maps were made with', async () => {
      const fixture = new MachineFixture();
      await fixture.foreign(policies);
      const value = typeOf('struct rule { __u32 action; __u32 hits; }');
      const types = mapTypes({ type: 'Hash', key: typeOf('__be32'), value }).current;
      for (const { id, spec } of fixture.machine.liveMaps())
        if (spec.type === 'Hash') fixture.machine.types.set(id, types);
      for (const place of ['/sys/fs/bpf/policies', 'policies']) {
        const { code, out, error } = await fixture.commands.run('types', place);
        expect(code).to.equal(0);
        expect(out).to.contain(
          '# /sys/fs/bpf/policies\ntype: HashOfMaps\nmaxEntries: 64\nkey: u32\ninner:\n',
        );
        expect(out).to.contain('  key: __be32\n  value: "struct rule { __u32 action; __u32 hits; }"\n');
        expect(error).to.contain('The types of the outer map’s keys are chosen by size');
      }
    });

    for (const [words, message] of [
      [['none'], 'Cannot open /sys/fs/bpf/none: ENOENT, nothing is pinned there, and no such file is here'],
      [['none', 'rule'], 'Cannot find none: no such file, and a pin takes no MAP or TYPE'],
    ] as const)
      it(`${words.join(' ')}: says why not`, async () => {
        const { code, error } = await new MachineFixture().commands.run('types', ...words);
        expect(code).to.equal(2);
        expect(error).to.contain(message);
      });
  });
});

function must<T>(read: Readable<T>): T {
  if (!read.ok) throw new Error(read.message);
  return read.value;
}

describe('inLines', () => {
  it('leaves short declarations, and gives each field of a long one its line', () => {
    expect(inLines('struct { __be16 port; __u8 proto; }')).to.equal('struct { __be16 port; __u8 proto; }');
    const long =
      'struct a { struct { __u8 a; } b[2]; enum { A = 1, B = 2 } c; union { __u32 d; __u8 e; }; } __attribute__((packed))';
    expect(inLines(long)).to.equal(`struct a {
  struct {
    __u8 a;
  } b[2];
  enum { A = 1, B = 2 } c;
  union {
    __u32 d;
    __u8 e;
  };
} __attribute__((packed))
`);
  });
});
