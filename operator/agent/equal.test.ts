import { expect } from 'chai';
import { ownerOf } from '../core/desired/owner.ts';
import { groupBy } from '../core/items.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { walkCrashes } from './testing/crashes.ts';
import { type Acting, AgentFixture, type Pairs, startedAgent } from './testing/fixture.ts';
import { LEDGER } from './testing/tenants.ts';

const INNER = '/sys/fs/bpf/innermap/tenants/inner';
const SAME = { 10: 1, 20: 2 };
const OTHER = { 10: 1, 20: 3 };
/** Values with a field that programs could count in. */
const COUNTING = {
  inner: { type: 'Hash', maxEntries: 16, key: 'u32', value: 'struct { u32 action; u32 hits; }' },
  entries: [{ key: 1, value: { action: 2 } }],
};

/** InnerMaps with the same entries at the keys 1 …, in namespaces of their own. */
function equal(count: number, spec: object = {}, outer: object = {}): AgentFixture {
  return withEqual(new AgentFixture().outer('tenants', outer), [1, count], { spec });
}

function withEqual(
  fixture: AgentFixture,
  [from, to]: readonly [number, number],
  { pairs = SAME, spec = {} }: { readonly pairs?: Pairs; readonly spec?: object },
): AgentFixture {
  let all = fixture;
  for (let key = from; key <= to; key += 1) all = all.inner(`ns-${key}/m`, 'tenants', key, pairs, spec);
  return all;
}

/** Id of the inner map at each key that is a byte. */
async function idsIn(machine: FakeMachine): Promise<Record<number, number>> {
  const kernel = machine.openKernel();
  const outer = kernel.open(LEDGER);
  const { keys, ids } = await kernel.readOuter(outer);
  outer.close();
  return Object.fromEntries(Array.from(ids, (id, at) => [keys[4 * at]!, id]));
}

/** Keys that have one inner map, joined: `1,2 3`. */
async function sharesIn(machine: FakeMachine): Promise<string> {
  const byId = groupBy(Object.entries(await idsIn(machine)), ([, id]) => id);
  return [...byId.values()].map(entries => entries.map(([key]) => key).join()).join(' ');
}

async function started(fixture: AgentFixture, machine = new FakeMachine()): Promise<[Acting, FakeMachine]> {
  const acting = await startedAgent(machine.openKernel(), fixture);
  await acting.turn();
  return [acting, machine];
}

function innerMaps(machine: FakeMachine): readonly string[] {
  return machine.liveMaps().flatMap(({ name, spec }) => (spec.type === 'Hash' ? [name] : []));
}

/** Another writes into the inner map at a pin. */
async function spoil(machine: FakeMachine, pin: string): Promise<void> {
  const kernel = machine.openKernel();
  const map = kernel.open(`${INNER}/${pin}`);
  const words = new Uint8Array(Uint32Array.of(7).buffer);
  await kernel.edit(map, { upserts: { count: 1, keys: words, values: words }, deletes: new Uint8Array(0) });
  map.close();
}

describe('turn, equal contents', () => {
  it('are one inner map: one is made, and pinned for each key and whoever has it', async () => {
    const fixture = equal(5).inner('ns-6/m', 'tenants', 6, OTHER);
    const [, machine] = await started(fixture);
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
    expect(await sharesIn(machine)).to.equal('1,2,3,4,5 6');
    expect(innerMaps(machine).toSorted().join()).to.match(/^m\.[0-9a-f]{8},tenants\.shared$/);
    const pins = Object.keys(machine.files()).filter(path => path.startsWith(`${INNER}/`));
    expect(pins.filter(path => /\/0[1-5]000000-[0-9a-f]{8}$/.test(path))).to.have.length(5);
    expect(pins.filter(path => path.endsWith('/06000000'))).to.have.length(1);
    expect(new Set(pins.map(path => path.split('-')[1])).size, 'owners').to.equal(6);
  });

  const apart: readonly (readonly [string, object, object])[] = [
    ['are updated in place', { update: 'InPlace' }, {}],
    [
      'have fields of programs',
      { update: 'Swap', entries: COUNTING.entries },
      { inner: { ...COUNTING.inner, programOwned: ['hits'] } },
    ],
    [
      'are of an LRU type',
      { update: 'Swap' },
      { inner: { type: 'LRUHash', maxEntries: 16, key: 'u32', value: 'u32' } },
    ],
    ['have no entries', { entries: [] }, {}],
  ];
  for (const [what, spec, outer] of apart)
    it(`are as many as keys where they ${what}`, async () => {
      const [, machine] = await started(equal(3, spec, outer));
      expect(new Set(Object.values(await idsIn(machine))).size).to.equal(3);
    });

  it('are apart where one is sealed, or larger', async () => {
    const fixture = withEqual(withEqual(equal(2), [3, 4], { spec: { sealed: true } }), [5, 6], {
      spec: { maxEntries: 8 },
    });
    const [, machine] = await started(fixture);
    expect(await sharesIn(machine)).to.equal('1,2 3,4 5,6');
    expect(machine.liveMaps().filter(({ frozen }) => frozen)).to.have.length(1);
  });

  it('part where one changes, by a swap of its key alone; several that change alike are one again', async () => {
    const [acting, machine] = await started(equal(4));
    const before = await idsIn(machine);
    const one = equal(4).inner('ns-2/m', 'tenants', 2, OTHER);
    const { plan } = await acting.turn(one);
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['replace']);
    expect(await sharesIn(machine)).to.equal('1,3,4 2');
    expect((await idsIn(machine))[1]).to.equal(before[1]);
    await acting.turn(withEqual(one, [3, 4], { pairs: OTHER }));
    expect(await sharesIn(machine)).to.equal('1 2 3,4');
    await acting.turn(withEqual(one, [1, 4], { pairs: { 9: 9 } }));
    expect(await sharesIn(machine)).to.equal('1,2,3,4');
    expect(innerMaps(machine)).to.have.length(1);
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
  });

  it('part before a program may own a field of them, and are never edited in place', async () => {
    const { inner, entries } = COUNTING;
    const [acting, machine] = await started(equal(3, { entries }, { inner }));
    expect(await sharesIn(machine)).to.equal('1,2,3');
    await acting.turn(equal(3, { entries }, { inner: { ...inner, programOwned: ['hits'] } }));
    expect(await sharesIn(machine)).to.equal('1 2 3');
    const [acting2, machine2] = await started(equal(3));
    await acting2.turn(equal(3).inner('ns-2/m', 'tenants', 2, SAME, { update: 'InPlace' }));
    expect(await sharesIn(machine2)).to.equal('1,3 2');
    const { plan } = await acting2.turn(equal(3).inner('ns-2/m', 'tenants', 2, OTHER, { update: 'InPlace' }));
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['edit']);
    expect(machine2.dump(LEDGER)['01000000']).to.deep.equal(machine2.dump(LEDGER)['03000000']);
  });

  it('after a start are known by their pins: nothing is written, and each is read once', async () => {
    const [, machine] = await started(withEqual(equal(20), [21, 40], { pairs: OTHER }));
    const before = machine.mutations;
    const kernel = machine.openKernel();
    let read = 0;
    const readInner = kernel.readInner.bind(kernel);
    kernel.readInner = addresses => {
      read += addresses.length;
      return readInner(addresses);
    };
    const asExpected = kernel.asExpected.bind(kernel);
    kernel.asExpected = (outer, expected) => {
      read += expected.inners.length;
      return asExpected(outer, expected);
    };
    const verify = kernel.verify.bind(kernel);
    kernel.verify = (expected, mask) => {
      read += expected.length;
      return verify(expected, mask);
    };
    const acting = await startedAgent(kernel, withEqual(equal(20), [21, 40], { pairs: OTHER }));
    const { report } = await acting.turn();
    expect(read).to.equal(2);
    expect(machine.mutations).to.equal(before);
    expect(report.outerMaps[0]).to.include({ ready: true, innerMaps: 40, distinct: 2 });
    expect(report.outerMaps[0]!.message).to.equal('40 inner maps (2 distinct) with 80 entries');
    await acting.resync();
    expect(read, 'of a drift check too').to.equal(4);
  });

  it('that drifted are put right by a swap of all their keys, whichever is looked at', async () => {
    const fixture = equal(8);
    const [acting, machine] = await started(fixture);
    const [pin] = machine.openKernel().pins.list(INNER);
    await spoil(machine, pin!);
    const { plan, report } = await acting.turn(fixture, { resync: true, contentShare: 1 / 8 });
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(Array(8).fill('replace'));
    expect(report.state.drift).to.include({ found: 8, repaired: 8 });
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
    expect(await sharesIn(machine)).to.equal('1,2,3,4,5,6,7,8');
    expect(innerMaps(machine)).to.have.length(1);
  });

  it('of an object that is made again are made anew: what another left is nobody’s to keep', async () => {
    const first = equal(3).stored('ns-2/m', { uid: 'first' });
    const [acting, machine] = await started(first);
    const again = equal(3).stored('ns-2/m', { uid: 'again' });
    await acting.turn(again);
    expect(await sharesIn(machine)).to.equal('1,3 2');
    const restarted = await startedAgent(machine.openKernel(), first);
    await restarted.turn();
    expect(await sharesIn(machine)).to.equal('1,3 2');
    expect((await restarted.resync()).plan.steps).to.deep.equal([]);
  });

  it('at a further key where somebody put them are no proof of whose that is', async () => {
    const fixture = equal(2).inner('ns-3/m', 'tenants', 3, OTHER);
    const [acting, machine] = await started(fixture);
    const kernel = machine.openKernel();
    const outer = kernel.open(LEDGER);
    const map = kernel.openById((await idsIn(machine))[1]!);
    await kernel.replace(outer, Uint8Array.of(3, 0, 0, 0, 4, 0, 0, 0), [map, map]);
    map.close();
    outer.close();
    await acting.resync();
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
    expect(await sharesIn(machine)).to.equal('1,2 3');
  });

  it('were replaced by a version that knows no such pins: its pin proves the key, the other goes', async () => {
    const [, machine] = await started(equal(3));
    const older = machine.openKernel();
    const outer = older.open(LEDGER);
    const [one] = await older.readInner([{ pin: `${INNER}/${older.pins.list(INNER)[0]}` }]);
    if (one === undefined || one instanceof Error) throw new Error('Cannot read');
    const owner = ownerOf({ namespace: 'ns-1', name: 'm', labels: {}, annotations: {} });
    const request = { spec: one.spec, name: `m.${owner}`, label: 'm', entries: one.entries, freeze: false };
    const [made] = await older.build([{ ...request, pins: [`${INNER}/01000000`] }]);
    if (made === undefined || made instanceof Error) throw new Error('Cannot build');
    await older.replace(outer, Uint8Array.of(1, 0, 0, 0), [made]);
    machine.kill(older);
    const acting = await startedAgent(machine.openKernel(), equal(3));
    const { plan } = await acting.turn();
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['unlink']);
    expect(Object.keys(machine.files()).filter(path => path.startsWith(`${INNER}/01`))).to.deep.equal([
      `${INNER}/01000000`,
    ]);
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
    expect(await sharesIn(machine)).to.equal('1 2,3');
  });

  it('cost the others nothing where one cannot be pinned, or finds no room', async () => {
    const fixture = equal(6);
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), new AgentFixture().outer('tenants'))).turn();
    machine.failNext('pin', 'EACCES', 4, '05000000');
    const acting = await startedAgent(machine.openKernel(), fixture);
    const { outcomes } = await acting.turn();
    const missing = outcomes.flatMap(outcome =>
      !outcome.ok && 'inner' in outcome.step ? [`${outcome.step.inner.keyText} ${outcome.reason}`] : [],
    );
    expect(missing).to.deep.equal(['5 PermissionDenied']);
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.without('ns-5/m').contents('tenants'));
    await acting.turn();
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
    const full = equal(6, {}, { maxEntries: 4 });
    const [, small] = await started(full);
    expect(Object.keys(small.dump(LEDGER))).to.have.length(4);
    expect(Object.keys(small.files()).filter(path => path.startsWith(`${INNER}/`))).to.have.length(4);
  });

  it('leave with their key alone', async () => {
    const [acting, machine] = await started(equal(3));
    await acting.turn(equal(3).without('ns-1/m', 'ns-3/m'));
    expect(await sharesIn(machine)).to.equal('2');
    const { plan } = await acting.turn(equal(3).without('ns-1/m', 'ns-2/m', 'ns-3/m'));
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['remove']);
    expect(innerMaps(machine)).to.deep.equal([]);
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
  });
});

describe('turn, equal contents, killed at every step', () => {
  const scenes: readonly (readonly [string, AgentFixture | undefined, AgentFixture, number])[] = [
    ['being made', undefined, equal(3), 1],
    ['parting', equal(3), equal(3).inner('ns-2/m', 'tenants', 2, OTHER), 2],
    ['becoming one', withEqual(equal(0).inner('ns-1/m', 'tenants', 1, OTHER), [2, 2], {}), equal(2), 2],
    ['becoming one of others', equal(4), withEqual(equal(4), [1, 2], { pairs: OTHER }), 2],
    ['changing together', equal(3), withEqual(equal(0), [1, 3], { pairs: OTHER }), 1],
    ['changing hands', equal(3).stored('ns-2/m', { uid: 'a' }), equal(3).stored('ns-2/m', { uid: 'b' }), 2],
    ['leaving', equal(3), equal(3).without('ns-2/m', 'ns-3/m'), 1],
    ['becoming larger', equal(3), equal(3, { maxEntries: 8 }), 1],
    ['letting go', equal(3, {}, { deletionPolicy: 'Delete' }), new AgentFixture(), 0],
  ];
  for (const [what, begin, end, most] of scenes)
    it(what, async () => {
      await walkCrashes({
        ...(begin === undefined ? {} : { begin }),
        end,
        check: machine => {
          if (most > 0) expect(machine.dump(LEDGER)).to.deep.equal(end.contents('tenants'));
          // A crash may part what would have been one
          expect(innerMaps(machine).length).to.be.within(most, end.wanted().innerMaps.length);
          const files = Object.keys(machine.files()).filter(path => path.startsWith(`${INNER}/`));
          expect(files).to.have.length(end.wanted().innerMaps.length);
          expect(files.filter(path => path.endsWith('-new'))).to.deep.equal([]);
        },
      });
    });
});
