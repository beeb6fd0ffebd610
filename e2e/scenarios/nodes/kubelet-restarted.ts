import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { agentProcess } from '../support/agents.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-kubelet-restarted.web';
const PIN = 'kubelet-restarted';

describeScenario(import.meta.filename, 'a kubelet that crashes costs nothing', fixture => {
  it('agent and maps stay, and changes go on', async () => {
    const node = fixture.provider.workers[0]!;
    await fixture.apply();
    await fixture.mustBeReady(WEB);
    const before = await agentProcess(fixture.provider, node);
    await fixture.provider.killKubelet(node);
    await fixture.apply(fixture.object('InnerMap/web', { entries: [{ key: 1, value: 2 }] }));
    await fixture.mustBeReady(WEB);
    await fixture.mustHold(node, PIN, { [u32(7)]: u32Pairs({ 1: 2 }) });
    expect(await agentProcess(fixture.provider, node)).to.equal(before);
    await fixture.mustNodeBeReady(node);
  });
});
