import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { agentProcess } from '../support/agents.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-kubelet-restarted.web';
const PIN = 'kubelet-restarted';

describeScenario(import.meta.filename, 'a kubelet that crashes costs nothing', scene => {
  it('agent and maps stay, and changes go on', async () => {
    const node = scene.provider.workers[0]!;
    await scene.apply();
    await scene.mustBeReady(WEB);
    const before = await agentProcess(scene.provider, node);
    await scene.provider.killKubelet(node);
    await scene.apply(scene.object('InnerMap/web', { entries: [{ key: 1, value: 2 }] }));
    await scene.mustBeReady(WEB);
    await scene.mustHold(node, PIN, { [u32(7)]: u32Pairs({ 1: 2 }) });
    expect(await agentProcess(scene.provider, node)).to.equal(before);
    await scene.mustNodeBeReady(node);
  });
});
