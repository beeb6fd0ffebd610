import { expect } from 'chai';
import { type Busy, startBusy, until } from '../../native/stage.ts';
import { openLibrary } from '../../operator/kernel/libbpf/library.ts';
import { useLoadedAgent } from '../agent/support/loadedagent.ts';
import { innerMap, type Manifest, outerMap, u32 } from '../agent/support/manifests.ts';
import { idsIn } from '../agent/support/witness.ts';
import { Acting, noting, type Written } from './support/acting.ts';
import { addressHex, DROP, PASS, Program, serviceHex, TENANTS, tenant } from './support/sample.ts';

const COUNT = 1000;
const IN_PLACE = { update: 'InPlace' };
const TYPES = ['Hash', 'LRUHash', 'PerCPUHash', 'Array', 'PerCPUArray', 'LPMTrie'] as const;
type Type = (typeof TYPES)[number];

describe('in place', function () {
  this.timeout(60_000);
  let acting: Acting | undefined;
  let busy: Busy | undefined;
  afterEach(async () => {
    await busy?.kill();
    await acting?.close();
    acting = busy = undefined;
  });
  const fixture = useLoadedAgent();

  for (const type of TYPES) {
    it(`3 changed entries of ${COUNT} are 3 upserts and nothing else: ${type}`, async () => {
      const { written, apply } = await started(type);
      await apply(numbered(COUNT, { 0: 9, 500: 9, 999: 9 }));
      expect(written).to.deep.equal([{ call: 'mapUpdateBatch', entries: 3 }]);
      expect(Object.values(contentsOf(type)).filter(value => value === '09000000')).to.have.length(3);
    });
  }

  it('one entry changed, one new and one gone: 2 upserts and 1 delete', async () => {
    const { written, apply } = await started('Hash');
    const pairs = numbered(COUNT, { 5: 50, 5000: 1 });
    pairs.delete(7);
    await apply(pairs);
    expect(written).to.deep.equal([
      { call: 'mapUpdateBatch', entries: 2 },
      { call: 'mapDeleteBatch', entries: 1 },
    ]);
    expect(Object.keys(contentsOf('Hash'))).to.have.length(COUNT);
  });

  it('an entry that is gone from an Array is written as zero, AtLeast deletes nothing', async () => {
    const { written, apply } = await started('Array');
    const without = numbered(COUNT, {});
    without.delete(7);
    await apply(without);
    expect(written).to.deep.equal([{ call: 'mapUpdateBatch', entries: 1 }]);
    expect(contentsOf('Array')[u32(7)]).to.equal('00000000');
    await acting?.close();
    acting = undefined;

    const loose = await started('Hash', { content: 'AtLeast' });
    await loose.apply(without);
    expect(loose.written).to.deep.equal([]);
    expect(Object.keys(contentsOf('Hash'))).to.have.length(COUNT);
  });

  it('the same entries in another order and form write nothing', async () => {
    const { written, apply } = await started('Hash');
    await apply(new Map([...numbered(COUNT, {})].reverse()), ({ spec }) => ({
      ...spec,
      entries: [{ key: '0x0', value: '0x1' }],
      table: (spec['table'] as string).replace(/^0,1\n/m, ''),
    }));
    expect(written).to.deep.equal([]);
  });

  it('a busy program loses nothing of what it counts meanwhile', async () => {
    await expectNoLoss(WRITES, () => []);
  });

  it('nor does it while the same turn waits for the grace period of a swap', async () => {
    await expectNoLoss(WRITES / 5, write => [
      tenant('b/mail', '10.1.0.8', { [`tcp/${1000 + write}`]: DROP }, { update: 'Swap' }),
    ]);
  });

  /** Edits a rule in which a program counts all the time, and finds out what was lost of its count. */
  async function expectNoLoss(
    writes: number,
    besides: (write: number) => readonly Manifest[],
  ): Promise<void> {
    const program = new Program(fixture());
    program.load();
    const manifests = (write: number) => [
      ...[TENANTS, tenant('a/web', '10.1.0.7', { 'tcp/443': write % 2 === 0 ? PASS : DROP })],
      ...besides(write),
    ];
    acting = await Acting.start(fixture(), manifests(0));
    const before = idsIn(fixture().pin('tenants')).get(addressHex('10.1.0.7'));
    const place = ['--key', addressHex('10.1.0.7'), '--entry', serviceHex('tcp/443')];
    busy = await startBusy('increment', '--outer', fixture().pin('tenants'), ...place);
    await until(busy, ({ increments }) => increments > 1000);
    for (let write = 1; write <= writes; write++) await acting.apply(...manifests(write));
    const { increments } = await busy.end();

    const lost = increments - program.packets('10.1.0.7', 'tcp/443');
    console.log(`      ${lost} of ${increments} increments lost in ${writes} writes`);
    expect(idsIn(fixture().pin('tenants')).get(addressHex('10.1.0.7')), 'the same inner map').to.equal(
      before,
    );
    expect(lost, 'increments that are lost').to.equal(0);
  }

  const outerName = (type: Type) => `in-place-${type.toLowerCase()}`;

  /** The first turn is done, and what it wrote forgotten. */
  async function started(type: Type, spec: object = IN_PLACE) {
    const written: Written[] = [];
    const key = type === 'LPMTrie' ? 'cidr4' : 'u32';
    const inner = { type, maxEntries: 2 * COUNT, key, value: 'u32' };
    const declared = (pairs: Pairs) => table(type, pairs, { ...IN_PLACE, ...spec });
    const outer = outerMap(outerName(type), { inner });
    acting = await Acting.start(
      fixture(),
      [outer, declared(numbered(COUNT, {}))],
      noting(openLibrary(), written),
    );
    written.length = 0;
    const apply = (pairs: Pairs, changed = ({ spec }: Inner) => spec) => {
      const manifest = declared(pairs) as unknown as Inner;
      return acting!.apply(outer, { ...manifest, spec: changed(manifest) });
    };
    return { written, apply };
  }

  /** What bpftool finds, of a per-CPU type the first processor's. */
  function contentsOf(type: Type): Readonly<Record<string, string>> {
    const [entries = {}] = Object.values(fixture().contents(outerName(type)));
    return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, value.split(',')[0]!]));
  }

  function table(type: Type, pairs: Pairs, spec: object): Manifest {
    const rows = [...pairs].map(([key, value]) => `${keyText(type, key)},${value}\n`);
    const place = { outerMap: outerName(type), key: 1 };
    return innerMap('a/web', place, {}, { entries: [], table: `key,value\n${rows.join('')}`, ...spec });
  }
});

const WRITES = 500;

type Pairs = Map<number, number>;
interface Inner {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Keys 0 to count - 1 with value 1, and others where `but` says so. */
function numbered(count: number, but: Readonly<Record<number, number>>): Pairs {
  const pairs = new Map(Array.from({ length: count }, (_, key) => [key, 1]));
  for (const [key, value] of Object.entries(but)) pairs.set(Number(key), value);
  return pairs;
}

function keyText(type: Type, key: number): string {
  return type === 'LPMTrie' ? `10.0.${key >> 8}.${key & 255}/32` : String(key);
}
