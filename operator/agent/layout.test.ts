import { expect } from 'chai';
import { digestWithOwned } from '../core/layout/digest.ts';
import { outerLayout } from '../core/layout/outer.ts';
import { parseRecord, recordText } from '../core/ledgerrecord.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, type Pairs, startedAgent } from './testing/fixture.ts';
import { LEDGER } from './testing/tenants.ts';

const DIRECTORY = '/sys/fs/bpf/innermap/tenants';
const VALUE = 'struct { __u8 action; __u32 hits; }';

/** One inner map of structs with three bytes of padding, at key 1. */
function structs(inner: object, spec: object = {}, pairs: Pairs = { 7: { action: 1 } }): AgentFixture {
  return new AgentFixture()
    .outer('tenants', { inner: { type: 'Hash', maxEntries: 16, key: 'u32', value: VALUE, ...inner } })
    .inner('a/web', 'tenants', 1, pairs, spec);
}

/** Writes a value as a program does, whose struct on its stack has what was there before in its padding. */
async function write(kernel: Kernel, value: Uint8Array): Promise<void> {
  const map = kernel.open(`${DIRECTORY}/inner/01000000`);
  const upserts = { count: 1, keys: Uint8Array.of(7, 0, 0, 0), values: value };
  await kernel.edit(map, { upserts, deletes: new Uint8Array(0) });
  map.close();
}

const of = (action: number, padding: number, hits: number) =>
  Uint8Array.of(action, padding, padding, padding, hits, 0, 0, 0);
const contentOf = (machine: FakeMachine) => machine.dump(LEDGER)['01000000'];

describe('turn, after a change of the declaration that the kernel does not see', () => {
  it('programOwned: nothing waits, the record is written anew, and the entries are compared anew', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), structs({}));
    await acting.turn();
    await write(acting.agent.kernel, of(1, 0, 9));
    const owned = await acting.turn(structs({ programOwned: ['hits'] }));
    expect(owned.report.outerMaps[0]).to.include({ ready: true });
    expect(owned.report.innerMaps).to.deep.equal([]);
    expect(owned.plan.steps.map(({ verb }) => verb)).to.deep.equal(['record']);
    expect(contentOf(machine)).to.deep.equal({ '07000000': '0100000009000000' });
    expect(parseRecord(acting.agent.kernel.pins.readRecord(`${DIRECTORY}/spec`)!)).to.have.nested.property(
      'declared.inner.programOwned[0]',
      'hits',
    );
    for (const spec of [{}, { update: 'InPlace' }, { update: 'Swap' }]) {
      await write(acting.agent.kernel, of(1, 0, 9));
      await acting.turn(structs({ programOwned: ['hits'] }, spec));
      const declared = await acting.turn(structs({}, spec));
      expect(declared.report.innerMaps, JSON.stringify(spec)).to.deep.equal([]);
      expect(contentOf(machine)).to.deep.equal({ '07000000': '0100000000000000' });
    }
  });

  it('programOwned, told by the record of the first release: nothing is refused', async () => {
    const machine = new FakeMachine();
    const before = structs({ programOwned: ['hits'] });
    const acting = await startedAgent(machine.openKernel(), before);
    await acting.turn();
    const { pins } = acting.agent.kernel;
    const layout = outerLayout(before.wanted().outerMaps[0]!);
    if (!layout.ok) throw new Error('No layout');
    const record = parseRecord(pins.readRecord(`${DIRECTORY}/spec`)!)!;
    pins.writeRecord(
      `${DIRECTORY}/spec`,
      recordText({ ...record, layoutDigest: digestWithOwned(layout.value) }),
    );
    for (const fixture of [before, structs({ programOwned: ['action'] })]) {
      const { report } = await (await startedAgent(machine.openKernel(), fixture)).turn();
      expect([report.outerMaps[0]?.reason, report.innerMaps]).to.deep.equal(['Programmed', []]);
    }
  });

  it('another spelling, other names, a new enumerator: no step but the record', async () => {
    const enumerated = (names: string) =>
      structs({ value: `struct { enum { ${names} } action; }` }, {}, { 7: { action: 'PASS' } });
    const acting = await startedAgent(new FakeMachine().openKernel(), enumerated('PASS = 1'));
    await acting.turn();
    const more = await acting.turn(enumerated('PASS = 1, DROP = 2'));
    expect(more.plan.steps.map(({ verb }) => verb)).to.deep.equal(['record']);
    expect(more.report.innerMaps).to.deep.equal([]);
    const spelled = await startedAgent(new FakeMachine().openKernel(), structs({}));
    await spelled.turn();
    const { plan, report } = await spelled.turn(
      structs({ value: 'struct rule { uint8_t verdict; u32 count; }' }, {}, { 7: { verdict: 1 } }),
    );
    expect([plan.steps.map(({ verb }) => verb), report.innerMaps]).to.deep.equal([['record'], []]);
  });

  it('a larger template: inner maps without a size of their own are swapped for larger ones', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), structs({}));
    await acting.turn();
    const { plan, report } = await acting.turn(structs({ maxEntries: 32 }));
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['record', 'replace']);
    expect([report.outerMaps[0]?.reason, report.innerMaps]).to.deep.equal(['Programmed', []]);
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
  });

  it('another shape is refused, with the field and its two values', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), structs({}))).turn();
    const other = structs({ value: 'struct { __u8 action; __be32 hits; }' });
    const { report } = await (await startedAgent(machine.openKernel(), other)).turn();
    expect(report.outerMaps[0]).to.include({ reason: 'LayoutMismatch' });
    expect(report.outerMaps[0]?.message).to.contain('inner.value.hits is __u32, declared is __be32');
  });
});

describe('turn, with padding that programs wrote', () => {
  for (const [type, update] of [
    ['Hash', 'Swap'],
    ['Hash', 'InPlace'],
    ['Array', 'Swap'],
    ['LRUHash', undefined],
  ] as const)
    it(`${type}, ${update ?? 'by default'}: it is no drift`, async () => {
      const fixture = structs({ type }, update === undefined ? {} : { update });
      const acting = await startedAgent(new FakeMachine().openKernel(), fixture);
      await acting.turn();
      await write(acting.agent.kernel, of(1, 0xaa, 0));
      const { plan, report } = await acting.resync();
      expect([plan.steps, report.state.drift.found]).to.deep.equal([[], 0]);
    });

  it('an entry that is written in place for what it declares gets padding of zeros', async () => {
    const machine = new FakeMachine();
    const owned = (pairs: Pairs) => structs({ programOwned: ['hits'] }, {}, pairs);
    const acting = await startedAgent(machine.openKernel(), owned({ 7: { action: 1 } }));
    await acting.turn();
    await write(acting.agent.kernel, of(1, 0xaa, 9));
    await acting.turn(owned({ 7: { action: 2 } }));
    expect(contentOf(machine)).to.deep.equal({ '07000000': '0200000009000000' });
  });
});
