import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { mustAnswer } from '../../must.ts';
import { agentPods, rightsOf } from '../support/agents.ts';
import { SYSTEM } from '../support/logs.ts';
import { describeScenario } from '../support/scenario.ts';

/** include/uapi/linux/capability.h: CAP_BPF is 39. */
const CAP_BPF = (1n << 39n).toString(16).padStart(16, '0');
const NONE = '0'.repeat(16);
const WEB = 'im/e2e-capabilities.web';
const WITHOUT_BPF = [
  { op: 'remove', path: '/spec/template/spec/containers/0/securityContext/capabilities/add' },
];

describeScenario(import.meta.filename, 'pods have exactly the rights that the chart declares', fixture => {
  for (const [title, capabilities, uid] of [
    ['innermap agent', CAP_BPF, '0'],
    ['innermap controller', NONE, '65532'],
  ] as const)
    it(`${title}: its capabilities, its user, no way to more, seccomp, a root that it cannot write`, async () => {
      const found = await rightsOf(fixture.provider, title);
      expect(found.length).to.be.at.least(1);
      for (const status of found)
        expect(status).to.deep.include({
          CapPrm: capabilities,
          CapEff: capabilities,
          CapBnd: capabilities,
          CapAmb: NONE,
          Uid: uid,
          NoNewPrivs: '1',
          Seccomp: '2',
          root: 'ro',
        });
    });

  it('without CAP_BPF an agent says so, and no other is replaced', async () => {
    await fixture.apply();
    await fixture.mustBeReady(WEB);
    const before = await agentPods(fixture.kubectl);
    const patch = ['patch', 'daemonset', 'innermap-agent', '-n', SYSTEM, '--type=json', '-p'];
    await fixture.kubectl.must([...patch, JSON.stringify(WITHOUT_BPF)]);
    const added = await mustAnswer('an agent without CAP_BPF', () => agentPods(fixture.kubectl), {
      expected: pods =>
        pods.some(({ name, restarts }) => !before.some(each => each.name === name) && restarts > 0),
    });
    const { name } = added.find(pod => !before.some(each => each.name === pod.name))!;
    const log = await fixture.kubectl.must(['logs', '-n', SYSTEM, name, '--previous']);
    expect(log).to.contain('this process needs CAP_BPF');
    expect(added.filter(pod => before.some(each => each.name === pod.name))).to.have.length(
      before.length - 1,
    );
    await fixture.holds(fixture.provider.nodes, 'capabilities', { [u32(7)]: u32Pairs({ 1: 1 }) });
  });

  it('the chart puts it right', async () => {
    await fixture.clusterFixture.install();
    const found = await rightsOf(fixture.provider, 'innermap agent');
    expect(found.map(({ CapEff }) => CapEff)).to.deep.equal(fixture.provider.nodes.map(() => CAP_BPF));
    await fixture.apply(fixture.object('InnerMap/web', { entries: [{ key: 1, value: 2 }] }));
    await fixture.mustBeReady(WEB);
    await fixture.holds(fixture.provider.nodes, 'capabilities', { [u32(7)]: u32Pairs({ 1: 2 }) });
  });
});
