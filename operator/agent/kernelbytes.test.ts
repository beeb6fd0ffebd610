import { expect } from 'chai';
import { kernelBytes } from '../core/layout/kernelbytes.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';

describe('turn, kernel memory in the report', () => {
  it('is that of the outer map and of each inner map, whatever is in them: one at several keys counts once', async () => {
    const inner = { type: 'Hash', maxEntries: 65_536, key: 'u32', value: 'u32' };
    let objects = new AgentFixture().outer('tenants', { inner });
    for (const key of [1, 2, 3, 4]) objects = objects.inner(`a/m${key}`, 'tenants', key, { 1: key });
    for (const key of [5, 6, 7]) objects = objects.inner(`a/m${key}`, 'tenants', key, { 9: 9 });
    const agent = await startedAgent(new FakeMachine().openKernel(), objects);
    const [state] = (await agent.turn()).report.state.outerMaps;
    const spec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 65_536, flags: 0 } as const;
    const outer = { ...spec, type: 'HashOfMaps', maxEntries: 64 } as const;
    expect(state).to.include({ innerMaps: 7, distinct: 5, entries: 7, bytes: 56 });
    expect(state!.kernelBytes).to.equal(
      kernelBytes({ spec: outer, entries: 7, possibleCpus: 2 }) +
        5 * kernelBytes({ spec, entries: 1, possibleCpus: 2 }),
    );
    expect(state!.kernelBytes).to.be.within(25e6, 28e6);
  });
});
