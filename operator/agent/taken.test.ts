import { expect } from 'chai';
import { planLines } from '../core/plan/print.ts';
import type { FakeKernel } from '../kernel/testing/fake/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { ledgerNamed } from '../ledger/ledger.ts';
import { removalOf, removeLedger } from '../ledger/removal.ts';
import { walkCrashes } from './testing/crashes.ts';
import { AgentFixture } from './testing/fixture.ts';
import {
  adopting,
  agentOn,
  BPF_ALONE,
  HASH,
  INNER_PIN,
  idsOf,
  loadedBy,
  PROGRAM_PIN,
  putAt,
  putEmpty,
  SEVEN,
  tenant,
} from './testing/loaded.ts';
import { planLog } from './turnlog.ts';

for (const [name, capabilities] of Object.entries({ CAP_SYS_ADMIN: {}, 'CAP_BPF alone': BPF_ALONE }))
  describe(`turn, with ${name}, taking over what a program has`, () => {
    let machine: FakeMachine;
    let loader: FakeKernel;
    let id: number;

    beforeEach(async () => {
      machine = new FakeMachine();
      const loaded = await loadedBy(machine, HASH, SEVEN);
      loader = loaded.loader;
      id = loaded.ids[0]!;
    });

    it('makes it ours as it is: the ledger proves it, and nothing is left to do', async () => {
      const acting = await agentOn(machine, tenant(), capabilities);
      const { plan, report } = await acting.turn();
      expect(planLines(plan).at(-1)).to.equal(
        `+ tenants[7]: take over inner map ${id} for a/seven, as it is`,
      );
      expect(machine.files()[INNER_PIN]).to.equal(
        capabilities === BPF_ALONE ? `record id:${id}` : `map ${id}`,
      );
      expect([report.innerMaps, report.outerMaps[0]!.ready]).to.deep.equal([[], true]);
      const quiet = machine.mutations;
      for (const again of [acting, await agentOn(machine, tenant(), { ...capabilities, perfmon: true })])
        expect((await again.resync()).plan.steps).to.deep.equal([]);
      expect(machine.mutations).to.equal(quiet);
      expect(await idsOf(machine)).to.deep.equal({ '07000000': id });
    });

    it('removes it once nobody declares it, with Keep too, also where that is noticed at the next start', async () => {
      for (const restarts of [false, true]) {
        machine = new FakeMachine();
        await loadedBy(machine, HASH, [...SEVEN, { keys: [8] }]);
        const first = await agentOn(machine, tenant(), capabilities);
        await first.turn();
        const acting = restarts ? await agentOn(machine, tenant(), capabilities) : first;
        const { report } = await acting.resync(tenant().without('a/seven'));
        expect(report.outerMaps[0], 'revoked once it is Ready').to.include({ ready: true });
        expect(Object.keys(machine.dump(PROGRAM_PIN)), 'what nobody declared stays').to.deep.equal([
          '08000000',
        ]);
        expect(machine.files()).to.not.have.property(INNER_PIN);
      }
    });

    it('says what goes, before it goes', async () => {
      const lines: string[] = [];
      const note = (message: string) => lines.push(message);
      const acting = await agentOn(machine, tenant(), capabilities);
      await acting.turn();
      const watched = { ...acting.agent, planned: planLog({ info: note, warn: note, error: note }) };
      Object.assign(acting, { agent: watched });
      machine.onMutation(what => what.startsWith('remove') && lines.push('removed'));
      await acting.turn(tenant().without('a/seven'));
      expect(lines).to.deep.equal([
        `Taking away: tenants[7]: remove; takes inner map ${id} away from programs: who holds it open is alone with it, and what they wrote there is gone`,
        'removed',
      ]);
    });

    it('removes no other map than the one that was taken over', async () => {
      const acting = await agentOn(machine, tenant(), capabilities);
      await acting.turn();
      const mine = await putEmpty(loader, 7, HASH);
      await acting.turn(tenant().without('a/seven'));
      await acting.resync();
      expect(await idsOf(machine)).to.deep.equal({ '07000000': mine });
      expect(machine.files()).to.not.have.property(INNER_PIN);
    });

    it('takes over what stands at several keys for each of them', async () => {
      for (const key of [8, 9]) await putAt(loader, key, id);
      const three = [8, 9].reduce(
        (all, key) => all.inner(`ns-${key}/own`, 'tenants', key, { 1: 70 }),
        tenant(),
      );
      const acting = await agentOn(machine, three, capabilities);
      await acting.turn();
      expect((await acting.resync()).plan.steps).to.deep.equal([]);
      await acting.turn(three.without('ns-8/own'));
      expect(await idsOf(machine)).to.deep.equal({ '07000000': id, '09000000': id });
      const restarted = await agentOn(machine, three.without('ns-8/own'), capabilities);
      expect((await restarted.turn()).plan.steps).to.deep.equal([]);
      await restarted.turn(adopting());
      expect(await idsOf(machine)).to.deep.equal({});
    });

    it('is given back by clean, and by an OuterMap that is deleted with Delete', async () => {
      await (await agentOn(machine, tenant().inner('a/mine', 'tenants', 8, { 1: 1 }), capabilities)).turn();
      const kernel = machine.openKernel({ capabilities });
      const ledger = ledgerNamed(kernel.pins, 'tenants');
      expect(await removalOf(kernel, ledger)).to.include({ keys: 1, innerMaps: 1, taken: 1 });
      await removeLedger(kernel, ledger);
      expect([await idsOf(machine), machine.files()]).to.deep.equal([
        { '07000000': id },
        { '/sys/fs/bpf/innermap': 'directory', '/sys/fs/bpf/program': 'directory', [PROGRAM_PIN]: 'map 1' },
      ]);
      const deleting = tenant({ deletionPolicy: 'Delete' });
      const acting = await agentOn(machine, deleting, capabilities);
      await acting.turn();
      await acting.turn(new AgentFixture());
      expect([await idsOf(machine), machine.files()[INNER_PIN]]).to.deep.equal([
        { '07000000': id },
        undefined,
      ]);
    });

    it('does not count what others made as memory of its own', async () => {
      const acting = await agentOn(machine, tenant(), capabilities);
      const { report } = await acting.turn();
      expect(report.state.outerMaps[0]!.kernelBytes).to.equal(0);
    });

    it('takes it over again where somebody removed the proof', async () => {
      const acting = await agentOn(machine, tenant(), capabilities);
      await acting.turn();
      loader.pins.unlink(INNER_PIN);
      const { plan } = await acting.resync();
      expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['claim']);
      expect(machine.files()).to.have.property(INNER_PIN);
    });

    it('puts a map of ours over the record with a change, and keeps the key filled', async () => {
      const acting = await agentOn(machine, tenant(), capabilities);
      await acting.turn();
      const changed = adopting().inner('a/seven', 'tenants', 7, { 1: 71 });
      const { plan } = await acting.turn(changed);
      expect(planLines(plan)[0]).to.contain(`takes inner map ${id} away from programs`);
      expect(machine.dump(PROGRAM_PIN)).to.deep.equal(changed.contents('tenants'));
      expect(machine.files()[INNER_PIN]).to.match(/^map/);
      expect((await acting.resync()).plan.steps).to.deep.equal([]);
    });

    it('killed at every step of it, and its InnerMap gone before the next start: nothing is left in the ledger', async () => {
      await walkCrashes({
        attempted: tenant(),
        end: adopting(),
        capabilities: { ...capabilities, perfmon: true },
        meanwhile: async to => void (await loadedBy(to, HASH, SEVEN)),
        check: to =>
          expect(Object.keys(to.files()).filter(path => path.includes('/inner/'))).to.deep.equal([]),
      });
    });

    it('killed at every step of it, of a change, and of its end: converges', async () => {
      const loaded = async (to: FakeMachine): Promise<void> => void (await loadedBy(to, HASH, SEVEN));
      const taken = async (to: FakeMachine): Promise<void> => {
        await loaded(to);
        await (await agentOn(to, tenant(), capabilities)).turn();
      };
      const changed = adopting().inner('a/seven', 'tenants', 7, { 1: 71 });
      for (const [meanwhile, end] of [
        [loaded, tenant()],
        [taken, changed],
        [taken, adopting()],
      ] as const) {
        const steps = await walkCrashes({
          ...{ end, meanwhile, capabilities: { ...capabilities, perfmon: true } },
          check: to => {
            expect(to.dump(PROGRAM_PIN)).to.deep.equal(end.contents('tenants'));
            const files = Object.keys(to.files()).filter(path => path.includes('/inner/'));
            expect(files).to.deep.equal(end === changed || meanwhile === loaded ? [INNER_PIN] : []);
          },
        });
        expect(steps).to.be.greaterThan(1);
      }
    });
  });
