import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import type { OuterMemory } from './memory.ts';
import { type Acting, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants, writeOther } from './testing/tenants.ts';

const INNER = '/sys/fs/bpf/innermap/tenants/inner';
const ENTRIES_NOW = { resync: true, contentShare: 0 };

function known(acting: Acting): OuterMemory {
  return acting.agent.memory.outers.get('tenants')!;
}

async function settledAgent() {
  const machine = new FakeMachine();
  const acting = await startedAgent(machine.openKernel(), twoTenants());
  await acting.turn();
  return { machine, acting };
}

describe('turn, where all is as declared', () => {
  it('looks at no key: neither for the plan nor for the report', async () => {
    const { acting } = await settledAgent();
    const { report } = await acting.resync();
    for (const one of [known(acting).programmed, known(acting).owners, known(acting).pins])
      Object.assign(one, { get: looked, values: looked });
    const again = await acting.turn();
    expect(again.plan.steps).to.deep.equal([]);
    expect(again.report.outerMaps).to.deep.equal(report.outerMaps);
    let error: unknown;
    await acting.turn(twoTenants().inner('c/three', 'tenants', 3, { 1: 1 })).catch(thrown => {
      error = thrown;
    });
    expect(error).to.equal(LOOKED);
  });

  it('a resync goes on from there, though what was written is read for the first time', async () => {
    const { acting } = await settledAgent();
    for (const one of [known(acting).programmed, known(acting).owners])
      Object.assign(one, { get: looked, values: looked });
    for (let resyncs = 0; resyncs < 2; resyncs++)
      expect((await acting.turn(undefined, ENTRIES_NOW)).plan.steps).to.deep.equal([]);
  });

  it('each content is still read in its turn', async () => {
    const { machine, acting } = await settledAgent();
    for (const from of [100, 200]) {
      await acting.resync();
      await writeOther(machine, '01000000', { count: 1, from });
      const { tally } = await acting.resync();
      expect([tally.drifted.length, tally.repaired]).to.deep.equal([1, 1]);
      expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    }
  });

  it('an entry or a pin that somebody took away is missed by the first resync', async () => {
    const { machine, acting } = await settledAgent();
    for (let times = 0; times < 2; times++) {
      const kernel = machine.openKernel();
      const outer = kernel.open(LEDGER);
      await kernel.remove(outer, Uint8Array.of(1, 0, 0, 0));
      outer.close();
      expect((await acting.turn(undefined, ENTRIES_NOW)).tally.repaired).to.equal(1);
      expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
      for (const pin of kernel.pins.list(INNER)) kernel.pins.unlink(`${INNER}/${pin}`);
      expect((await acting.turn(undefined, ENTRIES_NOW)).plan.steps).to.have.length(2);
      expect(kernel.pins.list(INNER)).to.have.length(2);
    }
  });

  it('a pin that this process made is missed, though the ledger is then as it was read last', async () => {
    const { machine, acting } = await settledAgent();
    await acting.resync();
    await acting.turn(acting.source.fixture.inner('c/three', 'tenants', 3, { 1: 1 }));
    machine.openKernel().pins.unlink(`${INNER}/03000000`);
    expect((await acting.turn(undefined, ENTRIES_NOW)).plan.steps).to.have.length(1);
    expect(machine.openKernel().pins.list(INNER)).to.include('03000000');
  });

  it('a change in the same turn hides nothing that is read', async () => {
    const { machine, acting } = await settledAgent();
    await writeOther(machine, '01000000', { count: 1 });
    const changed = acting.source.fixture.inner('b/web', 'tenants', 2, { 10: 4 });
    const { tally } = await acting.resync(changed);
    expect([tally.steps, tally.repaired]).to.deep.equal([2, 1]);
    expect(machine.dump(LEDGER)).to.deep.equal(changed.contents('tenants'));
  });

  it('what failed is tried again, though nothing else changed', async () => {
    const { machine, acting } = await settledAgent();
    machine.failNext('build', 'ENOMEM');
    const more = acting.source.fixture.inner('c/three', 'tenants', 3, { 1: 1 });
    expect((await acting.turn(more)).tally.failed).to.have.length(1);
    expect((await acting.turn()).tally.done.insert).to.equal(1);
    expect(machine.dump(LEDGER)).to.deep.equal(more.contents('tenants'));
  });
});

const LOOKED = new Error('Looked at a key');

function looked(): never {
  throw LOOKED;
}
