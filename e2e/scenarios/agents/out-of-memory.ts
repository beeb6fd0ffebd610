import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { agentOn, restartsOf } from '../support/agents.ts';
import { describeScenario } from '../support/scenario.ts';

const HUGE = 'im/e2e-memory.huge';
const SMALL = { [u32(7)]: u32Pairs({ 0: 1 }) };

describeScenario(
  import.meta.filename,
  'what the agent’s memory does not allow is told, and the rest goes on',
  scene => {
    const nodes = () => scene.provider.nodes;
    const restarts = () =>
      Promise.all(nodes().map(async node => restartsOf(await agentOn(scene.kubectl, node))));

    it('one that is too large is refused by the kernel, and named', async () => {
      const before = await restarts();
      await scene.apply();
      const { message } = await scene.mustTell(HUGE, 'Ready', { status: 'False', reason: 'OutOfMemory' });
      expect(message).to.contain('memory');
      await scene.mustBeReady('im/e2e-memory.small');
      await scene.holds(nodes(), 'out-of-memory', SMALL);
      expect(await restarts(), 'an agent was killed').to.deep.equal(before);
    });

    it('made smaller, it is there', async () => {
      await scene.apply(scene.object('InnerMap/huge', { maxEntries: 16 }));
      await scene.mustBeReady(HUGE);
      await scene.holds(nodes(), 'out-of-memory', { ...SMALL, [u32(8)]: u32Pairs({ 0: 1 }) });
    });
  },
);
