import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants } from './testing/tenants.ts';

describe('turn, when things fail', () => {
  it('goes on with the others when one inner map cannot be made, says why, and mends it later', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    machine.failNext('build', 'EPERM', 1, 'a/web');
    const { report } = await acting.turn();
    expect(
      report.innerMaps.map(({ name, namespace, reason }) => `${namespace}/${name} ${reason}`),
    ).to.deep.equal(['a/web PermissionDenied']);
    expect(Object.keys(machine.dump(LEDGER))).to.deep.equal(['02000000']);
    await acting.turn();
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
  });

  it('goes on with the others when one outer map cannot be read', async () => {
    const machine = new FakeMachine();
    const fixture = twoTenants().outer('others').inner('a/other', 'others', 1, { 1: 1 });
    await (await startedAgent(machine.openKernel(), fixture)).turn();
    const changed = fixture.inner('a/other', 'others', 1, { 1: 2 });
    const acting = await startedAgent(machine.openKernel(), changed);
    machine.failNext('readOuter', 'EPERM', 1, 'tenants');
    const { report } = await acting.turn();
    expect(report.outerMaps.map(({ name, reason }) => `${name} ${reason}`)).to.deep.equal([
      'others Programmed',
      'tenants PermissionDenied',
    ]);
    expect(machine.dump('/sys/fs/bpf/innermap/others/outer')).to.deep.equal(changed.contents('others'));
    expect((await acting.turn()).report.outerMaps.every(({ ready }) => ready)).to.equal(true);
  });

  it('reports Unsupported where the kernel has no such map, and the rest goes on', async () => {
    const machine = new FakeMachine();
    const fixture = twoTenants().outer('others').inner('a/other', 'others', 1, { 1: 1 });
    machine.failNext('createOuter', 'ENOTSUPP', 1, 'others');
    const { report } = await (await startedAgent(machine.openKernel(), fixture)).turn();
    expect(report.outerMaps.map(({ name, reason }) => `${name} ${reason}`)).to.deep.equal([
      'others Unsupported',
      'tenants Programmed',
    ]);
  });

  it('lists what is wrong with one outer map beside hundreds of troubles of another', async () => {
    const machine = new FakeMachine();
    let fixture = new AgentFixture()
      .outer('flooded')
      .outer('tenants')
      .inner('b/last', 'tenants', 'no key', {});
    for (let at = 0; at < 150; at++) fixture = fixture.inner(`a/m${at}`, 'flooded', 'no key', {});
    const { report } = await (await startedAgent(machine.openKernel(), fixture)).turn();
    const { failures, outerMaps } = report.state;
    expect(failures).to.have.length(100);
    expect(failures.filter(({ outerMap }) => outerMap === 'tenants').map(({ name }) => name)).to.deep.equal([
      'last',
    ]);
    expect(outerMaps.map(({ failuresTotal }) => failuresTotal)).to.deep.equal([150, 1]);
  });

  it('halves a wave when memory ends, and goes on', async () => {
    const machine = new FakeMachine();
    let fixture = new AgentFixture().outer('tenants');
    for (let key = 1; key <= 20; key++) fixture = fixture.inner(`a/m${key}`, 'tenants', key, { 1: key });
    machine.failNext('build', 'ENOMEM', 12);
    const { report } = await (await startedAgent(machine.openKernel(), fixture)).turn();
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
    expect(report.innerMaps).to.deep.equal([]);
  });

  it('reports OutOfMemory where even one does not fit, and nothing leaks', async () => {
    const machine = new FakeMachine();
    machine.failNext('build', 'ENOMEM', 1000, 'a/web');
    const kernel = machine.openKernel();
    const { report } = await (await startedAgent(kernel, twoTenants())).turn();
    expect(report.innerMaps[0]).to.include({ name: 'web', namespace: 'a', reason: 'OutOfMemory' });
    expect(machine.liveMaps()).to.have.length(2);
    expect(machine.openFds(kernel)).to.equal(0);
  });

  it('reports OuterMapFull, and removes first where slots are missing', async () => {
    const machine = new FakeMachine();
    const outer = (fixture: AgentFixture) => fixture.outer('tenants', { maxEntries: 2 });
    const full = outer(new AgentFixture()).inner('a/x', 'tenants', 1, {}).inner('a/y', 'tenants', 2, {});
    const acting = await startedAgent(machine.openKernel(), full);
    await acting.turn();
    const moved = full.without('a/x').inner('a/z', 'tenants', 3, {});
    const { plan } = await acting.turn(moved);
    expect(plan.steps.map(step => step.verb)).to.deep.equal(['remove', 'insert']);
    const { report } = await acting.turn(moved.inner('a/w', 'tenants', 4, {}));
    expect(report.innerMaps[0]).to.include({ name: 'w', reason: 'OuterMapFull' });
  });

  it('lists what is wrong with an outer map before any number of inner maps', async () => {
    const machine = new FakeMachine();
    let fixture = twoTenants().outer('zones', { pin: 'tenants' });
    for (let count = 0; count < 150; count++) fixture = fixture.inner(`c/${count}`, 'tenants', 1, {});
    const { state } = (await (await startedAgent(machine.openKernel(), fixture)).turn()).report;
    expect(state.totals?.failures).to.equal(151);
    expect(state.failures).to.have.length(100);
    expect(state.failures[0]).to.include({ kind: 'OuterMap', name: 'zones', reason: 'PinInUse' });
    expect(state.failures[1]).to.include({ kind: 'InnerMap', name: '0', reason: 'KeyConflict' });
    expect(state.conditions[0]?.message).to.match(/^151 objects are not as declared: zones, Pin tenants/);
  });

  it('does not touch a foreign map at the pin', async () => {
    const machine = new FakeMachine();
    const stranger = machine.openKernel();
    const spec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 } as const;
    const template = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 } as const;
    const foreign = stranger.createOuter(spec, template, 'foreign');
    stranger.pins.pin(foreign, '/sys/fs/bpf/tenants', 0o600);
    foreign.close();
    const before = machine.mutations;
    const { report } = await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    expect(machine.mutations).to.equal(before);
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'PinInUse' });
  });

  it('names the OuterMap whose ledger has the map at the pin', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const renamed = new AgentFixture().outer('customers', { pin: 'tenants' });
    const { report } = await (await startedAgent(machine.openKernel(), renamed)).turn();
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'PinInUse' });
    expect(report.outerMaps[0]!.message)
      .to.match(/^Pin tenants holds the map of OuterMap tenants \(id \d+/)
      .and.to.contain('innermap clean tenants');
  });

  it('shows both layouts when the map was made from another declaration', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const wider = new AgentFixture().outer('tenants', { pin: 'tenants', maxEntries: 128 });
    const { report } = await (await startedAgent(machine.openKernel(), wider)).turn();
    expect(report.outerMaps[0]).to.include({ reason: 'LayoutMismatch' });
    expect(report.outerMaps[0]!.message).to.contain('maxEntries 64').and.to.contain('maxEntries 128');
    expect(report.outerMaps[0]!.message).to.contain('innermap.io/recreate: ');
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(2);
  });
});
