import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { type Acting, AgentFixture, startedAgent } from './testing/fixture.ts';

const PIN = '/sys/fs/bpf/tenants';
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [at, 1]));

interface Given {
  readonly token?: string;
  readonly [field: string]: unknown;
}

/** `a/web` at key 7 with so many entries, and a neighbour; the inner maps are of u32 and what is given. */
function fixtureOf(count: number, { token, ...inner }: Given = {}): AgentFixture {
  const template = { type: 'Hash', maxEntries: 256, key: 'u32', value: 'u32', ...inner };
  const metadata = token === undefined ? {} : { annotations: { 'innermap.io/recreate': token } };
  return new AgentFixture()
    .outer('tenants', { pin: 'tenants', inner: template }, metadata)
    .inner('a/web', 'tenants', 7, pairs(count))
    .inner('b/other', 'tenants', 8, pairs(30));
}

async function tokenOf(acting: Acting, fixture: AgentFixture): Promise<string> {
  const { report } = await acting.turn(fixture);
  return /innermap\.io\/recreate: ([0-9a-f]{12}) /.exec(report.outerMaps[0]!.message)![1]!;
}

/** What was declared, with the layout and the number of entries of the new one. */
const CHANGES: readonly (readonly [string, Given, Given])[] = [
  ['another value', {}, { value: 'u64' }],
  ['another type of the inner maps', {}, { type: 'PerCPUHash' }],
  ['a key of another size', {}, { key: 'u64' }],
  ['a key of another byte order', {}, { key: 'be32' }],
  ['an Array made a Hash', { type: 'Array' }, { type: 'Hash' }],
];

describe('turn, making an outer map anew, and the brake on entries', () => {
  for (const [what, before, after] of CHANGES)
    for (const restarted of [false, true])
      it(`${what}${restarted ? ', after a restart' : ''}: waits while an InnerMap loses too many entries, until its token is set`, async () => {
        const machine = new FakeMachine();
        const first = await startedAgent(machine.openKernel(), fixtureOf(40, before));
        await first.turn();
        const found = machine.dump(PIN);
        const token = await tokenOf(first, fixtureOf(40, after));
        const fewer = fixtureOf(5, { ...after, token });
        const acting = restarted ? await startedAgent(machine.openKernel(), fewer) : first;
        const { plan, report } = await acting.turn(fewer);
        const [held, ...others] = plan.heldEntries;
        expect([plan.steps, others]).to.deep.equal([[], []]);
        expect(held).to.include({ entries: 35, of: 40 });
        expect(report.outerMaps[0]).to.include({ reason: 'LayoutMismatch', ready: false });
        expect(report.outerMaps[0]!.message).to.contain(
          `InnerMap a/web would lose 35 of 40 entries, more than maxRemoval lets go at once; if it is meant, release them by the annotation innermap.io/release-removal: ${held!.token}`,
        );
        const reasons = report.innerMaps.map(({ name, reason }) => [name, reason]);
        expect(reasons).to.deep.equal([
          ['web', 'RemovalHeld'],
          ['other', 'Pending'],
        ]);
        expect(machine.dump(PIN)).to.deep.equal(found);
        await acting.turn(fewer.released(held!.token));
        expect(machine.dump(PIN)).to.deep.equal(fewer.contents('tenants'));
        expect((await acting.resync()).plan).to.deep.include({ steps: [], heldEntries: [] });
      });

  it('counts neither what is declared in another way, nor what another InnerMap had', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), fixtureOf(40));
    await acting.turn();
    const token = await tokenOf(acting, fixtureOf(40, { key: 'be32' }));
    const anew = fixtureOf(40, { key: 'be32', token })
      .without('b/other')
      .inner('c/heir', 'tenants', 8, { 1: 1 });
    await acting.turn(anew);
    expect(machine.dump(PIN)).to.deep.equal(anew.contents('tenants'));
  });

  it('keeps the token of what was held before, and goes on once the entries are declared again', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), fixtureOf(40));
    await acting.turn();
    const [held] = (await acting.turn(fixtureOf(5))).plan.heldEntries;
    expect(held).to.include({ entries: 35, of: 40 });
    const token = await tokenOf(acting, fixtureOf(5, { value: 'u64' }));
    const { plan } = await acting.turn(fixtureOf(5, { value: 'u64', token }));
    expect(plan.heldEntries[0]).to.include({ token: held!.token });
    const anew = fixtureOf(40, { value: 'u64', token });
    await acting.turn(anew);
    expect(machine.dump(PIN)).to.deep.equal(anew.contents('tenants'));
  });
});
