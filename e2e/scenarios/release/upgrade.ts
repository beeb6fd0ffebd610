import { expect } from 'chai';
import { agentPods } from '../support/agents.ts';
import { endFirewalls, mustHaveFiltered, startFirewalls } from '../support/firewall.ts';
import { describeScenario } from '../support/scenario.ts';
import type { Traffic } from '../support/traffic.ts';

const PIN = 'upgrade';

describeScenario(import.meta.filename, 'while agents roll, packets flow as declared', fixture => {
  let firewalls: readonly Traffic[] = [];
  const ids = () => Promise.all(fixture.provider.nodes.map(node => fixture.witness.ids(node, PIN)));

  it('a firewall on every node', async () => {
    await fixture.apply('Namespace/e2e-upgrade', 'OuterMap/upgrade', 'InnerMap/passes', 'InnerMap/stopped');
    await fixture.mustBeReady('om/upgrade');
    firewalls = await startFirewalls(fixture, 'e2e-upgrade');
  });

  it('helm upgrade replaces every agent: no packet is lost, none passes that must not, no map is another', async () => {
    const [before, pods] = [await ids(), await agentPods(fixture.kubectl)];
    await Promise.all(firewalls.map(each => each.report(true)));
    await fixture.clusterFixture.install('logLevel=debug');
    const now = await agentPods(fixture.kubectl);
    expect(now.filter(({ name }) => pods.some(pod => pod.name === name))).to.deep.equal([]);
    await mustHaveFiltered(firewalls);
    expect(await ids()).to.deep.equal(before);
    await fixture.mustBeReady('om/upgrade');
  });

  it('helm rollback does the same', async () => {
    const before = await ids();
    await Promise.all(firewalls.map(each => each.report(true)));
    await fixture.clusterFixture.rollback();
    await mustHaveFiltered(firewalls);
    expect(await ids()).to.deep.equal(before);
    await fixture.mustBeReady('om/upgrade');
  });

  after(() => endFirewalls(fixture, ['upgrade-prog']));
});
