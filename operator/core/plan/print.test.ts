import { expect } from 'chai';
import { dryRun } from '../../agent/dryrun.ts';
import { AgentFixture, startedAgent } from '../../agent/testing/fixture.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { counted, planLines } from './print.ts';

const NODE = { name: 'here', labels: {} };

async function linesOf(scene: AgentFixture, machine: FakeMachine): Promise<readonly string[]> {
  return planLines((await dryRun(scene.wanted(), machine.openKernel(), NODE)).plan);
}

async function applied(scene: AgentFixture, machine = new FakeMachine()): Promise<FakeMachine> {
  await (await startedAgent(machine.openKernel(), scene)).turn();
  return machine;
}

function scene(pin = 'tenants'): AgentFixture {
  return new AgentFixture()
    .outer('tenants', { pin, key: 'ipv4' })
    .inner('a/web', 'tenants', '10.0.0.1', { 1: 1, 2: 2 });
}

describe('planLines', () => {
  it('tells what is made, with the layouts', async () => {
    expect(await linesOf(scene(), new FakeMachine())).to.deep.equal([
      '~ tenants: record the declaration in the ledger',
      '+ tenants: create HashOfMaps key 4 value 4 maxEntries 64 flags none of Hash key 4 value 4 maxEntries 16 flags none',
      '+ tenants: pin at tenants',
      '+ tenants[10.0.0.1]: insert a/web, 2 entries',
    ]);
  });

  it('tells swaps, edits and removals', async () => {
    const machine = await applied(
      scene()
        .inner('a/gone', 'tenants', '10.0.0.2', {})
        .inner('a/edited', 'tenants', '10.0.0.3', { 1: 1 }, { update: 'InPlace' }),
    );
    const changed = scene()
      .inner('a/web', 'tenants', '10.0.0.1', { 1: 9 })
      .inner('a/edited', 'tenants', '10.0.0.3', { 2: 2 }, { update: 'InPlace' });
    expect(await linesOf(changed, machine)).to.deep.equal([
      '~ tenants[10.0.0.1]: swap a/web, 1 entry',
      '  ~ entries: 0 added, 1 changed, 1 removed',
      '    ~ 1: 1 → 9',
      '    - 2: 2',
      '~ tenants[10.0.0.3]: edit a/edited in place, +1 ~0 -1 of 1 entry',
      '  ~ entries: 1 added, 0 changed, 1 removed',
      '    + 2: 2',
      '    - 1: 1',
      '- tenants[10.0.0.2]: remove',
    ]);
  });

  it('tells drift as such', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), scene());
    await acting.turn();
    machine.openKernel().pins.unlink('/sys/fs/bpf/innermap/tenants/inner/0a000001');
    const { plan } = await acting.resync();
    expect(planLines(plan)).to.deep.equal(['~ tenants[10.0.0.1]: swap a/web, 2 entries, drifted']);
  });

  it('tells what moves, and what a crash left', async () => {
    const machine = await applied(scene());
    const { pins } = machine.openKernel();
    const inner = '/sys/fs/bpf/innermap/tenants/inner';
    pins.rename(`${inner}/0a000001`, `${inner}/0a000001-new`);
    const lines = await linesOf(scene('elsewhere'), machine);
    expect(lines).to.deep.equal([
      '- tenants: unpin from tenants',
      '~ tenants: record the declaration in the ledger',
      '+ tenants: pin at elsewhere',
      "~ tenants: settle the ledger's pin 0a000001",
    ]);
  });

  it('tells a stale pin, a stranger’s entry and a farewell', async () => {
    const machine = await applied(
      scene().outer('tenants', { pin: 'tenants', key: 'ipv4', deletionPolicy: 'Delete' }),
    );
    const kernel = machine.openKernel();
    const outer = kernel.open('/sys/fs/bpf/tenants');
    await kernel.remove(outer, Uint8Array.of(10, 0, 0, 1));
    outer.close();
    const lines = await linesOf(scene(), machine);
    expect(lines).to.include('- tenants: unlink the stale pin 0a000001');
    expect(await linesOf(new AgentFixture(), machine)).to.deep.equal(['- tenants: let go, 1 inner map']);
  });

  it('tells what is adopted, and what is refused', async () => {
    const machine = await applied(scene('program'));
    const adopting = new AgentFixture().outer('mine', { pin: 'program', key: 'ipv4', provision: 'Adopt' });
    expect(await linesOf(adopting, machine)).to.deep.equal([
      '~ mine: record the declaration in the ledger',
      '+ mine: adopt the outer map pinned at program',
    ]);
    const taking = new AgentFixture().outer('mine', { pin: 'program', key: 'ipv4' });
    expect((await linesOf(taking, machine))[0]).to.match(
      /^! mine: PinInUse, Pin program holds the map of OuterMap tenants/,
    );
  });

  it('tells a held removal with its token', async () => {
    let many = new AgentFixture().outer('tenants');
    for (let key = 0; key < 20; key++) many = many.inner(`a/m${key}`, 'tenants', key, {});
    const machine = await applied(many);
    const lines = await linesOf(new AgentFixture().outer('tenants'), machine);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(
      /^! tenants: removal of 20 of 20 keys is held; release it with token [0-9a-f]{12}$/,
    );
  });
});

describe('counted', () => {
  it('tells one and many', () => {
    expect([counted(1, 'file'), counted(0, 'file'), counted(2, 'entry', 'entries')]).to.deep.equal([
      '1 file',
      '0 files',
      '2 entries',
    ]);
  });
});
