import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants } from './testing/tenants.ts';

const KEY = '07000000';
const INNER = { type: 'Hash', maxEntries: 256, key: 'u32', value: 'u32' };
const pairs = (count: number, value = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [at, value]));

describe('turn, the brake on entries', () => {
  const outer = new AgentFixture().outer('tenants', { pin: 'tenants', inner: INNER });
  const of = (count: number, spec: object = {}, value = 1) =>
    outer.inner('a/web', 'tenants', 7, pairs(count, value), spec);
  const count = (machine: FakeMachine) => Object.keys(machine.dump(LEDGER)[KEY]!).length;
  const ways = { Swap: {}, InPlace: { update: 'InPlace' } };

  for (const [way, spec] of Object.entries(ways)) {
    it(`${way}: holds what takes too many away, tells it, goes on with the others, and does it with the token`, async () => {
      const machine = new FakeMachine();
      const acting = await startedAgent(machine.openKernel(), of(40, spec));
      await acting.turn();
      const halved = of(19, spec, 2).inner('b/other', 'tenants', 8, { 1: 1 });
      const { report, plan } = await acting.turn(halved);
      expect(count(machine)).to.equal(40);
      expect(machine.dump(LEDGER)).to.have.property('08000000');
      expect(report.innerMaps[0]).to.include({ name: 'web', ready: false, reason: 'RemovalHeld' });
      const { token } = plan.heldEntries[0]!;
      expect(report.innerMaps[0]!.message)
        .to.contain('21 of 40 entries are no longer declared')
        .and.contain(token);
      expect((await acting.resync()).plan.heldEntries[0]).to.include({ token });
      await acting.turn(halved.released(token));
      expect(machine.dump(LEDGER)).to.deep.equal(halved.contents('tenants'));
      expect((await acting.resync(halved)).plan).to.deep.include({ steps: [], heldEntries: [] });
    });

    it(`${way}: holds it after a restart too, with the same token, and no longer when it is declared again`, async () => {
      const machine = new FakeMachine();
      const acting = await startedAgent(machine.openKernel(), of(40, spec));
      await acting.turn();
      const { plan } = await acting.turn(of(5, spec));
      const restarted = await startedAgent(machine.openKernel(), of(5, spec));
      expect((await restarted.turn()).plan.heldEntries[0]).to.include({ token: plan.heldEntries[0]!.token });
      expect(count(machine)).to.equal(40);
      const { report } = await restarted.turn(of(40, spec));
      expect(report.state.conditions[0]).to.include({ type: 'Ready', status: 'True' });
    });
  }

  it('holds it where a new map is needed too: another size, or sealed', async () => {
    for (const spec of [{ maxEntries: 128 }, { sealed: true }]) {
      const machine = new FakeMachine();
      await (await startedAgent(machine.openKernel(), of(40))).turn();
      const restarted = await startedAgent(machine.openKernel(), of(5, spec));
      expect((await restarted.turn()).plan.heldEntries).to.have.length(1);
      expect(count(machine)).to.equal(40);
    }
  });

  it('takes the annotation of the OuterMap for a release', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), of(40));
    await acting.turn();
    const { token } = (await acting.turn(of(5))).plan.heldEntries[0]!;
    const annotations = { 'innermap.io/release-removal': token };
    const annotated = of(5).outer('tenants', { pin: 'tenants', inner: INNER }, { annotations });
    await acting.turn(annotated);
    expect(count(machine)).to.equal(5);
  });

  it('repairs drift of any size: what others wrote is nobody’s loss', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), of(12));
    await acting.turn();
    const intruder = machine.openKernel();
    const inner = intruder.open(`/sys/fs/bpf/innermap/tenants/inner/${KEY}`);
    const words = new Uint8Array(Uint32Array.from({ length: 100 }, (_, at) => 1000 + at).buffer);
    const upserts = { count: 100, keys: words, values: words };
    await intruder.edit(inner, { upserts, deletes: new Uint8Array(0) });
    inner.close();
    expect(count(machine)).to.equal(112);
    await acting.resync();
    expect(count(machine)).to.equal(12);
  });

  it('does not count what another InnerMap declared at the key, nor what AtLeast leaves', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), of(40));
    await acting.turn();
    await acting.turn(outer.inner('b/heir', 'tenants', 7, { 1: 1 }));
    expect(count(machine)).to.equal(1);
    const least = { update: 'InPlace', content: 'AtLeast' };
    const second = new FakeMachine();
    const leaving = await startedAgent(second.openKernel(), of(40, least));
    await leaving.turn();
    const { plan } = await leaving.turn(of(1, least, 5));
    expect(plan.heldEntries).to.deep.equal([]);
    expect(count(second)).to.equal(40);
  });

  it('leaves small maps alone', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const { plan } = await acting.turn(twoTenants().inner('a/web', 'tenants', 1, {}));
    expect(plan.heldEntries).to.deep.equal([]);
  });
});
