import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { dryRun } from '../agent/dryrun.ts';
import { ARRAYS_OF_OTHER_SIZES, foreignMaps, HASH, key } from './testing/exports.ts';
import { entriesOf, wantedOf } from './testing/foreign.ts';
import { MachineFixture, tenants } from './testing/machinefixture.ts';

const ROOT = '/sys/fs/bpf';
const EXPORTS = foreignMaps(ROOT, 2);

/** Steps that write into the ledger, and into no map. */
const LEDGER_ALONE: ReadonlySet<string> = new Set(['record', 'adopt', 'claim']);

describe('export', () => {
  for (const [what, foreign] of Object.entries(EXPORTS)) {
    it(`${what}: applied again is an empty plan`, async () => {
      const fixture = new MachineFixture();
      await fixture.foreign(foreign);
      const before = fixture.machine.mutations;
      const { code, out, error } = await fixture.commands.run('export', foreign.pin);
      expect([code, error.replace(/^Note.*\n/, '')]).to.deep.equal([
        0,
        `Exported 1 outer map, ${foreign.maps.length} inner map${foreign.maps.length === 1 ? '' : 's'}\n`,
      ]);
      expect(fixture.machine.mutations).to.equal(before);
      const kernel = fixture.machine.openKernel();
      const read = wantedOf(out, kernel.possibleCpus);
      const { plan, desired } = await dryRun(read, kernel, { name: 'here', labels: {} });
      expect(desired.rejections).to.deep.equal([]);
      expect(plan.steps.filter(({ verb }) => !LEDGER_ALONE.has(verb)).map(({ verb }) => verb)).to.deep.equal(
        [],
      );
    });
  }

  it('writes what a person would', async () => {
    const fixture = new MachineFixture();
    await fixture.foreign(EXPORTS['hash of prefixes']!);
    const { out } = await fixture.commands.run(
      'export',
      'blocklists',
      '--key-type',
      'ipv4',
      '--namespace',
      'team-a',
    );
    expect(out).to.equal(`apiVersion: innermap.io/v1alpha1
kind: OuterMap
metadata:
  name: blocklists
spec:
  type: HashOfMaps
  maxEntries: 64
  key: ipv4
  inner:
    type: LPMTrie
    maxEntries: 64
    key: cidr4
    value: u32
    flags:
    - NoPrealloc
  pin: blocklists
  provision: Adopt
  undeclaredKeys: Keep
  access:
  - namespaces:
    - team-a
---
apiVersion: innermap.io/v1alpha1
kind: InnerMap
metadata:
  name: blocklists-1.2.3.4
  namespace: team-a
spec:
  outerMap: blocklists
  key: "1.2.3.4"
  entries:
  - key: "10.0.0.0/8"
    value: 1
  - key: "10.1.2.3/32"
    value: 2
`);
  });

  it('-o json is a List that kubectl takes', async () => {
    const fixture = new MachineFixture();
    await fixture.foreign(EXPORTS['array of arrays']!);
    const { out } = await fixture.commands.run('export', 'limits', '-o', 'json', '--name', 'rate-limits');
    const list = JSON.parse(out) as { kind: string; items: { kind: string; metadata: { name: string } }[] };
    expect([list.kind, ...list.items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)]).to.deep.equal([
      'List',
      'OuterMap rate-limits',
      'InnerMap rate-limits-5',
    ]);
  });

  it('prefixes with host bits, which other loaders write, keep them', async () => {
    const fixture = new MachineFixture();
    await fixture.foreign(EXPORTS['hash of tries whose prefixes have host bits']!);
    expect((await fixture.commands.run('export', 'paths')).out).to.contain('key: "10.99.0.0/8!"');
  });

  it('types that would lose bytes are refused with the first key', async () => {
    const fixture = new MachineFixture();
    await fixture.foreign({
      ...EXPORTS['an empty outer map']!,
      maps: [{ key: key(1, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, [[[5], [1, 9, 0, 0, 2]]]) }],
    });
    const { code, out, error } = await fixture.commands.run(
      'export',
      'empty',
      '--inner-value-type',
      'struct { u8 a; u32 b; }',
    );
    expect([code, out]).to.deep.equal([2, '']);
    expect(error).to.equal(
      'Error: Cannot export empty: the inner map at key 1 holds an entry with key 0x05000000, which the types u32 and u32 and ' +
        'struct { u8 a; u32 b; } cannot say; give types that hold every byte, such as u8[N]\n',
    );
  });

  for (const [option, type, message] of [
    ['--key-type', 'u64', "it takes 8 bytes, the kernel's has 4"],
    ['--inner-value-type', 'struct { u32', 'at character'],
  ] as const) {
    it(`${option} ${type}: says why not`, async () => {
      const fixture = new MachineFixture();
      await fixture.foreign(EXPORTS['hash of prefixes']!);
      const { code, error } = await fixture.commands.run('export', 'blocklists', option, type);
      expect(code).to.equal(2);
      expect(error).to.contain(`Error: Option ${option} cannot be ${type}: `).and.contain(message);
    });
  }

  it('without CAP_SYS_ADMIN reads through the outer map, and says what is not seen there', async () => {
    const written: string[] = [];
    for (const sysAdmin of [true, false]) {
      const fixture = new MachineFixture({ capabilities: { sysAdmin } });
      await fixture.foreign(EXPORTS['array of arrays']!);
      const { code, out, error } = await fixture.commands.run('export', 'limits');
      expect(code).to.equal(0);
      written.push(out);
      if (sysAdmin) expect(error).to.not.contain('CAP_SYS_ADMIN');
      else
        expect(error).to.match(
          /^Note: Without CAP_SYS_ADMIN only the entries of \d+ of \d+ inner maps could be read/,
        );
    }
    expect(written[1]).to.equal(written[0]);
  });

  it('without CAP_SYS_ADMIN and CAP_PERFMON says what is needed', async () => {
    const fixture = new MachineFixture({ capabilities: { sysAdmin: false, perfmon: false } });
    await fixture.foreign(EXPORTS['hash of prefixes']!);
    const { code, error } = await fixture.commands.run('export', 'blocklists');
    expect(code).to.equal(2);
    expect(error).to.match(
      /^Error: Cannot read the inner map at key 0x01020304 \(id \d+\): EPERM, .* needs CAP_SYS_ADMIN: run as root\n$/,
    );
  });

  it('an empty map without CAP_PERFMON: says what is needed', async () => {
    const fixture = new MachineFixture({ capabilities: { perfmon: false } });
    await fixture.foreign(EXPORTS['an empty outer map']!);
    expect((await fixture.commands.run('export', 'empty')).error).to.contain(
      'its template can be read with CAP_PERFMON only',
    );
  });

  it('arrays of other sizes without CAP_PERFMON: the template is the smallest, and is said to be a guess', async () => {
    const fixture = new MachineFixture({ capabilities: { perfmon: false } });
    await fixture.foreign(EXPORTS[ARRAYS_OF_OTHER_SIZES]!);
    const { out, error } = await fixture.commands.run('export', 'ports');
    const [outerMap, ...innerMaps] = parseAllDocuments(out).map(
      document => document.toJS() as { spec: { maxEntries?: number; inner?: { maxEntries: number } } },
    );
    expect(outerMap!.spec.inner!.maxEntries).to.equal(4);
    expect(innerMaps.map(({ spec }) => spec.maxEntries)).to.deep.equal([12, undefined, 8]);
    expect(error).to.match(
      /^Note: The template can be read with CAP_PERFMON only: its maxEntries 4 is that of/,
    );
  });

  it('a map that belongs to an OuterMap already: says so', async () => {
    const fixture = new MachineFixture();
    await fixture.agent(tenants());
    const { error } = await fixture.commands.run('export', 'xdp/tenants');
    expect(error).to.contain('Note: This map belongs to OuterMap tenants already');
  });

  for (const [pin, message] of [
    ['none', `Cannot open ${ROOT}/none: ENOENT, nothing is pinned there`],
    ['/tmp/x', `PIN cannot be /tmp/x: it is not below ${ROOT}`],
    ['innermap/tenants/outer', 'PIN cannot be innermap/tenants/outer: innermap/ is the operator'],
    ['foreign', 'Cannot export foreign: it is a map of type Hash, not an outer map'],
  ] as const) {
    it(`${pin}: says why not`, async () => {
      const fixture = new MachineFixture();
      const kernel = fixture.machine.openKernel();
      await kernel.build([
        {
          spec: HASH,
          name: 'x',
          label: 'x',
          entries: entriesOf({ key: 4, value: 8 }, []),
          freeze: false,
          pins: [`${ROOT}/foreign`],
        },
      ]);
      const { code, error } = await fixture.commands.run('export', pin);
      expect(code).to.equal(2);
      expect(error).to.contain(`Error: ${message}`);
    });
  }

  it('tables are read back by YAML whole', async () => {
    const fixture = new MachineFixture();
    await fixture.foreign(EXPORTS['hash of hashes, a big one as a table, sealed ones, other sizes']!);
    const { out } = await fixture.commands.run('export', 'xdp/tenants');
    const documents = parseAllDocuments(out).map(document => document.toJS() as { spec: { table?: string } });
    expect(documents[2]!.spec.table!.split('\n').slice(0, 2)).to.deep.equal(['key,value', '0,256']);
    expect(documents[2]!.spec.table!.split('\n')).to.have.length(3002);
  });
});
