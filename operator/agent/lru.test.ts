import { expect } from 'chai';
import type { Edit } from '../kernel/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { type Acting, AgentFixture, startedAgent } from './testing/fixture.ts';

const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [at, at]));

function declared(count: number, inner: object = {}, spec: object = {}): AgentFixture {
  const lru = { type: 'LRUHash', maxEntries: 1000, key: 'u32', value: 'u32', ...inner };
  return new AgentFixture()
    .outer('cache', { inner: lru })
    .inner('team-a/web', 'cache', 7, pairs(count), spec);
}

const INNER = '/sys/fs/bpf/innermap/cache/inner/07000000';
const OUTER = '/sys/fs/bpf/innermap/cache/outer';

async function started(fixture: AgentFixture): Promise<{ machine: FakeMachine; acting: Acting }> {
  const machine = new FakeMachine();
  const acting = await startedAgent(machine.openKernel(), fixture);
  await acting.turn();
  return { machine, acting };
}

interface Flows {
  readonly from: number;
  readonly to: number;
  /** The number of each where none is given. */
  readonly value?: number;
}

/** Programs write entries from one number to below another. */
function writeFlows(machine: FakeMachine, { from, to, value }: Flows): Promise<void> {
  const keys = numbers(from, to);
  const values = value === undefined ? keys : keys.map(() => value);
  return edit(machine, {
    upserts: { count: to - from, keys: bytesOf(keys), values: bytesOf(values) },
    deletes: new Uint8Array(0),
  });
}

function deleteFlows(machine: FakeMachine, { from, to }: Flows): Promise<void> {
  const none = new Uint8Array(0);
  return edit(machine, {
    upserts: { count: 0, keys: none, values: none },
    deletes: bytesOf(numbers(from, to)),
  });
}

async function edit(machine: FakeMachine, edits: Edit): Promise<void> {
  const kernel = machine.openKernel();
  const inner = kernel.open(INNER);
  await kernel.edit(inner, edits);
  inner.close();
}

function numbers(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, at) => from + at);
}

function bytesOf({ buffer }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer);
}

/** The declared keys that are there: those below 1,000. */
function heldOf(machine: FakeMachine): readonly string[] {
  const keys = Object.keys(machine.dump(OUTER)['07000000']!);
  const numberOf = (key: string) => Buffer.from(key, 'hex').readUInt32LE();
  return keys.filter(key => numberOf(key) < 1000).toSorted();
}

async function expectLeftAlone(machine: FakeMachine, acting: Acting): Promise<void> {
  const before = machine.mutations;
  for (let turns = 0; turns < 3; turns += 1) await acting.resync();
  expect(machine.mutations, 'nothing is written').to.equal(before);
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
      await expectLeftAlone(machine, agent);
      const again = await agent.resync();
      expect(again.report.innerMaps.map(({ reason }) => reason)).to.deep.equal(['Evicted']);
    });

  it('gets back what programs evict later, and is then left alone', async () => {
    const { machine, acting } = await started(declared(1000));
    await writeFlows(machine, { from: 1000, to: 1900 });
    expect(heldOf(machine)).to.have.length(75);
    const { plan } = await acting.resync();
    expect(plan.evicted).to.equal(900);
    expect(heldOf(machine)).to.have.length(900);
    await expectLeftAlone(machine, acting);
  });

  for (const [what, flows] of [
    ['evict one', { from: 1000, to: 1001 }],
    ['change one', { from: 999, to: 1000, value: 7 }],
  ] as const)
    it(`with a list for each CPU keeps its half when programs ${what}`, async () => {
      const { machine, acting } = await started(declared(1000, { flags: ['NoCommonLRU'] }));
      const before = new Set(heldOf(machine));
      await writeFlows(machine, flows);
      await acting.resync();
      const after = heldOf(machine);
      expect(after.filter(key => !before.has(key)).length).to.be.at.most(1);
      expect(after.length).to.be.at.least(498);
      await expectLeftAlone(machine, acting);
    });

  it('keeps its half when only labels change', async () => {
    const { machine, acting } = await started(declared(1000, { flags: ['NoCommonLRU'] }));
    const before = heldOf(machine);
    await acting.turn(declared(1000, { flags: ['NoCommonLRU'] }));
    expect(heldOf(machine)).to.deep.equal(before);
  });

  it('is whole again where programs evicted some right after it was written, and have let theirs go', async () => {
    const machine = new FakeMachine();
    const kernel = machine.openKernel();
    const acting = await startedAgent(kernel, declared(100));
    const { readInner } = kernel;
    kernel.readInner = async requests => {
      kernel.readInner = readInner;
      await writeFlows(machine, { from: 1000, to: 1880 });
      return kernel.readInner(requests);
    };
    const { report } = await acting.turn();
    expect(report.innerMaps[0]?.message).to.match(/^Holds 95 of 100 entries/);
    await expectLeftAlone(machine, acting);
    await deleteFlows(machine, { from: 1870, to: 1880 });
    await acting.resync();
    expect(heldOf(machine)).to.have.length(100);
    expect((await acting.turn()).report.innerMaps).to.deep.equal([]);
  });

  it('is as declared once fewer are', async () => {
    const agent = await startedAgent(new FakeMachine().openKernel(), declared(1000));
    await agent.turn();
    const { report } = await agent.turn(declared(900, {}, { update: 'Swap' }));
    expect(report.innerMaps).to.deep.equal([]);
    expect(report.state.outerMaps[0]).to.include({ innerMaps: 1, entries: 900, failuresTotal: 0 });
  });
});
