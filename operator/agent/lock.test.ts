import { expect } from 'chai';
import { KernelError } from '../kernel/error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { failureOf } from '../kernel/testing/contract/fixture.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { type LedgerLock, onlyWriter } from './lock.ts';
import { type Acting, startedAgent } from './testing/fixture.ts';
import { LEDGER, removeBelow, twoTenants } from './testing/tenants.ts';

const ROOT = '/sys/fs/bpf';

describe('onlyWriter', () => {
  let machine: FakeMachine;
  beforeEach(() => {
    machine = new FakeMachine();
  });

  it('makes the directory anew where whoever held it took it away: innermap clean', async () => {
    const [cleaner, agent] = [machine.openKernel(), machine.openKernel()];
    cleaner.pins.makeDirectory(`${ROOT}/innermap`);
    const held = cleaner.pins.lock(`${ROOT}/innermap`);
    const waiting = (): void => {
      cleaner.pins.removeDirectory(`${ROOT}/innermap`);
      if (!('heldBy' in held)) held.release();
    };
    const lock = await onlyWriter(agent, waiting, new AbortController().signal);
    expect(lock).to.have.property('release');
  });

  it('makes a directory that nobody else may enter', async () => {
    await locked(machine.openKernel());
    expect(machine.outside(ROOT).modeOf(`${ROOT}/innermap`)).to.equal(0o700);
  });

  it('keep: takes the lock of a directory that was made anew, and says that it is another', async () => {
    const kernel = machine.openKernel();
    const lock = await locked(kernel);
    expect(lock.keep()).to.equal(true);
    machine.openKernel().pins.removeDirectory(`${ROOT}/innermap`);
    expect(lock.keep()).to.equal(false);
    expect(lock.keep()).to.equal(true);
    expect(machine.openKernel().pins.holder(`${ROOT}/innermap`)).to.be.a('string');
  });

  it('keep: throws while another holds the lock of the new directory, and names it', async () => {
    const lock = await locked(machine.openKernel());
    const other = machine.openKernel();
    other.pins.removeDirectory(`${ROOT}/innermap`);
    const theirs = await locked(other);
    for (let time = 0; time < 2; time++) {
      const error = failureOf(() => lock.keep());
      expect(error?.message).to.match(/removed, and pid \d+, innermap agent made and locked it anew/);
    }
    theirs.release();
    expect(lock.keep()).to.equal(false);
  });

  it('keep: throws while no bpffs is mounted, makes nothing, and goes on in another bpffs', async () => {
    const outside = machine.outside(ROOT);
    const lock = await locked(machine.openKernel());
    outside.unmount();
    expect(failureOf(() => lock.keep())?.errno).to.equal('EINVAL');
    expect(machine.files()).to.deep.equal({});
    outside.mount();
    expect(lock.keep()).to.equal(false);
  });
});

describe('turn', () => {
  it('of two agents, one writes: the other’s lock went with a ledger that somebody removed', async () => {
    const machine = new FakeMachine();
    const [first, second] = [await lockedAgent(machine), machine.openKernel()];
    await first.turn();
    removeBelow(second.pins, `${ROOT}/innermap`);
    second.pins.removeDirectory(`${ROOT}/innermap`);
    const theirs = await lockedAgent(machine, second);
    await theirs.turn();
    const mutations = machine.mutations;
    const stopped = await first.turn(twoTenants().inner('c/web', 'tenants', 3, {})).catch(error => error);
    expect(stopped).to.be.instanceOf(KernelError).with.property('errno', 'EBUSY');
    expect(machine.mutations, 'nothing was written').to.equal(mutations);
  });

  it('reads everything anew where another bpffs was mounted, and fills it', async () => {
    const machine = new FakeMachine();
    const acting = await lockedAgent(machine);
    await acting.turn();
    machine.outside(ROOT).unmount();
    expect(await acting.turn().catch(error => error)).to.have.property('errno', 'EINVAL');
    expect(machine.files()).to.deep.equal({});
    machine.outside(ROOT).mount();
    await acting.turn();
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    expect(machine.dump(`${ROOT}/tenants`)).to.deep.equal(twoTenants().contents('tenants'));
  });
});

async function locked(kernel: Kernel): Promise<LedgerLock> {
  const lock = await onlyWriter(
    kernel,
    holder => {
      throw new Error(`held by ${holder}`);
    },
    new AbortController().signal,
  );
  return lock!;
}

async function lockedAgent(machine: FakeMachine, kernel = machine.openKernel()): Promise<Acting> {
  const acting = await startedAgent(kernel, twoTenants());
  Object.assign(acting.agent, { lock: await locked(kernel) });
  return acting;
}
