import { expect } from 'chai';
import { dryRun } from '../../agent/dryrun.ts';
import { AgentFixture, startedAgent } from '../../agent/testing/fixture.ts';
import { adopting, BPF_ALONE, HASH, loadedBy } from '../../agent/testing/loaded.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import type { PlanOutcome } from '../command.ts';
import { outcomeOf } from './outcome.ts';

describe('outcomeOf', () => {
  const scene = (spec: object = {}) =>
    new AgentFixture().outer('tenants', { pin: 'tenants', ...spec }).inner('a/web', 'tenants', 1, { 1: 1 });

  async function outcome(fixture: AgentFixture, machine: FakeMachine): Promise<PlanOutcome> {
    const { plan, desired } = await dryRun(fixture.wanted(), machine.openKernel(), {
      name: 'here',
      labels: {},
    });
    return outcomeOf(plan, desired, []);
  }

  async function applied(): Promise<FakeMachine> {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), scene())).turn();
    return machine;
  }

  it('warns of more InnerMaps than the OuterMap has places', async () => {
    const crowded = scene({ maxEntries: 1 }).inner('a/dns', 'tenants', 2, {});
    const { warnings, refusals } = await outcome(crowded, new FakeMachine());
    expect(warnings!.map(({ origin }) => origin)).to.deep.equal(['OuterMap tenants']);
    expect(refusals).to.deep.equal([]);
  });

  const refused: readonly (readonly [string, AgentFixture])[] = [
    ['LayoutMismatch', scene({ key: 'u64' })],
    ['PinInUse', new AgentFixture().outer('other', { pin: 'tenants' }).outer('tenants')],
    ['PinNotFound', scene({ pin: 'nowhere', provision: 'Adopt' })],
  ];
  for (const [reason, fixture] of refused) {
    it(`tells ${reason} once, as a refusal`, async () => {
      const { changes, steps, lines, refusals, held } = await outcome(fixture, await applied());
      const told = refusals.filter(({ message }) => message.startsWith(`${reason}, `));
      expect(told.map(({ origin }) => origin.split(' ')[0])).to.deep.equal(['OuterMap']);
      expect(lines.join('\n')).to.not.contain(reason);
      expect([changes, held]).to.deep.equal([steps.length, []]);
    });
  }

  it('tells what stays as others made it, and is not known to be as declared, as a refusal', async () => {
    const machine = new FakeMachine();
    await loadedBy(machine, { ...HASH, type: 'PerCPUHash' }, [{ keys: [7] }]);
    const inner = { type: 'PerCPUHash', maxEntries: 16, key: 'u32', value: 'u32' };
    const fixture = adopting({ inner }).inner('a/seven', 'tenants', 7, { 1: 1 });
    const kernel = machine.openKernel({ capabilities: BPF_ALONE });
    const { plan, desired } = await dryRun(fixture.wanted(), kernel, { name: 'here', labels: {} });
    const { refusals, lines } = outcomeOf(plan, desired, []);
    expect(refusals.map(({ origin }) => origin)).to.deep.equal(['InnerMap a/seven']);
    expect(refusals[0]!.message).to.match(
      /^PermissionDenied, Inner map \d+, which others made, stays as it is: /,
    );
    expect(lines.join('\n')).to.not.contain('PermissionDenied');
  });

  it('tells a held removal with its token', async () => {
    let many = new AgentFixture().outer('tenants');
    for (let key = 0; key < 20; key++) many = many.inner(`a/m${key}`, 'tenants', key, {});
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), many)).turn();
    const { changes, held } = await outcome(new AgentFixture().outer('tenants'), machine);
    expect(changes).to.equal(0);
    expect(held).to.have.length(1);
    expect(held[0]).to.include({ outerMap: 'tenants', keys: 20, of: 20 });
    expect(held[0]!.token).to.match(/^[0-9a-f]{12}$/);
  });
});
