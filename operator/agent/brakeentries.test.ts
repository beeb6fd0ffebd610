import { expect } from 'chai';
import { KernelError } from '../kernel/error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants, writeOther } from './testing/tenants.ts';

const KEY = '07000000';
const INNER = { type: 'Hash', maxEntries: 256, key: 'u32', value: 'u32' };
const LEAST = { update: 'InPlace', content: 'AtLeast' };
const pairs = (count: number, value = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [at, value]));

/** Somebody puts an inner map of their own with so many entries at the key. */
async function putOther(kernel: Kernel, count: number): Promise<void> {
  const spec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 256, flags: 0 } as const;
  const words = new Uint8Array(Uint32Array.from({ length: count }, (_, at) => 1000 + at).buffer);
  const entries = { count, keys: words, values: words };
  const request = {
    spec,
    name: 'theirs',
    label: 'theirs',
    entries,
    freeze: false,
    pins: ['/sys/fs/bpf/theirs'],
  };
  const [inner] = await kernel.build([request]);
  const outer = kernel.open(LEDGER);
  if (inner instanceof KernelError) throw inner;
  await kernel.replace(outer, Uint8Array.of(7, 0, 0, 0), [inner!]);
  inner!.close();
  outer.close();
}

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
    await writeOther(machine, KEY, { count: 100 });
    expect(count(machine)).to.equal(112);
    await acting.resync();
    expect(count(machine)).to.equal(12);
  });

  it('repairs a map that somebody else put at the key, whatever is in it', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), of(12));
    await acting.turn();
    await putOther(machine.openKernel(), 100);
    expect(count(machine)).to.equal(100);
    expect((await acting.resync()).plan.heldEntries).to.deep.equal([]);
    expect(count(machine)).to.equal(12);
  });

  it('does not count what another InnerMap declared at the key, nor what AtLeast leaves', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), of(40));
    await acting.turn();
    await acting.turn(outer.inner('b/heir', 'tenants', 7, { 1: 1 }));
    expect(count(machine)).to.equal(1);
    const second = new FakeMachine();
    const leaving = await startedAgent(second.openKernel(), of(40, LEAST));
    await leaving.turn();
    const { plan } = await leaving.turn(of(1, LEAST, 5));
    expect(plan.heldEntries).to.deep.equal([]);
    expect(count(second)).to.equal(40);
  });

  it('does not count what programs wrote, where their map is replaced by a larger one', async () => {
    for (const restarted of [false, true]) {
      const machine = new FakeMachine();
      const [flows, larger] = [128, 256].map(maxEntries => of(40, { ...LEAST, maxEntries }));
      const acting = await startedAgent(machine.openKernel(), flows!);
      await acting.turn();
      await writeOther(machine, KEY, { count: 60 });
      const next = restarted ? await startedAgent(machine.openKernel(), larger!) : acting;
      expect((await next.turn(larger)).plan.heldEntries).to.deep.equal([]);
      expect(machine.dump(LEDGER)).to.deep.equal(larger!.contents('tenants'));
    }
  });

  it('counts what was declared in such a map, by a token that stays while programs write', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), of(40, { ...LEAST, maxEntries: 256 }));
    await acting.turn();
    await writeOther(machine, KEY, { count: 60 });
    const fewer = of(5, { ...LEAST, maxEntries: 128 });
    const [held] = (await acting.turn(fewer)).plan.heldEntries;
    expect(held).to.include({ entries: 35, of: 40 });
    await writeOther(machine, KEY, { count: 10, from: 2000 });
    expect((await acting.resync()).plan.heldEntries[0]).to.include({ token: held!.token });
    await acting.turn(fewer.released(held!.token));
    expect(machine.dump(LEDGER)).to.deep.equal(fewer.contents('tenants'));
  });

  it('does not count what others wrote before the declaration changed', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), of(12, { update: 'InPlace' }));
    await acting.turn();
    await writeOther(machine, KEY, { count: 100 });
    const { plan } = await acting.turn(of(11, { update: 'InPlace' }));
    expect(plan.heldEntries).to.deep.equal([]);
    expect(count(machine)).to.equal(11);
  });

  for (const [way, spec] of Object.entries(ways))
    it(`${way}: repairs drift of any size also when the first attempt failed`, async () => {
      const machine = new FakeMachine();
      const acting = await startedAgent(machine.openKernel(), of(12, spec));
      await acting.turn();
      await writeOther(machine, KEY, { count: 100 });
      machine.failNext(way === 'Swap' ? 'build' : 'edit', 'ENOMEM');
      const failed = await acting.resync();
      expect(failed.report.innerMaps[0]).to.include({ name: 'web', reason: 'OutOfMemory' });
      expect(failed.report.turn).to.include({ driftFound: 1, driftRepaired: 0 });
      const { plan, report } = await acting.turn();
      expect(plan.heldEntries).to.deep.equal([]);
      expect(report.turn).to.include({ driftFound: 1, driftRepaired: 1 });
      expect(count(machine)).to.equal(12);
    });

  it('leaves small maps alone', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const { plan } = await acting.turn(twoTenants().inner('a/web', 'tenants', 1, {}));
    expect(plan.heldEntries).to.deep.equal([]);
  });
});
