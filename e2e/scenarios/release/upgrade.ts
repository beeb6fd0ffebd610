import { expect } from 'chai';
import { agentPods } from '../support/agents.ts';
import { endFirewalls, mustHaveFiltered, startFirewalls } from '../support/firewall.ts';
import { describeScenario } from '../support/scenario.ts';
import type { Traffic } from '../support/traffic.ts';

const PIN = 'upgrade';

describeScenario(import.meta.filename, 'while agents roll, packets flow as declared', scene => {
  let firewalls: readonly Traffic[] = [];
  const ids = () => Promise.all(scene.provider.nodes.map(node => scene.witness.ids(node, PIN)));

  it('a firewall on every node', async () => {
    await scene.apply('Namespace/e2e-upgrade', 'OuterMap/upgrade', 'InnerMap/passes', 'InnerMap/stopped');
    await scene.mustBeReady('om/upgrade');
    firewalls = await startFirewalls(scene, 'e2e-upgrade');
  });

  it('helm upgrade replaces every agent: no packet is lost, none passes that must not, no map is another', async () => {
    const [before, pods] = [await ids(), await agentPods(scene.kubectl)];
    await Promise.all(firewalls.map(each => each.report(true)));
    await scene.ground.install('logLevel=debug');
    const now = await agentPods(scene.kubectl);
    expect(now.filter(({ name }) => pods.some(pod => pod.name === name))).to.deep.equal([]);
    await mustHaveFiltered(firewalls);
    expect(await ids()).to.deep.equal(before);
    await scene.mustBeReady('om/upgrade');
  });

  it('helm rollback does the same', async () => {
    const before = await ids();
    await Promise.all(firewalls.map(each => each.report(true)));
    await scene.ground.rollback();
    await mustHaveFiltered(firewalls);
    expect(await ids()).to.deep.equal(before);
    await scene.mustBeReady('om/upgrade');
  });

  after(() => endFirewalls(scene, ['upgrade-prog']));
});
