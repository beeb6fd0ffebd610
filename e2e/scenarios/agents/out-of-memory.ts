import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { agentPods } from '../support/agents.ts';
import { describeScenario } from '../support/scenario.ts';

const HUGE = 'im/e2e-memory.huge';
const SMALL = { [u32(7)]: u32Pairs({ 0: 1 }) };
const MANY = Array.from({ length: 10 }, (_, number) => `large-${number}`);
/** It is tried again meanwhile. */
const RETRIED_MS = 8_000;

describeScenario(
  import.meta.filename,
  'what the agent’s memory does not allow is told, the rest goes on',
  fixture => {
    const nodes = () => fixture.provider.nodes;
    const agents = () => agentPods(fixture.kubectl);

    /** At the limit the kernel would kill the agent for any page of its own. */
    const unharmed = async (work: () => Promise<void>): Promise<void> => {
      const before = await agents();
      await work();
      await sleep(RETRIED_MS);
      expect(await agents(), 'an agent was killed').to.deep.equal(before);
    };

    it('one that is too large is refused, and named', () =>
      unharmed(async () => {
        await fixture.apply();
        const { message } = await fixture.mustTell(HUGE, 'Ready', { status: 'False', reason: 'OutOfMemory' });
        expect(message).to.contain('memory limit of this process');
        await fixture.mustBeReady('im/e2e-memory.small');
        await fixture.holds(nodes(), 'out-of-memory', SMALL);
      }));

    it('many that fit by themselves but not together: some are there, the others are named', () =>
      unharmed(async () => {
        // 64 MiB each in the kernel; equal ones would be one
        const template = fixture.object('InnerMap/small', { maxEntries: 800_000 });
        const large = MANY.map((name, number) => ({
          ...template,
          metadata: { ...template.metadata, name },
          spec: { ...template.spec, key: 100 + number, entries: [{ key: 0, value: 2 + number }] },
        }));
        await fixture.apply(...large);
        for (const name of MANY)
          await fixture.mustTell(`im/e2e-memory.${name}`, 'Programmed', { status: 'True' });
        const held = await fixture.witness.ids(nodes()[0]!, 'out-of-memory');
        expect(held?.size).to.be.within(2, MANY.length);
        await fixture.kubectl.must(['delete', 'im', '-n', 'e2e-memory', ...MANY]);
      }));

    it('made smaller, it is there', async () => {
      await fixture.apply(fixture.object('InnerMap/huge', { maxEntries: 16 }));
      await fixture.mustBeReady(HUGE);
      await fixture.holds(nodes(), 'out-of-memory', { ...SMALL, [u32(8)]: u32Pairs({ 0: 1 }) });
    });
  },
);
