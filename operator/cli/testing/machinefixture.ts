import { expect } from 'chai';
import { AgentFixture, startedAgent } from '../../agent/testing/fixture.ts';
import { type FakeKernelOptions, FakeMachine } from '../../kernel/testing/fake/machine.ts';
import type { ClosableKernel } from '../command.ts';
import { CommandFixture } from './commandfixture.ts';
import { type Foreign, makeForeign } from './foreign.ts';

/** A machine, and a command line on it: each command is a process of its own. */
export class MachineFixture {
  readonly machine = new FakeMachine();
  readonly commands = new CommandFixture();

  constructor(options: FakeKernelOptions = {}) {
    this.commands.kernel = root => this.kernel({ root, ...options });
  }

  kernel(options: FakeKernelOptions = {}): ClosableKernel {
    const kernel = this.machine.openKernel(options);
    return Object.assign(kernel, {
      close: () => {
        expect(this.machine.openFds(kernel), 'fds left open by the command').to.equal(0);
        this.machine.kill(kernel);
      },
    });
  }

  /** One turn of an agent with these objects, and then ends. */
  async agent(objects: AgentFixture): Promise<void> {
    const kernel = this.machine.openKernel();
    await (await startedAgent(kernel, objects)).turn();
    this.machine.kill(kernel);
  }

  async foreign(foreign: Foreign): Promise<void> {
    const kernel = this.machine.openKernel();
    await makeForeign(kernel, foreign);
    this.machine.kill(kernel);
  }
}

/** A made outer map whose types show what decoding does. */
const TYPED = {
  key: 'ipv4',
  pin: 'xdp/tenants',
  inner: {
    type: 'Hash',
    maxEntries: 16,
    maxEntriesLimit: 32,
    key: 'struct { __be16 port; __u8 proto; }',
    value: 'struct { __u32 action; __u64 packets; }',
  },
};

export function tenants(): AgentFixture {
  return new AgentFixture()
    .outer('tenants', TYPED)
    .inner('team-a/web', 'tenants', '10.1.0.7', {
      'port=443,proto=6': { action: 1 },
      'port=53,proto=17': { action: 2, packets: 7 },
    })
    .inner('team-b/dns', 'tenants', '10.1.0.2', {}, { sealed: true, maxEntries: 32 });
}
