import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { agentOn, killAgent, mustHaveRestarted, restartsOf } from '../support/agents.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-killed.web';

describeScenario(import.meta.filename, 'an agent that is killed leaves its maps in place', scene => {
  const node = () => scene.provider.workers[0]!;

  it('the maps are the same before, meanwhile and after', async () => {
    await scene.apply();
    await scene.mustBeReady(WEB);
    const before = await scene.witness.ids(node(), 'killed');
    const restarts = restartsOf(await agentOn(scene.kubectl, node()));
    await killAgent(scene.provider, node());
    expect(await scene.witness.ids(node(), 'killed')).to.deep.equal(before);
    await scene.holds([node()], 'killed', { [u32(7)]: u32Pairs({ 1: 1 }) });
    await mustHaveRestarted(scene.kubectl, node(), restarts + 1);
    expect(await scene.witness.ids(node(), 'killed')).to.deep.equal(before);
  });

  it('what was changed meanwhile is in its kernel when the status says so', async () => {
    await killAgent(scene.provider, node());
    await scene.apply(scene.object('InnerMap/web', { entries: [{ key: 1, value: 2 }] }));
    await scene.mustBeReady(WEB, 90);
    await scene.holds(scene.provider.nodes, 'killed', { [u32(7)]: u32Pairs({ 1: 2 }) });
  });

  it('what was deleted meanwhile goes', async () => {
    await killAgent(scene.provider, node());
    await scene.delete('InnerMap/web');
    await scene.mustBeReady('om/killed', 120);
    await scene.holds(scene.provider.nodes, 'killed', {});
  });
});
