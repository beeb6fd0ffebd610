import { expect } from 'chai';
import type { MapSpec } from '../core/mapspec.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { walkCrashes } from './testing/crashes.ts';
import type { AgentFixture, Pairs } from './testing/fixture.ts';
import { adopting, agentOn, BPF_ALONE, idsOf, loadedBy, PROGRAM_PIN, putAt } from './testing/loaded.ts';

const RULES: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0 };
const VALUE = 'struct { __u32 action; __u32 packets; }';

/** Rules in which a program counts, at key 7. */
function rules(
  pairs: Pairs,
  { type = 'Hash', spec = {} }: { type?: string; spec?: object } = {},
): AgentFixture {
  const keys = type === 'Array' ? {} : { key: 'u32' };
  const inner = { type, maxEntries: 4, ...keys, value: VALUE, programOwned: ['packets'] };
  return adopting({ inner }).inner('a/rules', 'tenants', 7, pairs, spec);
}

/** `action packets` of each rule, as bytes. */
function held(...values: readonly (readonly [number, number, number])[]): object {
  const word = (value: number) => `0${value.toString(16)}000000`.slice(-8);
  return {
    '07000000': Object.fromEntries(
      values.map(([key, action, packets]) => [word(key), word(action) + word(packets)]),
    ),
  };
}

for (const [name, capabilities] of Object.entries({ CAP_SYS_ADMIN: {}, 'CAP_BPF alone': BPF_ALONE }))
  describe(`turn, with ${name}, changing in place what it took over`, () => {
    for (const type of ['Hash', 'LRUHash', 'Array'] as const)
      it(`writes what differs into the same ${type}, and leaves what programs counted`, async () => {
        const machine = new FakeMachine();
        const { ids } = await loadedBy(machine, { ...RULES, type }, [
          { keys: [7], pairs: { 0: [1, 9], 1: [2, 8] } },
        ]);
        const declared = (zero: number, one: number) =>
          rules({ 0: { action: zero }, 1: { action: one } }, { type });
        const acting = await agentOn(machine, declared(1, 2), capabilities);
        expect((await acting.turn()).plan.steps.at(-1)!.verb).to.equal('claim');
        const { plan, report } = await acting.turn(declared(1, 3));
        expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['edit']);
        expect(report.innerMaps).to.deep.equal([]);
        expect(machine.dump(PROGRAM_PIN)).to.deep.include(
          type === 'Array' ? held([0, 1, 9], [1, 3, 8], [2, 0, 0], [3, 0, 0]) : held([0, 1, 9], [1, 3, 8]),
        );
        expect(await idsOf(machine)).to.deep.equal({ '07000000': ids[0] });
        for (const again of [acting, await agentOn(machine, declared(1, 3), capabilities)])
          expect((await again.resync()).plan.steps).to.deep.equal([]);
        await acting.turn(declared(1, 3).without('a/rules'));
        expect(await idsOf(machine), 'ours, and gone with its InnerMap').to.deep.equal({});
      });

    it('puts right what is otherwise from the first turn on: adds, corrects, deletes, in a full map too', async () => {
      const machine = new FakeMachine();
      const { ids } = await loadedBy(machine, RULES, [
        { keys: [7], pairs: { 1: [1, 9], 2: [2, 8], 3: [3, 7], 4: [4, 6] } },
      ]);
      const declared = rules({ 1: { action: 1 }, 2: { action: 5 }, 6: { action: 6 } });
      const acting = await agentOn(machine, declared, capabilities);
      const { plan } = await acting.turn();
      expect(plan.steps.slice(-2).map(({ verb }) => verb)).to.deep.equal(['claim', 'edit']);
      expect(machine.dump(PROGRAM_PIN)).to.deep.equal(held([1, 1, 9], [2, 5, 8], [6, 6, 0]));
      expect(await idsOf(machine)).to.deep.equal({ '07000000': ids[0] });
      expect((await acting.resync()).plan.steps).to.deep.equal([]);
    });

    it('never where it stands at two keys: the other’s would change with it', async () => {
      const machine = new FakeMachine();
      const { ids, loader } = await loadedBy(machine, RULES, [{ keys: [7], pairs: { 1: [1, 9] } }]);
      await putAt(loader, 8, ids[0]!);
      const acting = await agentOn(machine, rules({ 1: { action: 2 } }), capabilities);
      const { plan } = await acting.turn();
      expect(plan.steps.at(-1)!.verb).to.equal('replace');
      expect((await idsOf(machine))['08000000']).to.equal(ids[0]);
    });

    it('killed at every step: converges, with the same map', async () => {
      const end = rules({ 1: { action: 2 }, 3: { action: 3 } });
      let id = 0;
      const steps = await walkCrashes({
        end,
        capabilities: { ...capabilities, perfmon: true },
        meanwhile: async machine => {
          id = (await loadedBy(machine, RULES, [{ keys: [7], pairs: { 1: [1, 9], 2: [2, 8] } }])).ids[0]!;
        },
        check: machine => {
          expect(machine.dump(PROGRAM_PIN)).to.deep.equal(held([1, 2, 9], [3, 3, 0]));
          expect(machine.liveMaps().map(live => live.id)).to.include(id);
        },
      });
      expect(steps).to.be.greaterThan(6);
    });
  });
