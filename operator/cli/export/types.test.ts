import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { dryRun } from '../../agent/dryrun.ts';
import type { TypedBtf } from '../../core/btf/maptypes.ts';
import { elfSection } from '../../core/btf/reading/elf.ts';
import type { Readable } from '../../core/btf/reading/read.ts';
import { BtfWriter } from '../../core/btf/writer.ts';
import { hasClang, programObject } from '../../core/testing/program.ts';
import type { FakeKernelOptions } from '../../kernel/testing/fake/machine.ts';
import { HASH, HASH_OF_MAPS, key } from '../testing/exports.ts';
import { entriesOf, wantedOf } from '../testing/foreign.ts';
import { MachineFixture } from '../testing/machinefixture.ts';

const PROGRAM = `
enum verdict { PASS = 1, DROP = 2 };
struct policy_key { __be16 port; __u8 proto; };
struct policy { enum verdict verdict; __u32 rate; __u64 packets; __u8 seen; };
struct template {
  __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16);
  __type(key, struct policy_key); __type(value, struct policy);
} of_web SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 64);
  __type(key, ipv4); __array(values, struct template);
} policies SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 64); __type(key, __u32); __uint(value_size, 4);
} bare SEC(".maps");
`;

const POLICY = `struct policy {
  enum verdict { PASS = 1, DROP = 2 } verdict;
  __u32 rate;
  __u64 packets;
  __u8 seen;
}
`;

/** As it lies in memory, with what the program left in the padding behind `seen`. */
const RULE = [2, 0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9];

const POLICIES = {
  pin: '/sys/fs/bpf/policies',
  outer: HASH_OF_MAPS,
  template: { ...HASH, valueSize: 24 },
  maps: [{ key: key(10, 0, 0, 1), entries: entriesOf({ key: 4, value: 24 }, [[[1, 187, 6, 0], RULE]]) }],
};

/** Steps of taking over: records and pins, and no inner map. */
const TAKING: ReadonlySet<string> = new Set(['record', 'adopt', 'claim']);

interface Declared {
  readonly spec: {
    readonly key: string;
    readonly inner: { readonly key: string; readonly value: string };
    readonly entries: readonly unknown[];
  };
}

describe('export by types', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'export-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  describe('from an object file', () => {
    let file: string;
    before(function () {
      if (!hasClang(this)) return;
      file = join(directory, 'policies.bpf.o');
      writeFileSync(file, programObject(PROGRAM));
    });

    it('writes its declarations, and entries by them; applied again is an empty plan', async () => {
      const fixture = new MachineFixture();
      await fixture.foreign(POLICIES);
      const { code, out, error } = await fixture.commands.run('export', 'policies', '--types-from', file);
      expect([code, error]).to.deep.equal([0, 'Exported 1 outer map, 1 inner map\n']);
      const [outer, inner] = declaredIn(out);
      expect(outer!.spec.key).to.equal('ipv4');
      expect(outer!.spec.inner.key).to.equal('struct policy_key { __be16 port; __u8 proto; }');
      expect(outer!.spec.inner.value).to.equal(POLICY);
      expect(inner!.spec.entries).to.deep.equal([
        { key: { port: 443, proto: 6 }, value: { verdict: 'DROP', rate: 5, packets: 7, seen: 1 } },
      ]);
      const kernel = fixture.machine.openKernel();
      const { plan } = await dryRun(wantedOf(out, kernel.possibleCpus), kernel, { name: 'here', labels: {} });
      expect(plan.steps.filter(({ verb }) => !TAKING.has(verb))).to.deep.equal([]);
    });

    it('asks the kernel for nothing, so that it needs no capability more', async () => {
      const fixture = new MachineFixture({ capabilities: { sysAdmin: false } });
      await fixture.foreign(POLICIES);
      const { out, error } = await fixture.commands.run('export', 'policies', '--types-from', file);
      expect(declaredIn(out)[0]!.spec.inner.value).to.equal(POLICY);
      expect(error).not.to.contain('chosen by size');
    });

    it('--map names the outer map, or one that is made like its inner maps', async () => {
      const fixture = new MachineFixture();
      await fixture.foreign({ ...POLICIES, pin: '/sys/fs/bpf/xdp/other' });
      for (const map of ['policies', 'of_web']) {
        const words = ['--types-from', file, '--map', map];
        const { out } = await fixture.commands.run('export', 'xdp/other', ...words);
        expect(declaredIn(out)[0]!.spec.inner.value, map).to.equal(POLICY);
      }
    });

    it('a type that is given comes first', async () => {
      const fixture = new MachineFixture();
      await fixture.foreign(POLICIES);
      const words = ['--types-from', file, '--inner-value-type', 'u8[24]', '--key-type', '__be32'];
      const [outer] = declaredIn((await fixture.commands.run('export', 'policies', ...words)).out);
      expect([outer!.spec.key, outer!.spec.inner.value]).to.deep.equal(['__be32', 'u8[24]']);
      expect(outer!.spec.inner.key).to.contain('struct policy_key');
    });

    it('a file that says nothing of the inner maps: says what is chosen by size', async () => {
      const fixture = new MachineFixture();
      await fixture.foreign({ ...POLICIES, pin: '/sys/fs/bpf/bare' });
      const { code, error } = await fixture.commands.run('export', 'bare', '--types-from', file);
      expect(code).to.equal(0);
      expect(error).to.contain(
        'Note: The types of the inner maps’ keys and of the inner maps’ values are chosen by',
      );
      expect(error).to.contain(`${file} does not define them`);
    });

    for (const [words, message] of [
      [
        ['other'],
        'Cannot find the outer map other in FILE: it defines of_web, policies, bare; name one with --map',
      ],
      [['other', '--map', 'policy'], 'Cannot find a map policy in FILE: it defines of_web, policies, bare'],
    ] as const)
      it(`${words.join(' ')}: says what there is`, async () => {
        const fixture = new MachineFixture();
        await fixture.foreign({ ...POLICIES, pin: '/sys/fs/bpf/other' });
        const { code, error } = await fixture.commands.run('export', ...words, '--types-from', file);
        expect(code).to.equal(2);
        expect(error).to.contain(message.replace('FILE', file));
      });

    for (const [name, bytes, message] of [
      ['text', 'int main;', 'Cannot read the object file: it is no ELF file'],
      ['missing', undefined, 'ENOENT, no such file'],
    ] as const)
      it(`${name}: says why not`, async () => {
        const path = join(directory, name);
        if (bytes !== undefined) writeFileSync(path, bytes);
        const fixture = new MachineFixture();
        await fixture.foreign(POLICIES);
        const { code, error } = await fixture.commands.run('export', 'policies', '--types-from', path);
        expect(code).to.equal(2);
        expect(error).to.contain(path).and.contain(message);
      });
  });

  it('--map without a file says what it needs', async () => {
    const { code, error } = await new MachineFixture().commands.run('export', 'policies', '--map', 'x');
    expect(code).to.equal(2);
    expect(error).to.contain('Option --map needs the file that defines the map: --types-from FILE');
  });

  it('takes what inner maps were made with, padding apart; a type that is given has to have all', async () => {
    const fixture = await typed(policyTypes(writer => writer.int('unsigned char', 1)));
    const { out, error } = await fixture.commands.run('export', 'policies');
    const [outer, inner] = declaredIn(out);
    expect(outer!.spec.inner.value).to.equal('struct policy { __u64 a; __u64 b; unsigned char seen; }');
    expect(inner!.spec.entries).to.deep.equal([{ key: 441089, value: { a: 21474836482, b: 7, seen: 1 } }]);
    expect(error).to.contain('The types of the outer map’s keys are chosen by size: neither');
    const given = ['--inner-value-type', 'struct { __u64 a, b; unsigned char seen; }'];
    const refused = await fixture.commands.run('export', 'policies', ...given);
    expect(refused.error).to.contain('which the types u32 and __u32 and struct { __u64 a, b;');
  });

  it('takes what programs that use the map say, where no inner map says it', async function () {
    if (!hasClang(this)) return;
    const fixture = new MachineFixture();
    await fixture.foreign({ ...POLICIES, maps: [] });
    const [outer] = fixture.machine.liveMaps();
    const program = programObject(PROGRAM);
    const other = programObject(PROGRAM.replaceAll('u64', 'u16'));
    const broken = new Uint8Array(3);
    const users = [broken, ...[program, other].map(object => must(elfSection(object, '.BTF'))!)];
    fixture.machine.users.set(outer!.id, users);
    const { out, error } = await fixture.commands.run('export', 'policies');
    expect(error).to.equal('Exported 1 outer map, 0 inner maps\n');
    expect(declaredIn(out)[0]!.spec).to.deep.include({ key: 'ipv4' });
    expect(declaredIn(out)[0]!.spec.inner).to.deep.include({ value: POLICY });
  });

  it('without CAP_SYS_ADMIN says what is chosen by size, and the remedies', async () => {
    const fixture = await typed(
      policyTypes(writer => writer.int('unsigned char', 1)),
      {
        capabilities: { sysAdmin: false },
      },
    );
    const { code, error } = await fixture.commands.run('export', 'policies');
    expect(code).to.equal(0);
    expect(error).to.match(
      /Note: The types of .* are chosen by size: .*EPERM.*; run as root, or take them from the program’s object file: --types-from FILE\n/,
    );
  });

  it('what no declaration says is bytes, with the reason as a comment', async () => {
    const fixture = await typed(
      policyTypes(writer => writer.composite('Struct', 'far', { size: 1, members: [] })),
    );
    const { out } = await fixture.commands.run('export', 'policies');
    expect(declaredIn(out)[0]!.spec.inner.value).to.equal(
      'u8[24] /* policy in the program, which no declaration says: field seen has no fields */',
    );
  });

  it('what no declaration says and has fields of the kernel is not exported', async () => {
    const fixture = await typed(
      policyTypes(writer => {
        const lock = writer.composite('Struct', 'bpf_spin_lock', { size: 4, members: [] });
        const members = [
          { name: 'lock', type: lock, offset: 0 },
          { name: 'far', type: writer.composite('Struct', 'far', { size: 1, members: [] }), offset: 32 },
        ];
        return writer.composite('Struct', 'locked', { size: 8, members });
      }),
    );
    const { code, out, error } = await fixture.commands.run('export', 'policies');
    expect([code, out]).to.deep.equal([2, '']);
    expect(error).to.contain('Cannot declare policy: it holds a bpf_spin_lock, which is the kernel’s');
  });

  it('a type that is given does not show what is the kernel’s', async () => {
    const fixture = await typed(
      policyTypes(writer => writer.composite('Struct', 'bpf_spin_lock', { size: 4, members: [] })),
    );
    const { code, error } = await fixture.commands.run('export', 'policies', '--inner-value-type', 'u8[24]');
    expect(code).to.equal(2);
    expect(error).to.contain(
      'Cannot export the values as u8[24]: they hold a bpf_spin_lock, which is the kernel’s',
    );
    const { out } = await fixture.commands.run('export', 'policies');
    expect(declaredIn(out)[0]!.spec.inner.value).to.contain('struct bpf_spin_lock seen;');
    expect(declaredIn(out)[1]!.spec.entries).to.deep.equal([
      { key: 441089, value: { a: 21474836482, b: 7 } },
    ]);
  });
});

function must<T>(read: Readable<T>): T {
  if (!read.ok) throw new Error(read.message);
  return read.value;
}

function declaredIn(out: string): readonly Declared[] {
  return parseAllDocuments(out).map(document => document.toJS() as Declared);
}

/** The inner maps were made with these types. */
async function typed(types: TypedBtf, options: FakeKernelOptions = {}): Promise<MachineFixture> {
  const fixture = new MachineFixture(options);
  await fixture.foreign(POLICIES);
  for (const { id, spec } of fixture.machine.liveMaps())
    if (spec.type === 'Hash') fixture.machine.types.set(id, types);
  return fixture;
}

/** `seen`: the type of the last field, which may be of one byte or more. */
function policyTypes(seen: (writer: BtfWriter) => number): TypedBtf {
  const writer = new BtfWriter();
  const word = writer.typedef('__u64', writer.int('unsigned long long', 8));
  const members = [
    { name: 'a', type: word, offset: 0 },
    { name: 'b', type: word, offset: 64 },
    { name: 'seen', type: seen(writer), offset: 128 },
  ];
  const value = writer.composite('Struct', 'policy', { size: 24, members });
  const key = writer.typedef('__u32', writer.int('unsigned int', 4));
  return { btf: writer.bytes(), key, value };
}
