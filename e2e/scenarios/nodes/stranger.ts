import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import type { ObjectStatus } from '../../cluster/support/objectstatus.ts';
import { mustAnswer } from '../../must.ts';
import { SYSTEM } from '../support/logs.ts';
import { podsOf } from '../support/pods.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-stranger.web';
/** As a virtual kubelet's: a Node that no kubelet of this kind answers for, so the DaemonSet's Pod is bound and never starts. */
const STRANGER = 'e2e-stranger';

describeScenario(import.meta.filename, 'a node that can never run an agent', fixture => {
  const podOfStranger = () =>
    podsOf(fixture.kubectl, {
      namespace: SYSTEM,
      label: 'app.kubernetes.io/component=agent',
      fields: `spec.nodeName=${STRANGER}`,
    });

  after(async () => {
    const { kubectl } = fixture;
    await kubectl.run(['delete', 'node', STRANGER, '--ignore-not-found']);
    for (const { metadata } of await podOfStranger())
      await kubectl.run(['delete', 'pod', '-n', SYSTEM, metadata.name, '--force', '--ignore-not-found']);
  });

  it('holds up no InnerMap, and is named', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: STRANGER } };
    await fixture.kubectl.must(['create', '-f', '-'], JSON.stringify(node));
    const room = { cpu: '4', memory: '8Gi', pods: '110' };
    const patch = JSON.stringify({ status: { capacity: room, allocatable: room } });
    await fixture.kubectl.must(['patch', 'node', STRANGER, '--subresource=status', '-p', patch]);
    await mustAnswer('the DaemonSet gives it a Pod', podOfStranger, { expected: pods => pods.length === 1 });
    await fixture.apply();
    await fixture.mustBeReady(WEB);
    const nodes = fixture.provider.nodes;
    const { status } = await fixture.mustFind<{ readonly status?: ObjectStatus }>(
      WEB,
      found => found.status?.nodes['withoutAgent'] === 1,
    );
    expect(status!.nodes).to.include({
      ...{ desired: nodes.length, ready: nodes.length, unknown: 0 },
      summary: `${nodes.length}/${nodes.length}`,
    });
    const ready = status!.conditions.find(({ type }) => type === 'Ready');
    expect(ready?.message).to.contain(`no agent has reported from 1 node: ${STRANGER}`);
    await fixture.holds(nodes, 'stranger', { [u32(7)]: u32Pairs({ 1: 1 }) });
  });
});
