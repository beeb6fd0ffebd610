import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import type { MapSpec } from '../core/mapspec.ts';
import type { FakeKernelOptions } from '../kernel/fake/machine.ts';
import { FakeMachine } from '../kernel/fake/machine.ts';
import { dryRun } from '../loop/dryrun.ts';
import { Scene, startedAgent } from '../loop/testing/scene.ts';
import type { ClosableKernel } from './command.ts';
import { entriesOf, type Foreign, makeForeign, wantedOf } from './testing/foreign.ts';
import { CommandStand } from './testing/stand.ts';

const ROOT = '/sys/fs/bpf';

/** A machine, and a command line on it: each command is a process of its own. */
class Site {
  readonly machine = new FakeMachine();
  readonly stand = new CommandStand();

  constructor(options: FakeKernelOptions = {}) {
    this.stand.kernel = root => this.kernel({ root, ...options });
  }

  kernel(options: FakeKernelOptions = {}): ClosableKernel {
    const kernel = this.machine.openKernel(options);
    return Object.assign(kernel, {
      close: () => {
        expect(this.machine.openFds(kernel), 'fds left open by the command').to.equal(0);
        this.machine.kill(kernel);
      },
    });
  }

  /** What an agent does with this scene, and then ends. */
  async agent(scene: Scene): Promise<void> {
    const kernel = this.machine.openKernel();
    await (await startedAgent(kernel, scene)).turn();
    this.machine.kill(kernel);
  }

  async foreign(foreign: Foreign): Promise<void> {
    const kernel = this.machine.openKernel();
    await makeForeign(kernel, foreign);
    this.machine.kill(kernel);
  }
}

const TYPED = {
  key: 'ipv4',
  pin: 'xdp/tenants',
  inner: {
    type: 'Hash',
    maxEntries: 16,
    key: 'struct { __be16 port; __u8 proto; }',
    value: 'struct { __u32 action; __u64 packets; }',
  },
};

function tenants(): Scene {
  return new Scene()
    .outer('tenants', TYPED)
    .inner('team-a/web', 'tenants', '10.1.0.7', {
      'port=443,proto=6': { action: 1 },
      'port=53,proto=17': { action: 2, packets: 7 },
    })
    .inner('team-b/dns', 'tenants', '10.1.0.2', {}, { sealed: true, maxEntries: 32 });
}

const HASH_OF_MAPS: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 };
const ARRAY_OF_MAPS: MapSpec = { ...HASH_OF_MAPS, type: 'ArrayOfMaps', maxEntries: 8 };
const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 16, flags: 0 };
const key = (...bytes: number[]) => Uint8Array.from(bytes);

describe('get', () => {
  it('without arguments lists the outer maps of the ledger', async () => {
    const site = new Site();
    expect((await site.stand.run('get')).out).to.equal(
      `No outer maps: this operator has made and adopted none in ${ROOT}\n`,
    );
    await site.agent(tenants().outer('limits', { type: 'ArrayOfMaps', maxEntries: 8 }));
    const { code, out } = await site.stand.run('get');
    expect(code).to.equal(0);
    const rows = out.split('\n').map(line => line.split(/ {3,}/).map(cell => cell.trim()));
    expect(rows[0]).to.deep.equal(['NAME', 'TYPE', 'INNER', 'MAPS', 'OURS', 'MAX', 'ID', 'PROVISION', 'PIN']);
    expect(rows[1]!.toSpliced(6, 1)).to.deep.equal([
      'limits',
      'ArrayOfMaps',
      'Hash 4→4',
      '0',
      '0',
      '8',
      'Create',
      `${ROOT}/innermap/limits/outer`,
    ]);
    expect(rows[2]!.toSpliced(6, 1)).to.deep.equal([
      'tenants',
      'HashOfMaps',
      'Hash 4→16',
      '2',
      '2',
      '64',
      'Create',
      `${ROOT}/xdp/tenants`,
    ]);
  });

  it('OUTER lists its keys in order, with what is ours and frozen', async () => {
    const site = new Site();
    await site.agent(tenants());
    const { out } = await site.stand.run('get', 'tenants', '-o', 'json');
    const keys = JSON.parse(out) as { id: number }[];
    expect(keys.map(({ id: _, ...rest }) => rest)).to.deep.equal([
      { key: '10.1.0.2', entries: 0, maxEntries: 32, ours: true, frozen: true },
      { key: '10.1.0.7', entries: 2, maxEntries: 16, ours: true, frozen: false },
    ]);
    expect((await site.stand.run('get', 'tenants')).out).to.match(
      /^KEY +ID +ENTRIES +MAX +OURS +FROZEN\n10\.1\.0\.2 +\d+ +0 +32 +yes +yes\n/,
    );
  });

  it('OUTER shows foreign maps too; without CAP_SYS_ADMIN says that they could not be read', async () => {
    const site = new Site({ capabilities: { sysAdmin: false } });
    await site.foreign({
      pin: `${ROOT}/t`,
      outer: HASH_OF_MAPS,
      template: HASH,
      maps: [{ key: key(9, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, []) }],
    });
    const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u64' };
    await site.agent(
      new Scene().outer('t', { pin: 't', provision: 'Adopt', inner }).inner('a/web', 't', 1, { 5: 6 }),
    );
    const { out, error } = await site.stand.run('get', 't');
    expect(out)
      .to.match(/^1 +\d+ +1 +16 +yes +no$/m)
      .and.match(/^9 +\d+ +- +- +no +-$/m);
    expect(error).to.match(/^Note: 1 of 2 inner maps could not be read: .*EPERM/);
  });

  it('OUTER KEY decodes entries by the declared types', async () => {
    const site = new Site();
    await site.agent(tenants());
    const { out } = await site.stand.run('get', 'tenants', '10.1.0.7');
    expect(out.split('\n').toSorted()).to.deep.equal([
      '',
      'KEY                VALUE',
      'port=443,proto=6   action=1,packets=0',
      'port=53,proto=17   action=2,packets=7',
    ]);
  });

  it('OUTER KEY -o yaml is an InnerMap', async () => {
    const site = new Site();
    await site.agent(tenants());
    const { out } = await site.stand.run('get', 'tenants', '10.1.0.2', '-o', 'yaml');
    expect(out).to.equal(
      'apiVersion: innermap.io/v1alpha1\nkind: InnerMap\nmetadata:\n  name: tenants-10.1.0.2\nspec:\n  outerMap: tenants\n' +
        '  key: "10.1.0.2"\n  maxEntries: 32\n  sealed: true\n',
    );
  });

  it('shows one value per CPU', async () => {
    const site = new Site();
    const inner = { type: 'PerCPUArray', maxEntries: 3, key: 'u32', value: 'u32' };
    await site.agent(
      new Scene().outer('limits', { inner }).inner('a/web', 'limits', 1, { 1: [5, 6] as unknown as object }),
    );
    expect((await site.stand.run('get', 'limits', '1')).out).to.equal('KEY   VALUE\n1     [5,6]\n');
  });

  it('without declarations shows bytes, and says so', async () => {
    const site = new Site();
    await site.agent(tenants());
    const kernel = site.kernel();
    kernel.pins.writeRecord(
      `${ROOT}/innermap/tenants/spec`,
      JSON.stringify({ version: 1, layoutDigest: 'x', provision: 'Create' }),
    );
    const { out, error } = await site.stand.run('get', 'tenants');
    expect(out).to.contain('0a010007');
    expect(error).to.match(/^Note: The record of tenants declares no such key/);
    const shown = await site.stand.run('get', 'tenants', '0a010007');
    expect(shown.error).to.contain('holds no declarations: keys and values are shown as hexadecimal bytes');
    expect(shown.out)
      .to.contain('00000000')
      .and.match(/^[^\n]+\n/);
  });

  it('says what is wrong with an unknown outer map, an absent key, a key of another type', async () => {
    const site = new Site();
    await site.agent(tenants());
    expect((await site.stand.run('get', 'tenant')).error).to.equal(
      `Error: Cannot find outer map tenant in ${ROOT}/innermap: there are tenants, did you mean tenants?\n`,
    );
    expect((await site.stand.run('get', 'tenants', '10.1.0.9')).error).to.equal(
      'Error: Cannot find key 10.1.0.9 in outer map tenants: `innermap get tenants` lists its keys\n',
    );
    expect((await site.stand.run('get', 'tenants', 'x')).error).to.match(
      /^Error: Cannot read key x of outer map tenants: /,
    );
  });

  it('an outer map whose ledger pin is gone: says so, lists it without an id', async () => {
    const site = new Site();
    await site.agent(tenants());
    site.kernel().pins.unlink(`${ROOT}/innermap/tenants/outer`);
    expect((await site.stand.run('get', 'tenants')).error).to.match(
      /^Error: Cannot read outer map tenants: nothing is pinned at/,
    );
    expect((await site.stand.run('get')).out).to.match(/^tenants +- /m);
  });

  it('changes nothing', async () => {
    const site = new Site();
    await site.agent(tenants());
    const before = site.machine.mutations;
    for (const args of [['get'], ['get', 'tenants'], ['get', 'tenants', '10.1.0.7']])
      await site.stand.run(...args);
    expect(site.machine.mutations).to.equal(before);
  });
});

const rows = (count: number): [number[], number[]][] =>
  Array.from({ length: count }, (_, at) => [
    [at & 255, at >> 8, 0, 0],
    [at & 255, 1],
  ]);
const TRIE: MapSpec = { type: 'LPMTrie', keySize: 8, valueSize: 4, maxEntries: 64, flags: 1 };

/** Outer maps as programs make them; each must come back as it is. */
const EXPORTS: Readonly<Record<string, Foreign>> = {
  'hash of hashes, a big one as a table, sealed ones, other sizes': {
    pin: `${ROOT}/xdp/tenants`,
    outer: HASH_OF_MAPS,
    template: HASH,
    maps: [
      { key: key(1, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, rows(3)) },
      {
        key: key(2, 0, 0, 0),
        entries: entriesOf({ key: 4, value: 8 }, rows(3000)),
        spec: { ...HASH, maxEntries: 4000 },
      },
      { key: key(3, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, rows(2)), freeze: true },
      { key: key(4, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, []) },
    ],
  },
  'array of arrays': {
    pin: `${ROOT}/limits`,
    outer: ARRAY_OF_MAPS,
    template: { ...HASH, type: 'Array', valueSize: 6 },
    maps: [
      {
        key: key(5, 0, 0, 0),
        entries: entriesOf(
          { key: 4, value: 6 },
          Array.from({ length: 16 }, (_, at) => [[at], at % 3 === 0 ? [at, 0, 0, 0, 0, 255] : []]),
        ),
      },
    ],
  },
  'hash of prefixes': {
    pin: `${ROOT}/blocklists`,
    outer: HASH_OF_MAPS,
    template: TRIE,
    maps: [
      {
        key: key(1, 2, 3, 4),
        entries: entriesOf({ key: 8, value: 4 }, [
          [[8, 0, 0, 0, 10], [1]],
          [[32, 0, 0, 0, 10, 1, 2, 3], [2]],
        ]),
      },
    ],
  },
  'hash of tries whose prefixes have host bits': {
    pin: `${ROOT}/paths`,
    outer: { ...HASH_OF_MAPS, keySize: 16 },
    template: TRIE,
    maps: [
      {
        key: new Uint8Array(16).fill(7),
        entries: entriesOf({ key: 8, value: 4 }, [[[8, 0, 0, 0, 10, 99, 0, 0], [1]]]),
      },
    ],
  },
  'per-CPU values': {
    pin: `${ROOT}/counters`,
    outer: ARRAY_OF_MAPS,
    template: { ...HASH, type: 'PerCPUHash', valueSize: 4 },
    maps: [
      {
        key: key(0, 0, 0, 0),
        entries: entriesOf({ key: 4, value: 16 }, [
          [[1], [5, 0, 0, 0, 0, 0, 0, 0, 6]],
          [[2], [7, 0, 0, 0, 0, 0, 0, 0, 7]],
        ]),
      },
    ],
  },
  'an empty outer map': { pin: `${ROOT}/empty`, outer: HASH_OF_MAPS, template: HASH, maps: [] },
  'queues, which have no contents to declare': {
    pin: `${ROOT}/queues`,
    outer: ARRAY_OF_MAPS,
    template: { type: 'Queue', keySize: 0, valueSize: 8, maxEntries: 16, flags: 0 },
    maps: [
      { key: key(1, 0, 0, 0), entries: { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) } },
    ],
  },
};

describe('export', () => {
  for (const [what, foreign] of Object.entries(EXPORTS)) {
    it(`${what}: applied again is an empty plan`, async () => {
      const site = new Site();
      await site.foreign(foreign);
      const before = site.machine.mutations;
      const { code, out, error } = await site.stand.run('export', foreign.pin);
      expect([code, error.replace(/^Note.*\n/, '')]).to.deep.equal([
        0,
        `Exported 1 outer map, ${foreign.maps.length} inner map${foreign.maps.length === 1 ? '' : 's'}\n`,
      ]);
      expect(site.machine.mutations).to.equal(before);
      const kernel = site.machine.openKernel();
      const scene = { read: wantedOf(out, kernel.possibleCpus) };
      const { plan, desired } = await dryRun(scene.read, kernel, { name: 'here', labels: {} });
      expect(desired.rejections).to.deep.equal([]);
      expect(
        plan.steps.filter(({ verb }) => verb !== 'record' && verb !== 'adopt').map(({ verb }) => verb),
      ).to.deep.equal([]);
    });
  }

  it('writes what a person would', async () => {
    const site = new Site();
    await site.foreign(EXPORTS['hash of prefixes']!);
    const { out } = await site.stand.run(
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
    const site = new Site();
    await site.foreign(EXPORTS['array of arrays']!);
    const { out } = await site.stand.run('export', 'limits', '-o', 'json', '--name', 'rate-limits');
    const list = JSON.parse(out) as { kind: string; items: { kind: string; metadata: { name: string } }[] };
    expect([list.kind, ...list.items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)]).to.deep.equal([
      'List',
      'OuterMap rate-limits',
      'InnerMap rate-limits-5',
    ]);
  });

  it('prefixes with host bits, which other loaders write, keep them', async () => {
    const site = new Site();
    await site.foreign(EXPORTS['hash of tries whose prefixes have host bits']!);
    expect((await site.stand.run('export', 'paths')).out).to.contain('key: "10.99.0.0/8!"');
  });

  it('types that would lose bytes are refused with the first key', async () => {
    const site = new Site();
    await site.foreign({
      ...EXPORTS['an empty outer map']!,
      maps: [{ key: key(1, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, [[[5], [1, 9, 0, 0, 2]]]) }],
    });
    const { code, out, error } = await site.stand.run(
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
      const site = new Site();
      await site.foreign(EXPORTS['hash of prefixes']!);
      const { code, error } = await site.stand.run('export', 'blocklists', option, type);
      expect(code).to.equal(2);
      expect(error).to.contain(`Error: Option ${option} cannot be ${type}: `).and.contain(message);
    });
  }

  it('without CAP_SYS_ADMIN says what is needed', async () => {
    const site = new Site({ capabilities: { sysAdmin: false } });
    await site.foreign(EXPORTS['hash of prefixes']!);
    const { code, error } = await site.stand.run('export', 'blocklists');
    expect(code).to.equal(2);
    expect(error).to.match(
      /^Error: Cannot read the inner map at key 0x01020304 \(id \d+\): EPERM, .* needs CAP_SYS_ADMIN; run as root\n$/,
    );
  });

  it('an empty map without CAP_PERFMON: says what is needed', async () => {
    const site = new Site({ capabilities: { perfmon: false } });
    await site.foreign(EXPORTS['an empty outer map']!);
    expect((await site.stand.run('export', 'empty')).error).to.contain(
      'its template can be read with CAP_PERFMON only',
    );
  });

  it('a map that belongs to an OuterMap already: says so', async () => {
    const site = new Site();
    await site.agent(tenants());
    const { error } = await site.stand.run('export', 'xdp/tenants');
    expect(error).to.contain('Note: This map belongs to OuterMap tenants already');
  });

  for (const [pin, message] of [
    ['none', `Cannot open ${ROOT}/none: ENOENT, nothing is pinned there`],
    ['/tmp/x', `PIN cannot be /tmp/x: it is not below ${ROOT}`],
    ['innermap/tenants/outer', 'PIN cannot be innermap/tenants/outer: innermap/ is the operator'],
    ['foreign', 'Cannot export foreign: it is a map of type Hash, not an outer map'],
  ] as const) {
    it(`${pin}: says why not`, async () => {
      const site = new Site();
      const kernel = site.machine.openKernel();
      await kernel.build([
        {
          spec: HASH,
          name: 'x',
          label: 'x',
          entries: entriesOf({ key: 4, value: 8 }, []),
          freeze: false,
          pin: `${ROOT}/foreign`,
        },
      ]);
      const { code, error } = await site.stand.run('export', pin);
      expect(code).to.equal(2);
      expect(error).to.contain(`Error: ${message}`);
    });
  }

  it('tables are read back by YAML whole', async () => {
    const site = new Site();
    await site.foreign(EXPORTS['hash of hashes, a big one as a table, sealed ones, other sizes']!);
    const { out } = await site.stand.run('export', 'xdp/tenants');
    const documents = parseAllDocuments(out).map(document => document.toJS() as { spec: { table?: string } });
    expect(documents[2]!.spec.table!.split('\n').slice(0, 2)).to.deep.equal(['key,value', '0,256']);
    expect(documents[2]!.spec.table!.split('\n')).to.have.length(3002);
  });
});
