import { expect } from 'chai';
import type { InnerAddress } from '../../kernel/kernel.ts';
import { u32 } from '../../kernel/testing/contract/fixture.ts';
import type { FakeKernel } from '../../kernel/testing/fake/kernel.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { type Acting, AgentFixture, startedAgent } from '../testing/fixture.ts';

const CONTENTS = { resync: false, contentShare: 1 };

/** A kernel that walks no inner maps. */
async function started(
  fixture: AgentFixture,
): Promise<{ kernel: FakeKernel; agent: Acting; read: InnerAddress[] }> {
  const kernel = new FakeMachine().openKernel();
  kernel.asExpected = async (_, { inners }) => new Uint8Array(inners.length);
  const agent = await startedAgent(kernel, fixture);
  await agent.turn();
  const read: InnerAddress[] = [];
  const { readInner } = kernel;
  kernel.readInner = addresses => {
    read.push(...addresses);
    return readInner.call(kernel, addresses);
  };
  return { kernel, agent, read };
}

const PIN = (key: number) => `/sys/fs/bpf/innermap/tenants/inner/0${key}000000`;

describe('verified', () => {
  const values = 'struct { u32 limit; u32 hits; }';
  const owned = { type: 'Hash', maxEntries: 4, key: 'u32', value: values, programOwned: ['hits'] };
  const tenants = new AgentFixture()
    .outer('tenants', { inner: owned })
    .inner('a/sealed', 'tenants', 1, { 1: { limit: 1 } }, { update: 'Swap', sealed: true })
    .inner('a/atleast', 'tenants', 2, { 1: { limit: 2 } }, { content: 'AtLeast' })
    .inner('a/empty', 'tenants', 3, {});

  async function write(kernel: FakeKernel, key: number, words: readonly number[]): Promise<void> {
    const map = kernel.open(PIN(key));
    const [entry = 0, ...value] = words;
    await kernel.edit(map, {
      upserts: { count: 1, keys: u32(entry), values: u32(...value) },
      deletes: u32(),
    });
    map.close();
  }

  it('what is as declared is not read whole, whether this process wrote it or found it', async () => {
    const { kernel, agent, read } = await started(tenants);
    await write(kernel, 2, [1, 2, 77]);
    await write(kernel, 2, [9, 9, 9]);
    expect((await agent.turn(undefined, CONTENTS)).plan.steps).to.be.empty;
    const again = await startedAgent(kernel, tenants);
    expect((await again.turn()).plan.steps).to.be.empty;
    expect(read).to.be.empty;
    expect([...again.agent.memory.outers.get('tenants')!.programmed.keys()]).to.have.length(3);
  });

  it('what differs is read, and nothing else', async () => {
    const { kernel, agent, read } = await started(tenants);
    await write(kernel, 3, [5, 0, 0]);
    const { plan } = await agent.turn(undefined, CONTENTS);
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['edit']);
    expect(read).to.deep.equal([{ pin: PIN(3) }]);
    read.length = 0;
    expect((await agent.turn(undefined, CONTENTS)).plan.steps).to.be.empty;
    expect(read).to.be.empty;
  });

  it('what is to be edited is read at once, and asked nothing before', async () => {
    const { kernel, agent, read } = await started(tenants);
    const asked: number[] = [];
    const { verify } = kernel;
    kernel.verify = (expected, mask) => {
      asked.push(...expected.map(({ id }) => id));
      return verify.call(kernel, expected, mask);
    };
    await agent.turn(tenants.inner('a/empty', 'tenants', 3, { 7: { limit: 7 } }));
    expect(read).to.deep.equal([{ pin: PIN(3) }]);
    expect(asked).to.be.empty;
  });
});
