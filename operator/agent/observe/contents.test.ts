import { expect } from 'chai';
import { ledgerPaths } from '../../core/ledgerrecord.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { loopDuring } from '../../testing/loop.ts';
import { AgentFixture, startedAgent } from '../testing/fixture.ts';
import { lookBack } from './lookback.ts';

const EVERYTHING = { resync: true, contentShare: 1 };

describe('contents of many inner maps', () => {
  it('lookBack lets the event loop go on between large ones', async () => {
    const entries = Object.fromEntries(Array.from({ length: 8_000 }, (_, at) => [at, at]));
    const agent = await startedAgent(new FakeMachine().openKernel(), lruMaps(8, 10_000, entries));
    const { kernel, memory } = agent.agent;
    const written = (await agent.turn()).outcomes.filter(({ step }) => step.verb === 'insert');
    const outcomes = Array.from({ length: 60 }, () => written).flat();
    // The fake reads on the event loop: it has read before
    const { inner } = ledgerPaths(kernel.pins.root, 'cache');
    const pins = kernel.pins.list(inner).map(name => `${inner}/${name}`);
    const read = await kernel.readInner(pins.map(pin => ({ pin })));
    const known = new Map(pins.map((pin, at) => [pin, read[at]!]));
    kernel.readInner = async addresses =>
      addresses.map(address => known.get('pin' in address ? address.pin : '')!);
    const lookedBack = () => lookBack(kernel, memory, { desired: memory.desired!.is, outcomes });
    const { turns } = await loopDuring(lookedBack);
    // Counted and not timed: on a busy machine one turn takes as long as all should
    expect(turns).to.be.greaterThan(4);
  });

  it('are read in groups that have a bound in bytes', async () => {
    const groups: number[] = [];
    const kernel = new FakeMachine().openKernel();
    const readInner = kernel.readInner.bind(kernel);
    kernel.readInner = addresses => {
      groups.push(addresses.length);
      return readInner(addresses);
    };
    // 8 MiB each
    const agent = await startedAgent(kernel, lruMaps(24, 1 << 20, { 1: 1 }));
    await agent.turn();
    expect(groups, 'looked back at').to.deep.equal([4, 4, 4, 4, 4, 4]);
    groups.length = 0;
    kernel.verify = async expected => new Uint8Array(expected.length);
    await agent.turn(undefined, EVERYTHING);
    expect(groups, 'observed').to.deep.equal([4, 4, 4, 4, 4, 4]);
  });
});

function lruMaps(count: number, maxEntries: number, entries: Record<string, number>): AgentFixture {
  const inner = { type: 'LRUHash', maxEntries, key: 'u32', value: 'u32' };
  let fixture = new AgentFixture().outer('cache', { inner });
  for (let key = 0; key < count; key += 1)
    fixture = fixture.inner(`team-a/web-${key}`, 'cache', key, entries);
  return fixture;
}
