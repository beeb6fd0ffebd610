import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';

const EVERYTHING = { resync: true, contentShare: 1 };
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [at, at]));

function declared(count: number, inner: object = {}, spec: object = {}): AgentFixture {
  const lru = { type: 'LRUHash', maxEntries: 1000, key: 'u32', value: 'u32', ...inner };
  return new AgentFixture()
    .outer('cache', { inner: lru })
    .inner('team-a/web', 'cache', 7, pairs(count), spec);
}

describe('turn, an LRU map that keeps fewer entries than are declared', () => {
  for (const [what, inner, spec, held] of [
    ['in place', {}, {}, 975],
    ['by a swap', {}, { update: 'Swap' }, 975],
    ['with a list for each CPU', { flags: ['NoCommonLRU'] }, {}, 500],
  ] as const)
    it(`${what} is Evicted, with both numbers, and is not written again and again`, async () => {
      const machine = new FakeMachine();
      const agent = await startedAgent(machine.openKernel(), declared(1000, inner, spec));
      const { report } = await agent.turn();
      expect(report.innerMaps).to.have.length(1);
      const [evicted] = report.innerMaps;
      expect(evicted).to.include({ name: 'web', reason: 'Evicted', ready: false, entries: 1000 });
      expect(evicted!.message).to.match(
        new RegExp(`^Holds ${held} of 1000 entries: .* above 1000, or declare`),
      );
      expect(report.state.outerMaps[0]).to.include({ innerMaps: 0, entries: held, failuresTotal: 1 });
      const before = machine.mutations;
      for (let turns = 0; turns < 3; turns += 1) {
        const again = await agent.turn(undefined, EVERYTHING);
        expect(again.report.innerMaps.map(({ reason }) => reason)).to.deep.equal(['Evicted']);
      }
      expect(machine.mutations, 'nothing is written').to.equal(before);
    });

  it('is as declared once fewer are', async () => {
    const agent = await startedAgent(new FakeMachine().openKernel(), declared(1000));
    await agent.turn();
    const { report } = await agent.turn(declared(900, {}, { update: 'Swap' }));
    expect(report.innerMaps).to.deep.equal([]);
    expect(report.state.outerMaps[0]).to.include({ innerMaps: 1, entries: 900, failuresTotal: 0 });
  });
});
