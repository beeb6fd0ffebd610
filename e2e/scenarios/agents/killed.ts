import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { agentOn, killAgent, mustHaveRestarted, restartsOf } from '../support/agents.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-killed.web';

describeScenario(import.meta.filename, 'an agent that is killed leaves its maps in place', fixture => {
  const node = () => fixture.provider.workers[0]!;

  it('the maps are the same before, meanwhile and after', async () => {
    await fixture.apply();
    await fixture.mustBeReady(WEB);
    const before = await fixture.witness.ids(node(), 'killed');
    const restarts = restartsOf(await agentOn(fixture.kubectl, node()));
    await killAgent(fixture.provider, node());
    expect(await fixture.witness.ids(node(), 'killed')).to.deep.equal(before);
    await fixture.holds([node()], 'killed', { [u32(7)]: u32Pairs({ 1: 1 }) });
    await mustHaveRestarted(fixture.kubectl, node(), restarts + 1);
    expect(await fixture.witness.ids(node(), 'killed')).to.deep.equal(before);
  });

  it('what was changed meanwhile is in its kernel when the status says so', async () => {
    await killAgent(fixture.provider, node());
    await fixture.apply(fixture.object('InnerMap/web', { entries: [{ key: 1, value: 2 }] }));
    await fixture.mustBeReady(WEB, 90);
    await fixture.holds(fixture.provider.nodes, 'killed', { [u32(7)]: u32Pairs({ 1: 2 }) });
  });

  it('what was deleted meanwhile goes', async () => {
    await killAgent(fixture.provider, node());
    await fixture.delete('InnerMap/web');
    await fixture.mustBeReady('om/killed', 120);
    await fixture.holds(fixture.provider.nodes, 'killed', {});
  });
});
