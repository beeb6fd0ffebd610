import { expect } from 'chai';
import { FakeMachine } from '../kernel/fake/machine.ts';
import { Scene, startedAgent } from './testing/scene.ts';
import { LEDGER, twoTenants } from './testing/tenants.ts';

describe('turn, the brake', () => {
  const many = (count: number): Scene => {
    let scene = new Scene().outer('tenants');
    for (let key = 1; key <= count; key++) scene = scene.inner(`a/m${key}`, 'tenants', key, { 1: key });
    return scene;
  };
  const emptied = new Scene().outer('tenants');

  it('holds a removal of too much, tells the token, and lets go with it', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(30));
    await acting.turn();
    const { report } = await acting.turn(emptied);
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(30);
    expect(report.outerMaps[0]).to.include({ reason: 'RemovalHeld', ready: false });
    const { token } = report.state.outerMaps[0]!.heldRemoval!;
    expect(report.outerMaps[0]!.message).to.contain(token);
    await acting.turn(emptied.released(token));
    expect(machine.dump(LEDGER)).to.deep.equal({});
  });

  it('holds it after a restart too', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), many(30))).turn();
    const { report } = await (await startedAgent(machine.openKernel(), emptied)).turn();
    expect(report.outerMaps[0]).to.include({ reason: 'RemovalHeld' });
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(30);
  });

  it('does not hold a few', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(10));
    await acting.turn();
    await acting.turn(emptied);
    expect(machine.dump(LEDGER)).to.deep.equal({});
  });

  it('lets a token go stale when what would be removed changes', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(30));
    await acting.turn();
    const { report } = await acting.turn(emptied);
    const { token } = report.state.outerMaps[0]!.heldRemoval!;
    await acting.turn(many(1).released(token));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(30);
  });

  it('keeps everything of a deleted OuterMap with Retain, and lets all go with Delete', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    await acting.turn(new Scene());
    expect(machine.liveMaps()).to.have.length(3);
    const deleting = twoTenants().outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete' });
    await acting.turn(deleting);
    await acting.turn(new Scene());
    expect(machine.liveMaps()).to.deep.equal([]);
    expect(Object.keys(machine.files()).filter(path => path.includes('tenants'))).to.deep.equal([]);
  });
});
