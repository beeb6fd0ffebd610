import { expect } from 'chai';
import { planLines } from '../core/plan/print.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants } from './testing/tenants.ts';
import type { Turn } from './turn.ts';

describe('turn, of an OuterMap that is no longer declared', () => {
  const retain = twoTenants().outer('flows', { pin: 'x/flows' });

  it('reports what stays by deletionPolicy Retain, from that turn on and after a start, until it goes', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), retain);
    const stateAfter = async (fixture: AgentFixture) => (await acting.turn(fixture)).report.state;
    expect(await stateAfter(retain)).to.not.have.property('retained');
    const gone = await stateAfter(new AgentFixture());
    const flows = { name: 'flows', innerMaps: 0, pin: '/sys/fs/bpf/x/flows' };
    const both = [flows, { name: 'tenants', innerMaps: 2, pin: '/sys/fs/bpf/tenants' }];
    expect(gone.retained).to.deep.equal(both);
    expect(gone.totals).to.deep.equal({ innerMaps: 0, failures: 0, retained: 2 });
    expect(gone.conditions[0]).to.include({ status: 'True' });
    const restarted = await startedAgent(machine.openKernel(), new AgentFixture());
    expect((await restarted.turn()).report.state.retained).to.deep.equal(both);
    expect(
      (await stateAfter(twoTenants().outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete' })))
        .retained,
    ).to.deep.equal([flows]);
    expect((await stateAfter(new AgentFixture())).retained).to.deep.equal([flows]);
  });

  it('calls nothing retained that may only not have been read yet', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), retain)).turn();
    for (const fixture of [
      new AgentFixture().incomplete(),
      new AgentFixture().unreadable('tenants', 'flows'),
    ]) {
      const { report } = await (await startedAgent(machine.openKernel(), fixture)).turn();
      expect(report.state).to.not.have.property('retained');
    }
  });

  it('counts the inner maps that stay anew at a resync', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), retain);
    await acting.turn();
    await acting.turn(new AgentFixture());
    const { pins } = machine.openKernel();
    pins.unlink('/sys/fs/bpf/innermap/tenants/inner/01000000');
    const counts = ({ report }: Turn) => report.state.retained?.map(({ innerMaps }) => innerMaps);
    expect(counts(await acting.turn())).to.deep.equal([0, 2]);
    expect(counts(await acting.resync())).to.deep.equal([0, 1]);
  });
});

describe('turn', () => {
  it('makes the outer map and every inner map as declared', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    const { report } = await acting.turn();
    expect(machine.dump('/sys/fs/bpf/tenants')).to.deep.equal(twoTenants().contents('tenants'));
    expect(report.state.conditions[0]).to.include({ type: 'Ready', status: 'True', reason: 'Programmed' });
    expect(report.state.outerMaps[0]).to.include({ innerMaps: 2, entries: 3, failuresTotal: 0 });
    expect(report.outerMaps[0]?.message).to.equal('2 inner maps with 3 entries');
  });

  it('counts one as one in what it says', async () => {
    const machine = new FakeMachine();
    const fixture = new AgentFixture().outer('tenants').inner('a/web', 'tenants', 1, { 10: 1 });
    const acting = await startedAgent(machine.openKernel(), fixture);
    const { report } = await acting.turn();
    expect(report.outerMaps[0]?.message).to.equal('1 inner map with 1 entry');
    const mistaken = await acting.turn(fixture.inner('b/web', 'tenants', 1, { 10: 2 }));
    expect(mistaken.report.state.conditions[0]?.message).to.match(/^1 object is not as declared: web, /);
    expect(mistaken.report.outerMaps[0]?.message).to.equal('1 of 2 inner maps is not programmed');
  });

  it('leaves no fd open', async () => {
    const machine = new FakeMachine();
    const kernel = machine.openKernel();
    const acting = await startedAgent(kernel, twoTenants());
    await acting.turn();
    await acting.turn(twoTenants().inner('a/web', 'tenants', 1, { 10: 5 }));
    expect(machine.openFds(kernel)).to.equal(0);
  });

  it('makes no mutation after a restart with nothing to do', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const before = machine.mutations;
    const again = await startedAgent(machine.openKernel(), twoTenants());
    const { plan } = await again.turn();
    expect(plan.steps).to.deep.equal([]);
    expect(machine.mutations).to.equal(before);
  });

  it('replaces a changed inner map by a new one and leaves the others alone', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const { plan } = await acting.turn(twoTenants().inner('a/web', 'tenants', 1, { 10: 9 }));
    expect(plan.steps.map(step => step.verb)).to.deep.equal(['replace']);
    expect(machine.dump(LEDGER)['01000000']).to.deep.equal({ '0a000000': '09000000' });
    expect(machine.liveMaps()).to.have.length(3);
  });

  it('does nothing for a change that is not about contents', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const { plan } = await acting.turn(twoTenants().inner('a/web', 'tenants', 1, { 10: 1, 20: 2 }));
    expect(plan.steps).to.deep.equal([]);
  });

  it('removes what is no longer declared, entry and pin', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    await acting.turn(twoTenants().without('b/web'));
    expect(Object.keys(machine.dump(LEDGER))).to.deep.equal(['01000000']);
    expect(machine.liveMaps()).to.have.length(2);
  });

  it('removes nothing while what is wanted is incomplete', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const restarted = await startedAgent(machine.openKernel(), twoTenants().without('b/web').incomplete());
    const { plan } = await restarted.turn();
    expect(plan.steps).to.deep.equal([]);
    expect(plan.waiting).to.equal(1);
    expect(planLines(plan)).to.deep.equal(['! 1 removal waits until everything that is wanted is taken']);
  });

  it('swaps a sealed map and freezes it', async () => {
    const machine = new FakeMachine();
    const sealed = (value: number) =>
      new AgentFixture().outer('tenants').inner('a/web', 'tenants', 1, { 1: value }, { sealed: true });
    const acting = await startedAgent(machine.openKernel(), sealed(1));
    await acting.turn();
    await acting.turn(sealed(2));
    expect(machine.liveMaps().filter(map => map.frozen)).to.have.length(1);
    const { plan } = await (await startedAgent(machine.openKernel(), sealed(2))).turn();
    expect(plan.steps).to.deep.equal([]);
  });

  it('edits in place only what differs, and keeps what the program wrote', async () => {
    const machine = new FakeMachine();
    const owned = {
      inner: {
        type: 'Hash',
        maxEntries: 16,
        key: 'u32',
        value: 'struct { __u32 action; __u32 packets; }',
        programOwned: ['packets'],
      },
    };
    const fixture = (actions: Record<string, number>) =>
      new AgentFixture()
        .outer('tenants', owned)
        .inner(
          'a/web',
          'tenants',
          1,
          Object.fromEntries(Object.entries(actions).map(([k, v]) => [k, { action: v }])),
        );
    const kernel = machine.openKernel();
    const acting = await startedAgent(kernel, fixture({ 1: 1, 2: 2 }));
    await acting.turn();
    const inner = kernel.open('/sys/fs/bpf/innermap/tenants/inner/01000000');
    const packets = {
      count: 1,
      keys: Uint8Array.of(1, 0, 0, 0),
      values: Uint8Array.of(1, 0, 0, 0, 77, 0, 0, 0),
    };
    await kernel.edit(inner, { upserts: packets, deletes: new Uint8Array(0) });
    inner.close();
    const { plan } = await acting.resync();
    expect(plan.steps, 'program-owned bytes are no drift').to.deep.equal([]);
    const edit = await acting.turn(fixture({ 1: 5, 3: 3 }));
    expect(edit.plan.steps[0]).to.include({ verb: 'edit' });
    expect(machine.dump(LEDGER)['01000000']).to.deep.equal({
      '01000000': '050000004d000000',
      '03000000': '0300000000000000',
    });
  });

  it('repairs outer entries that somebody deleted or overwrote, and counts them', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const intruder = machine.openKernel();
    const outer = intruder.open('/sys/fs/bpf/tenants');
    await intruder.remove(outer, Uint8Array.of(1, 0, 0, 0));
    outer.close();
    const { report } = await acting.resync();
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    expect(report.turn).to.include({ driftFound: 1, driftRepaired: 1 });
    const message = '1 difference found, 1 repaired since the start';
    const told = { reason: 'Programmed', message: `${message}; the last: tenants[1] of a/web: no entry` };
    expect(report.state.conditions[1]).to.include({ type: 'Drifted', status: 'True', ...told });
    const half = { resync: true, contentShare: 0.5 };
    expect((await acting.turn(undefined, half)).report.state.conditions[1]).to.include({ status: 'True' });
    const { report: checked } = await acting.turn(undefined, half);
    expect(checked.state.conditions[1]).to.include({ type: 'Drifted', status: 'False', message });
    expect(machine.liveMaps()).to.have.length(3);
  });

  it('puts a pin back that somebody took away, and tells it; the first pin is no drift', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    expect((await acting.turn()).report.turn.driftFound).to.equal(0);
    machine.openKernel().pins.unlink('/sys/fs/bpf/tenants');
    const { report } = await acting.resync();
    expect(machine.files()).to.have.property('/sys/fs/bpf/tenants');
    expect(report.turn).to.include({ driftFound: 1, driftRepaired: 1 });
    expect(report.state.conditions[1]!.message).to.contain('tenants: no pin at tenants');
    const moved = twoTenants().outer('tenants', { pin: 'elsewhere' });
    expect((await acting.turn(moved)).report.turn.driftFound, 'a pin that moves').to.equal(0);
    expect((await acting.resync(moved)).report.turn.driftFound).to.equal(0);
  });

  it('repairs contents that somebody wrote', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const intruder = machine.openKernel();
    const inner = intruder.open('/sys/fs/bpf/innermap/tenants/inner/01000000');
    await intruder.edit(inner, {
      upserts: { count: 1, keys: Uint8Array.of(10, 0, 0, 0), values: Uint8Array.of(66, 0, 0, 0) },
      deletes: Uint8Array.of(20, 0, 0, 0),
    });
    inner.close();
    const { report } = await acting.resync();
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    expect(report.turn.driftRepaired).to.equal(1);
  });

  it('puts right what a resync or a check of contents finds, each without the other, where all was as declared', async () => {
    for (const due of [
      { resync: true, contentShare: 0 },
      { resync: false, contentShare: 1 },
    ]) {
      const machine = new FakeMachine();
      const acting = await startedAgent(machine.openKernel(), twoTenants());
      await acting.turn();
      const intruder = machine.openKernel();
      const outer = intruder.open('/sys/fs/bpf/tenants');
      const inner = intruder.open('/sys/fs/bpf/innermap/tenants/inner/01000000');
      if (due.resync) await intruder.remove(outer, Uint8Array.of(1, 0, 0, 0));
      else
        await intruder.edit(inner, {
          upserts: { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) },
          deletes: Uint8Array.of(20, 0, 0, 0),
        });
      for (const map of [inner, outer]) map.close();
      expect((await acting.turn()).plan.steps, 'nothing was read').to.deep.equal([]);
      expect((await acting.turn(undefined, due)).plan.steps).to.not.deep.equal([]);
      expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    }
  });

  it('restores the ledger’s pin of the outer map, also after a restart', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const before = machine.dump('/sys/fs/bpf/tenants');
    machine.openKernel().pins.unlink(LEDGER);
    const { plan, report } = await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['adopt']);
    expect(report.state.conditions[0]).to.include({ status: 'True' });
    expect(machine.dump(LEDGER)).to.deep.equal(before);
    expect(machine.liveMaps()).to.have.length(3);
  });

  it('restores a ledger pin that somebody took away', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    machine.openKernel().pins.unlink('/sys/fs/bpf/innermap/tenants/inner/01000000');
    await acting.resync();
    expect(machine.files()).to.have.property('/sys/fs/bpf/innermap/tenants/inner/01000000');
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
  });
});
