import { expect } from 'chai';
import { type AgentFixture, startedAgent } from '../agent/testing/fixture.ts';
import { twoTenants } from '../agent/testing/tenants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { RECORD_BESIDE } from '../kernel/pins.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { undeclaredLedgers } from './abandoned.ts';
import { isLeftover, ledgerNamed, ledgersIn, recordAt } from './ledger.ts';

const ROOT = '/sys/fs/bpf/innermap';

/** A kernel on a machine where an agent has run. */
async function afterAgent(fixture: AgentFixture = twoTenants()): Promise<Kernel> {
  const machine = new FakeMachine();
  await (await startedAgent(machine.openKernel(), fixture)).turn();
  return machine.openKernel();
}

function pinned(kernel: Kernel, path: string): void {
  const map = kernel.open(`${ROOT}/tenants/outer`);
  kernel.pins.pin(map, path, 0o600);
  map.close();
}

describe('ledgersIn', () => {
  it('is empty where no agent ever was', () => {
    expect(ledgersIn(new FakeMachine().openKernel().pins)).to.deep.equal([]);
  });

  it('takes directories alone for ledgers', async () => {
    const kernel = await afterAgent();
    pinned(kernel, `${ROOT}/a-pin`);
    kernel.pins.writeRecord(`${ROOT}/a-link`, `${ROOT}/tenants`);
    expect(ledgersIn(kernel.pins).map(({ name }) => name)).to.deep.equal(['tenants']);
    expect(undeclaredLedgers(kernel.pins, new Set(['tenants']))).to.deep.equal({
      abandoned: [],
      retained: [],
    });
  });
});

describe('ledgerNamed', () => {
  it('counts settled inner pins, and names what this operator does not make', async () => {
    const kernel = await afterAgent();
    for (const name of ['inner/03000000-new', 'inner/theirs', 'inner/ABCD', 'mine', `spec${RECORD_BESIDE}`])
      pinned(kernel, `${ROOT}/tenants/${name}`);
    kernel.pins.writeRecord(`${ROOT}/tenants/inner/09000000`, `${ROOT}/a-pin`);
    const { innerPins, strangers, record } = ledgerNamed(kernel.pins, 'tenants');
    expect(innerPins.toSorted()).to.deep.equal(['01000000', '02000000']);
    expect(strangers.toSorted()).to.deep.equal(
      ['inner/09000000', 'inner/ABCD', 'inner/theirs', 'mine'].map(name => `${ROOT}/tenants/${name}`),
    );
    expect(record).to.include({ provision: 'Create', pin: 'tenants' });
  });
});

describe('recordAt', () => {
  it('is nothing where somebody’s pin or directory is, or nothing', async () => {
    const kernel = await afterAgent();
    pinned(kernel, `${ROOT}/pin`);
    for (const name of ['pin', 'tenants', 'nothing', 'pin/below'])
      expect(recordAt(kernel.pins, `${ROOT}/${name}`), name).to.equal(undefined);
  });

  it('is nothing where somebody’s symlink says otherwise', async () => {
    const { pins } = await afterAgent();
    const record = recordAt(pins, `${ROOT}/tenants/spec`)!;
    for (const change of [{ version: 2 }, { pin: '../../etc' }, { maxRemoval: 5 }, { provision: 'Take' }]) {
      pins.writeRecord(`${ROOT}/other`, JSON.stringify({ ...record, ...change }));
      expect(recordAt(pins, `${ROOT}/other`), JSON.stringify(change)).to.equal(undefined);
    }
  });
});

describe('isLeftover', () => {
  const leftover = (kernel: Kernel) => isLeftover(kernel.pins, ledgerNamed(kernel.pins, 'x'));

  it('is what a crash leaves before the record, or after it', () => {
    const kernel = new FakeMachine().openKernel();
    kernel.pins.makeDirectory(`${ROOT}/x`);
    expect(leftover(kernel), 'an empty directory').to.equal(true);
    kernel.pins.makeDirectory(`${ROOT}/x/inner`);
    expect(leftover(kernel), 'with an empty inner').to.equal(true);
    kernel.pins.writeRecord(`${ROOT}/x/spec${RECORD_BESIDE}`, 'half');
    expect(leftover(kernel), 'with a record that was not renamed').to.equal(true);
  });

  it('is nothing that has a record, a pin or a stranger', async () => {
    for (const name of ['spec', 'outer', 'inner/01000000', 'inner', 'mine']) {
      const kernel = await afterAgent();
      kernel.pins.makeDirectory(name.startsWith('inner/') ? `${ROOT}/x/inner` : `${ROOT}/x`);
      pinned(kernel, `${ROOT}/x/${name}`);
      expect(leftover(kernel), name).to.equal(false);
    }
    const kernel = await afterAgent();
    expect(isLeftover(kernel.pins, ledgerNamed(kernel.pins, 'tenants')), 'a record').to.equal(false);
  });
});

describe('undeclaredLedgers', () => {
  it('abandoned are those that say Delete, and leftovers; the others are retained', async () => {
    const fixture = twoTenants()
      .outer('flows', { deletionPolicy: 'Delete' })
      .inner('a/flow', 'flows', 7, { 1: 1 })
      .outer('kept', { deletionPolicy: 'Delete' });
    const { pins } = await afterAgent(fixture);
    pins.makeDirectory(`${ROOT}/half/inner`);
    const { abandoned, retained } = undeclaredLedgers(pins, new Set(['kept']));
    const [flows, half, ...others] = abandoned;
    expect(flows).to.deep.include({ name: 'flows', innerPins: ['07000000'] });
    expect(flows!.record).to.include({ deletionPolicy: 'Delete' });
    expect(half).to.deep.equal({ name: 'half', innerPins: [] });
    expect(others, 'tenants says Retain').to.deep.equal([]);
    expect(retained).to.deep.equal([{ name: 'tenants', pin: 'tenants', innerMaps: 2 }]);
  });

  it('retained is also one whose record somebody removed: nothing says that its pins may go', async () => {
    const { pins } = await afterAgent();
    pins.unlink(`${ROOT}/tenants/spec`);
    const { abandoned, retained } = undeclaredLedgers(pins, new Set());
    expect(abandoned).to.deep.equal([]);
    expect(retained).to.deep.equal([{ name: 'tenants', innerMaps: 2 }]);
  });
});
