import { expect } from 'chai';
import type { Report } from '../core/report/report.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { run } from './run.ts';
import { Acting, AgentFixture, startedAgent } from './testing/fixture.ts';
import { twoTenants } from './testing/tenants.ts';
import { turnLog } from './turnlog.ts';

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };
const onNode = (text: string) => text.replace('/bpffs', '/sys/fs/bpf');

/** An agent in a container, where the node's bpffs is mounted elsewhere. */
async function inPod(machine: FakeMachine, fixture: AgentFixture): Promise<Acting> {
  const { agent, source } = await startedAgent(machine.openKernel({ root: '/bpffs' }), fixture);
  return new Acting({ ...agent, bpffsOnNode: '/sys/fs/bpf' }, source);
}

describe('turn, in a container', () => {
  it('reports the pin where programs of the node find it', async () => {
    const machine = new FakeMachine();
    const { report } = await (await inPod(machine, twoTenants())).turn();
    expect(report.state.outerMaps[0]?.pin).to.equal('/sys/fs/bpf/tenants');
    expect(report.outerMaps[0]?.pin).to.equal('/sys/fs/bpf/tenants');
    expect(machine.dump('/bpffs/tenants')).to.deep.equal(twoTenants().contents('tenants'));
  });

  it('reports what cannot be read or released by the node’s path', async () => {
    const machine = new FakeMachine();
    const acting = await inPod(
      machine,
      twoTenants().outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete' }),
    );
    machine.failNext('pin', 'EACCES', 1);
    const { state, outerMaps } = (await acting.turn()).report;
    expect(state.failures[0]?.message).to.match(/ \/sys\/fs\/bpf\/\S+: EACCES/);
    expect(state.conditions[0]?.message).to.match(/ \/sys\/fs\/bpf\/\S+: EACCES/);
    expect(JSON.stringify({ state, outerMaps })).not.to.contain('/bpffs');
    await acting.turn();
    machine.failNext('unlink', 'EACCES');
    const { report } = await acting.turn(new AgentFixture());
    expect(report.state.conditions[0]?.message).to.match(/ \/sys\/fs\/bpf\/\S+: EACCES/);
  });

  it('does so in the log too, and for a turn that failed', async () => {
    const machine = new FakeMachine();
    const { agent, source } = await inPod(machine, twoTenants());
    const stop = new AbortController();
    const messages: string[] = [];
    const publisher = {
      publish: async (report: Report) => {
        messages.push(report.state.conditions[0]!.message);
        if (messages.length > 1) stop.abort();
        source.read = () => Promise.reject(new Error('Cannot list /bpffs/innermap: EIO'));
      },
    };
    const log = { ...SILENT, error: (_: string, fields?: object) => messages.push(JSON.stringify(fields)) };
    const schedule = { resyncMs: 20, contentResyncMs: 20 };
    await run({ ...agent, publisher }, schedule, turnLog(log, onNode), stop.signal);
    expect(messages).to.have.length(3);
    for (const message of messages.slice(1))
      expect(message).to.contain('Cannot list /sys/fs/bpf/innermap: EIO');
  });
});
