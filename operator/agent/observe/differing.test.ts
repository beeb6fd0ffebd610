import { expect } from 'chai';
import type { InnerAddress, Kernel, OpenMap } from '../../kernel/kernel.ts';
import { u32 } from '../../kernel/testing/contract/fixture.ts';
import type { FakeKernel } from '../../kernel/testing/fake/kernel.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from '../testing/fixture.ts';
import { SELDOM } from './dueinners.ts';

const CONTENTS = { resync: false, contentShare: 1 };
const ALL = ['team-a/web-0', 'team-a/web-1', 'team-a/web-2'];

describe('differingShares', () => {
  it('what was proven is not read again, whether this process wrote it or found it', async () => {
    const kernel = new FakeMachine().openKernel();
    for (let start = 0; start < 2; start += 1) {
      const agent = await startedAgent(kernel, tenants());
      await agent.turn();
      const read = reading(kernel);
      for (let turn = 0; turn < 2; turn += 1)
        expect((await agent.turn(undefined, CONTENTS)).plan.steps).to.be.empty;
      expect(read).to.be.empty;
    }
  });

  it('what somebody wrote is read, told and repaired, and nothing else is read', async () => {
    const kernel = new FakeMachine().openKernel();
    const agent = await startedAgent(kernel, tenants());
    await agent.turn();
    const pin = pinOf(kernel, 'tenants', 1);
    const map = kernel.open(pin);
    await kernel.edit(map, { upserts: { count: 1, keys: u32(1), values: u32(7) }, deletes: u32() });
    map.close();
    const read = reading(kernel);
    const { plan, report } = await agent.turn(undefined, CONTENTS);
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['replace']);
    expect(read).to.deep.equal([{ pin }]);
    expect(report.state.drift).to.deep.include({ found: 1, repaired: 1 });
    read.length = 0;
    expect((await agent.turn(undefined, CONTENTS)).plan.steps).to.be.empty;
    expect(read).to.be.empty;
  });

  it('bytes that a program owns do not count', async () => {
    const kernel = new FakeMachine().openKernel();
    const value = 'struct { u32 limit; u32 seen; }';
    const inner = { type: 'Hash', maxEntries: 4, key: 'u32', value, programOwned: ['seen'] };
    const fixture = new AgentFixture()
      .outer('limits', { inner })
      .inner('a/b', 'limits', 1, { 1: { limit: 5 } });
    const agent = await startedAgent(kernel, fixture);
    await agent.turn();
    const map = kernel.open(pinOf(kernel, 'limits', 1));
    const read = reading(kernel);
    await kernel.edit(map, { upserts: { count: 1, keys: u32(1), values: u32(5, 99) }, deletes: u32() });
    expect((await agent.turn(undefined, CONTENTS)).plan.steps).to.be.empty;
    expect(read).to.be.empty;
    await kernel.edit(map, { upserts: { count: 1, keys: u32(1), values: u32(6, 99) }, deletes: u32() });
    map.close();
    expect((await agent.turn(undefined, CONTENTS)).plan.steps.map(({ verb }) => verb)).to.deep.equal([
      'edit',
    ]);
  });

  it('all is read where the kernel cannot walk', async () => {
    const kernel = new FakeMachine().openKernel();
    const agent = await startedAgent(kernel, tenants());
    await agent.turn();
    const read = reading(kernel);
    kernel.asExpected = async (_, { inners }) => new Uint8Array(inners.length);
    expect((await agent.turn(undefined, CONTENTS)).plan.steps).to.be.empty;
    expect(read).to.have.length(3);
  });

  it('nothing is proven by another outer map that is at the pin by now', async () => {
    const kernel = new FakeMachine().openKernel();
    const agent = await startedAgent(kernel, tenants());
    await agent.turn();
    const { spec } = kernel.open(`${kernel.pins.root}/innermap/tenants/outer`);
    const map = kernel.open(pinOf(kernel, 'tenants', 1));
    const another = kernel.createOuter(spec, map.spec, 'another');
    const declared = [0, 1, 2].map(key => kernel.open(pinOf(kernel, 'tenants', key)));
    const entries = { count: 2, keys: u32(1, 2), values: u32(2, 2) };
    const request = { spec: map.spec, name: 'alike', label: 'alike', entries, freeze: false };
    const built = await kernel.build([{ ...request, pins: [`${kernel.pins.root}/alike`] }]);
    await kernel.replace(another, u32(0, 1, 2), [declared[0]!, built[0] as OpenMap, declared[2]!]);
    await kernel.edit(map, { upserts: { count: 1, keys: u32(1), values: u32(7) }, deletes: u32() });
    const open = kernel.open.bind(kernel);
    kernel.open = () => {
      kernel.open = open;
      return another;
    };
    const { plan } = await agent.turn(undefined, CONTENTS);
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['replace']);
  });

  it('a map that somebody froze is replaced once it is to be edited', async () => {
    const machine = new FakeMachine();
    const fixture = tenants().inner('team-a/web-1', 'tenants', 1, { 1: 2, 2: 2 }, { update: 'InPlace' });
    const kernel = machine.openKernel();
    const agent = await startedAgent(kernel, fixture);
    await agent.turn();
    machine.map(kernel.open(pinOf(kernel, 'tenants', 1)).id)!.frozen = true;
    expect((await agent.turn(undefined, CONTENTS)).plan.steps).to.be.empty;
    const changed = fixture.inner('team-a/web-1', 'tenants', 1, { 1: 9, 2: 2 }, { update: 'InPlace' });
    const { outcomes } = await agent.turn(changed);
    expect(outcomes.map(({ ok, step }) => [ok, step.verb])).to.deep.equal([[true, 'replace']]);
    expect(machine.dump(`${kernel.pins.root}/innermap/tenants/outer`)).to.deep.equal(
      changed.contents('tenants'),
    );
  });

  it('a sealed map that programs may only read is looked at seldom, and is put right', async () => {
    for (const type of ['Hash', 'LPMTrie']) {
      const machine = new FakeMachine();
      const kernel = machine.openKernel();
      const inner = { type, maxEntries: 16, key: type === 'Hash' ? 'ipv4' : 'cidr4', value: 'u32' };
      const pairs = { [type === 'Hash' ? '10.0.0.0' : '10.0.0.0/8']: 1 };
      const fixture = new AgentFixture()
        .outer('routes', { inner: { ...inner, flags: ['NoPrealloc', 'ReadOnlyProg'] } })
        .inner('a/sealed', 'routes', 1, pairs, { sealed: true });
      const agent = await startedAgent(kernel, fixture);
      await agent.turn();
      const map = machine.map(kernel.open(pinOf(kernel, 'routes', 1)).id)!;
      // As a program that iterates over its entries can
      map.table.upsert(map.table.entries().keys, u32(7));
      const checks: string[] = [];
      for (let check = 0; check < 2 * SELDOM; check += 1) {
        const { plan } = await agent.turn(undefined, CONTENTS);
        checks.push(...plan.steps.map(({ verb, ...step }) => `${verb} ${'cause' in step ? step.cause : ''}`));
      }
      expect(checks).to.deep.equal(['replace drift']);
      expect(machine.dump(`${kernel.pins.root}/innermap/routes/outer`)).to.deep.equal(
        fixture.contents('routes'),
      );
    }
  });
});

function tenants(): AgentFixture {
  return ALL.reduce(
    (fixture, name, key) => fixture.inner(name, 'tenants', key, { 1: key + 1, 2: 2 }),
    new AgentFixture().outer('tenants'),
  );
}

function pinOf({ pins }: Kernel, outer: string, key: number): string {
  return `${pins.root}/innermap/${outer}/inner/0${key}000000`;
}

/** The inner maps that are read from now on, to be verified or whole. */
function reading(kernel: FakeKernel): InnerAddress[] {
  const read: InnerAddress[] = [];
  const { readInner, verify } = kernel;
  const note = (addresses: readonly InnerAddress[]) => {
    const known = new Set(read.map(address => JSON.stringify(address)));
    read.push(...addresses.filter(address => !known.has(JSON.stringify(address))));
  };
  kernel.readInner = addresses => {
    note(addresses);
    return readInner.call(kernel, addresses);
  };
  kernel.verify = (expected, mask) => {
    note(expected.map(({ address }) => address));
    return verify.call(kernel, expected, mask);
  };
  return read;
}
