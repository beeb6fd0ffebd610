import { expect } from 'chai';
import { AgentFixture, startedAgent } from '../agent/testing/fixture.ts';
import { twoTenants } from '../agent/testing/tenants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { refusalOf } from '../testing/refusal.ts';
import { ledgerNamed } from './ledger.ts';
import { removalOf, removeLedger } from './removal.ts';

const BPFFS = '/sys/fs/bpf';
const LEDGER = `${BPFFS}/innermap/tenants`;
const OUTER = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 } as const;
const INNER = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 } as const;
const ADOPTING = { pin: 'tenants', provision: 'Adopt' };

/** A machine after an agent's turn; with Adopt, another made the outer map. */
async function machineAfter(spec: object = { pin: 'tenants' }): Promise<FakeMachine> {
  const machine = new FakeMachine();
  if ('provision' in spec) {
    const owner = machine.openKernel();
    owner.pins.pin(owner.createOuter(OUTER, INNER, 'tenants'), `${BPFFS}/tenants`, 0o600);
    machine.kill(owner);
  }
  await (await startedAgent(machine.openKernel(), twoTenants().outer('tenants', spec))).turn();
  return machine;
}

function names(machine: FakeMachine): readonly string[] {
  return Object.keys(machine.files()).filter(path => path.startsWith(`${LEDGER}/`));
}

const removed = (kernel: Kernel) => removeLedger(kernel, ledgerNamed(kernel.pins, 'tenants'));

describe('removeLedger', () => {
  it('does nothing where nothing is', async () => {
    const machine = new FakeMachine();
    await removed(machine.openKernel());
    expect(machine.mutations).to.equal(0);
  });

  it('does what removalOf says, of a map that was made', async () => {
    const machine = await machineAfter();
    const kernel = machine.openKernel();
    expect(await removalOf(kernel, ledgerNamed(kernel.pins, 'tenants'))).to.deep.equal({
      ...{ name: 'tenants', pin: `${BPFFS}/tenants`, keys: 0, innerMaps: 2, strangers: [] },
    });
    await removed(kernel);
    expect(machine.liveMaps()).to.deep.equal([]);
    expect(machine.files()).to.have.all.keys(`${BPFFS}/innermap`);
    expect(machine.openFds(kernel)).to.equal(0);
  });

  it('takes an entry for ours that a pin under its temporary name proves', async () => {
    const machine = await machineAfter(ADOPTING);
    const kernel = machine.openKernel();
    kernel.pins.rename(`${LEDGER}/inner/01000000`, `${LEDGER}/inner/01000000-new`);
    await removed(kernel);
    expect(machine.dump(`${BPFFS}/tenants`)).to.deep.equal({});
    expect(names(machine)).to.deep.equal([]);
  });

  it('leaves an adopted map’s entry whose pin names another map', async () => {
    const machine = await machineAfter(ADOPTING);
    const kernel = machine.openKernel();
    kernel.pins.rename(`${LEDGER}/inner/02000000`, `${LEDGER}/inner/01000000`);
    await removed(kernel);
    expect(Object.keys(machine.dump(`${BPFFS}/tenants`))).to.deep.equal(['01000000', '02000000']);
    expect(names(machine)).to.deep.equal([]);
  });

  it('removes nothing while a pin that could prove an entry ours cannot be opened; then the rest', async () => {
    const machine = await machineAfter(ADOPTING);
    const kernel = machine.openKernel();
    const before = machine.mutations;
    machine.failNext('identify', 'ENFILE');
    expect(await refusalOf(removed(kernel)))
      .to.contain('ENFILE')
      .and.contain(`${LEDGER}/inner/`);
    expect(machine.mutations).to.equal(before);
    await removed(kernel);
    expect(machine.dump(`${BPFFS}/tenants`)).to.deep.equal({});
    expect(names(machine)).to.deep.equal([]);
  });

  it('keeps what proves entries ours when they cannot leave the adopted map', async () => {
    const machine = await machineAfter(ADOPTING);
    const kernel = machine.openKernel();
    machine.failNext('remove', 'EPERM');
    expect(await refusalOf(removed(kernel))).to.contain('EPERM');
    expect(names(machine)).to.include.members([
      `${LEDGER}/spec`,
      `${LEDGER}/outer`,
      `${LEDGER}/inner/01000000`,
    ]);
  });

  it('leaves a pin alone that cannot be opened: it is another user’s', async () => {
    const machine = await machineAfter();
    const kernel = machine.openKernel({ capabilities: { dacOverride: false } });
    const stranger = machine.openKernel({ uid: 1000 });
    kernel.pins.unlink(`${BPFFS}/tenants`);
    stranger.pins.pin(stranger.createOuter(OUTER, INNER, 'theirs'), `${BPFFS}/tenants`, 0o600);
    expect(await removalOf(kernel, ledgerNamed(kernel.pins, 'tenants'))).to.include({
      foreignPin: `${BPFFS}/tenants`,
    });
    await removed(kernel);
    expect(machine.files()).to.have.all.keys(`${BPFFS}/innermap`, `${BPFFS}/tenants`);
  });

  it('leaves the pin alone where the ledger’s own proof of it is gone', async () => {
    const machine = await machineAfter();
    const kernel = machine.openKernel();
    kernel.pins.unlink(`${LEDGER}/outer`);
    await removed(kernel);
    expect(machine.files()).to.have.all.keys(`${BPFFS}/innermap`, `${BPFFS}/tenants`);
  });

  it('is what a release does too: strangers in the ledger stay, and later turns ignore them', async () => {
    const machine = await machineAfter({ deletionPolicy: 'Delete' });
    const stranger = machine.openKernel();
    stranger.pins.pin(stranger.createOuter(OUTER, INNER, 'theirs'), `${LEDGER}/inner/theirs`, 0o600);
    const acting = await startedAgent(machine.openKernel(), new AgentFixture());
    const { outcomes } = await acting.turn();
    expect(outcomes.map(({ step, ok }) => [step.verb, ok])).to.deep.equal([['letGo', true]]);
    expect(names(machine)).to.deep.equal([`${LEDGER}/inner`, `${LEDGER}/inner/theirs`]);
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
  });
});
