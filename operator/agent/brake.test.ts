import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { NODE_CLOCK } from '../timing/clock.ts';
import { dryRun } from './dryrun.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants } from './testing/tenants.ts';

describe('turn, the brake', () => {
  const many = (count: number): AgentFixture => {
    let fixture = new AgentFixture().outer('tenants');
    for (let key = 1; key <= count; key++) fixture = fixture.inner(`a/m${key}`, 'tenants', key, { 1: key });
    return fixture;
  };
  const emptied = new AgentFixture().outer('tenants');

  it('holds a removal of too much, reports the token, and removes with it', async () => {
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

  it('counts what went within a minute: a wave in pieces is a wave', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(40));
    await acting.turn();
    for (let left = 35; left > 0; left -= 5) await acting.turn(many(left));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(20);
    const { report } = await acting.turn();
    expect(report.outerMaps[0]!.message).to.contain('and 20 went within a minute');
    acting.uptime = 60_000;
    await acting.turn(many(15));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(15);
  });

  it('measures the minute by a clock that nobody sets', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(40));
    acting.now = 1_700_000_000_000;
    await acting.turn();
    await acting.turn(many(20));
    acting.now += 86_400_000;
    const { report } = await acting.turn(many(15));
    expect(report.outerMaps[0], 'a day forward').to.include({ reason: 'RemovalHeld' });
    acting.now -= 10 * 86_400_000;
    acting.uptime += 60_000;
    await acting.turn(many(15));
    expect(Object.keys(machine.dump(LEDGER)), 'ten days back').to.have.length(15);
  });

  it('counts what went before a restart, before a turn that threw, and in a plan beside the agent', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(40));
    const now = NODE_CLOCK.uptime();
    acting.uptime = now;
    await acting.turn();
    await acting.turn(many(30));
    await acting.turn(many(20));
    acting.agent.memory.outers.clear();
    const { report } = await acting.turn(many(15));
    expect(report.outerMaps[0]!.message, 'threw').to.contain('and 20 went within a minute');
    const restarted = await startedAgent(machine.openKernel(), many(15));
    restarted.uptime = now + 59_000;
    expect((await restarted.turn()).report.outerMaps[0]!.message).to.contain('and 20 went within a minute');
    const { plan } = await dryRun(many(15).wanted(), machine.openKernel(), { name: 'here', labels: {} });
    expect(plan.held).to.have.length(1);
    restarted.uptime = now + 60_000;
    await restarted.turn(many(15));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(15);
  });

  it('counts a removal that a crash cut short', async () => {
    const machine = new FakeMachine();
    const doomed = machine.openKernel();
    const acting = await startedAgent(doomed, many(40));
    await acting.turn();
    machine.failNext('remove', 'ENOMEM');
    await acting.turn(many(20));
    machine.kill(doomed);
    const { report } = await (await startedAgent(machine.openKernel(), many(15))).turn();
    expect(report.outerMaps[0]!.message).to.contain('and 20 went within a minute');
  });

  it('a restart does not count what a token released, nor what went before it', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(40));
    await acting.turn();
    await acting.turn(many(35));
    const { report } = await acting.turn(many(15));
    await acting.turn(many(15).released(report.state.outerMaps[0]!.heldRemoval!.token));
    const { plan } = await (await startedAgent(machine.openKernel(), many(8))).turn();
    expect(plan.held).to.deep.equal([]);
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(8);
  });

  it('removes nothing that it cannot record', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(5));
    await acting.turn();
    machine.failNext('writeRecord', 'ENOSPC');
    const { report } = await acting.turn(many(4));
    expect(report.outerMaps[0]).to.include({ ready: false });
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(5);
  });

  it('what went with a token does not count against what goes next', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(40));
    await acting.turn();
    const { report } = await acting.turn(many(15));
    await acting.turn(many(15).released(report.state.outerMaps[0]!.heldRemoval!.token));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(15);
    await acting.turn(many(8));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(8);
  });

  it('an unsettled outer map loses nothing, but what must make room, and its watermark stands still', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(5).watermark('tenants', '10'));
    await acting.turn();
    const unsettled = many(2).watermark('tenants', '20').unsettled('tenants');
    const { report } = await acting.turn(unsettled);
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(5);
    expect(report.state.outerMaps[0]).to.include({ programmedResourceVersion: '10' });
    const { report: later } = await acting.turn(many(2).watermark('tenants', '20'));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(2);
    expect(later.state.outerMaps[0]).to.include({ programmedResourceVersion: '20' });
    let full = new AgentFixture().outer('tenants', { maxEntries: 4 });
    const crowded = new FakeMachine();
    for (const key of [1, 2, 3, 4]) full = full.inner(`a/m${key}`, 'tenants', key, {});
    const second = await startedAgent(crowded.openKernel(), full);
    await second.turn();
    await second.turn(full.without('a/m1', 'a/m2').inner('a/new', 'tenants', 9, {}).unsettled('tenants'));
    expect(Object.keys(crowded.dump(LEDGER)))
      .to.have.length(4)
      .and.include('09000000');
  });

  it('holds what is not yet declared again: who deleted by mistake loses nothing while putting it back', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(30));
    await acting.turn();
    await acting.turn(emptied);
    const before = machine.dump(LEDGER);
    for (let back = 1; back < 30; back++) {
      const { report } = await acting.turn(many(back).unsettled(...(back === 20 ? ['tenants'] : [])));
      if (back !== 20) expect(report.outerMaps[0], `${back}`).to.include({ reason: 'RemovalHeld' });
      acting.uptime += 20_000;
    }
    const { report } = await acting.turn(many(29));
    expect(report.outerMaps[0]!.message).to.contain(
      '1 of 30 keys are no longer declared (30 were not a moment ago)',
    );
    const { plan } = await acting.turn(many(30));
    expect(plan.steps).to.deep.equal([]);
    expect(machine.dump(LEDGER)).to.deep.equal(before);
    await acting.turn(many(25));
    expect(Object.keys(machine.dump(LEDGER)), 'all was put back: five may go').to.have.length(25);
  });

  it('what stays away for a minute after a held removal goes, where it is few', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(30));
    await acting.turn();
    await acting.turn(emptied);
    await acting.turn(many(25));
    acting.uptime += 59_000;
    await acting.turn(many(25));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(30);
    acting.uptime += 1_000;
    await acting.turn(many(25));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(25);
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

  it('holds the removal of a deleted OuterMap with its keys, says who can still release it, and lets go with the token', async () => {
    const machine = new FakeMachine();
    let deleting = new AgentFixture().outer('tenants', { deletionPolicy: 'Delete' });
    for (let key = 1; key <= 30; key++) deleting = deleting.inner(`a/m${key}`, 'tenants', key, { 1: key });
    const acting = await startedAgent(machine.openKernel(), deleting);
    await acting.turn();
    const { report, plan } = await acting.turn(new AgentFixture());
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(30);
    expect(report.state.conditions[0]).to.include({ status: 'False', reason: 'RemovalHeld' });
    expect(report.state.conditions[0]!.message).to.match(
      /^tenants: .* with token [0-9a-f]{12} \(annotation innermap.io\/release-removal of the NodeMapState, or /,
    );
    await acting.turn(new AgentFixture().released(plan.held[0]!.token));
    expect(machine.liveMaps()).to.deep.equal([]);
  });

  it('keeps everything of a deleted OuterMap with Retain, and lets all go with Delete', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    await acting.turn(new AgentFixture());
    expect(machine.liveMaps()).to.have.length(3);
    const deleting = twoTenants().outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete' });
    await acting.turn(deleting);
    await acting.turn(new AgentFixture());
    expect(machine.liveMaps()).to.deep.equal([]);
    expect(Object.keys(machine.files()).filter(path => path.includes('tenants'))).to.deep.equal([]);
  });
});
