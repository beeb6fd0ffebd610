import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { type Acting, type AgentFixture, startedAgent } from '../agent/testing/fixture.ts';
import { twoTenants } from '../agent/testing/tenants.ts';
import { MachineFixture } from './testing/machinefixture.ts';

const ROOT = '/sys/fs/bpf';
const REQUEST = `${ROOT}/innermap/~clean/tenants`;
const BY_AGENT = /^Removed 1 outer map of 1, by pid \d+.*: what is declared is made anew\n$/;

describe('clean OUTER beside a running agent', () => {
  let fixture: MachineFixture;
  const files = () => Object.keys(fixture.machine.files());

  beforeEach(async () => {
    fixture = new MachineFixture();
    await fixture.agent(twoTenants());
  });

  async function running(objects: AgentFixture): Promise<Acting> {
    const kernel = fixture.machine.openKernel();
    kernel.pins.lock(`${ROOT}/innermap`);
    const agent = await startedAgent(kernel, objects);
    await agent.turn();
    return agent;
  }

  /** The command waits for the agent's turn. */
  async function cleaned(agent: Acting) {
    const asked = fixture.commands.run('clean', 'tenants', '--yes');
    while (!files().includes(REQUEST)) await setImmediate();
    const turn = await agent.turn();
    return { turn, ...(await asked) };
  }

  it('the agent removes it, and makes anew what is declared', async () => {
    const agent = await running(twoTenants());
    const before = fixture.machine.files()[`${ROOT}/tenants`];
    const { turn, code, out, error } = await cleaned(agent);
    expect(code, error).to.equal(0);
    expect(error).to.match(BY_AGENT);
    expect(out).to.contain('2 inner maps');
    expect(turn.cleaned).to.deep.equal(['tenants']);
    expect(fixture.machine.files()[`${ROOT}/tenants`]).to.not.equal(before);
    expect(fixture.machine.dump(`${ROOT}/tenants`)).to.deep.equal(twoTenants().contents('tenants'));
    expect((await agent.resync()).plan.steps).to.deep.equal([]);
    expect(files().filter(name => name.includes('~clean'))).to.deep.equal([]);
  });

  it('one that nobody declares stays away', async () => {
    const agent = await running(twoTenants().without('tenants', 'a/web', 'b/web'));
    expect(agent.source.report!.state.retained).to.have.length(1);
    const { turn, code } = await cleaned(agent);
    expect(code).to.equal(0);
    expect(turn.report.state.retained ?? []).to.have.length(0);
    expect(files().filter(name => name.includes('tenants'))).to.deep.equal([]);
  });
});
