import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bpftool, dumped, NATIVE, run } from '../../native/stage.ts';
import type { Report } from '../../operator/core/report/report.ts';
import { type LoadedAgentFixture, NO_RESYNC, useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { eventually, type Running } from './support/process.ts';
import { type Contents, idsIn } from './support/witness.ts';

const OFTEN = ['--resync', '1s', '--content-resync', '2s'];
const DECLARED: Contents = {
  [u32(1)]: u32Pairs({ 10: 1, 11: 2 }),
  [u32(2)]: u32Pairs({ 20: 1 }),
  [u32(3)]: u32Pairs({ 30: 1 }),
};

describe('agent, when somebody else changes its maps', () => {
  const fixture = useLoadedAgent();

  for (const type of ['HashOfMaps', 'ArrayOfMaps']) {
    it(`puts back entries of a ${type} at a resync, counts and tells them`, async () => {
      const agent = await declared(fixture(), type);
      const stranger = strangersInner(fixture());
      const pin = fixture().pin('tenants');
      bpftool('delete', pin, u32(1));
      bpftool('update', pin, u32(2), stranger);
      await fixture().holds('tenants', DECLARED);
      expect(dumped(pin)[u32(2)]).to.not.equal(u32(stranger));
      const { state } = await fixture().reported(drift({ found: 2, repaired: 2 }));
      expect(state.drift.lastCheck).to.match(/^\d{4}-\d\d-\d\dT/);
      // A resync may come between the two
      await eventually('the log counts both', () => logged(agent.log, 'driftFound') === 2);
      expect(logged(agent.log, 'driftRepaired')).to.equal(2);
      await agent.said(/Drift outerMap=tenants key=1 innerMap=a\/one found="no entry"/);
      await agent.said(/Drift outerMap=tenants key=2 innerMap=a\/two found="inner map \d+/);
    });
  }

  it('puts back contents at a content resync: changed, deleted and added entries', async () => {
    const agent = await declared(fixture(), 'HashOfMaps');
    const ids = idsIn(fixture().pin('tenants'));
    bpftool('update', ids.get(u32(1))!, u32(10), u32(99));
    bpftool('delete', ids.get(u32(2))!, u32(20));
    bpftool('update', ids.get(u32(3))!, u32(31), u32(7));
    await fixture().holds('tenants', DECLARED);
    await fixture().reported(drift({ found: 3, repaired: 3 }));
    expect(await agent.said(/driftFound=/)).to.include('Turn');
  });

  it('puts back what an iterator wrote into a sealed map that programs may only read', async () => {
    const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u32', flags: ['ReadOnlyProg'] };
    fixture().write(
      'maps.yaml',
      outerMap('tenants', { inner }),
      innerMap('a/one', { outerMap: 'tenants', key: 1 }, { 1: 1 }, { sealed: true }),
    );
    const pace = { options: ['--resync', '100ms', '--content-resync', '100ms'] };
    await fixture().started(pace);
    const id = idsIn(fixture().pin('tenants')).get(u32(1))!;
    const iterator = fixture().pin('iterator');
    run('bpftool', 'iter', 'pin', join(NATIVE, 'build', 'iterator.bpf.o'), iterator, 'map', 'id', String(id));
    readFileSync(iterator);
    unlinkSync(iterator);
    await fixture().reported(drift({ found: 1, repaired: 1 }));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 1: 1 }) });
  });

  it('repairs a map in place where that is its update, and keeps its id', async () => {
    const place = { outerMap: 'tenants', key: 1 };
    fixture().write(
      'maps.yaml',
      outerMap('tenants'),
      innerMap('a/web', place, { 1: 1 }, { update: 'InPlace' }),
    );
    const agent = await fixture().started({ options: OFTEN });
    const id = idsIn(fixture().pin('tenants')).get(u32(1))!;
    bpftool('update', id, u32(1), u32(5));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 1: 1 }) });
    expect(idsIn(fixture().pin('tenants')).get(u32(1))).to.equal(id);
    await fixture().reported(drift({ found: 1, repaired: 1 }));
    await agent.said(/Drift .*innerMap=a\/web found="1 = 5 instead of 1"/);
  });

  it('removes a key that somebody adds to a map of ours, and leaves it where undeclared keys are kept', async () => {
    fixture().write('maps.yaml', outerMap('tenants'), outerMap('open', { undeclaredKeys: 'Keep' }));
    await fixture().started({ options: OFTEN });
    const stranger = strangersInner(fixture());
    bpftool('update', fixture().pin('open'), u32(9), stranger);
    bpftool('update', fixture().pin('tenants'), u32(9), stranger);
    await fixture().holds('tenants', {});
    expect(idsIn(fixture().pin('open')).get(u32(9))).to.equal(stranger);
  });

  it('pins the outer map again where somebody unlinked its pin, long before a resync', async () => {
    await declared(fixture(), 'HashOfMaps', NO_RESYNC);
    unlinkSync(fixture().pin('tenants'));
    await fixture().holds('tenants', DECLARED);
  });
});

async function declared(fixture: LoadedAgentFixture, type: string, options = OFTEN): Promise<Running> {
  const place = { outerMap: 'tenants' };
  fixture.write(
    'maps.yaml',
    outerMap('tenants', { type }),
    innerMap('a/one', { ...place, key: 1 }, { 10: 1, 11: 2 }),
    innerMap('a/two', { ...place, key: 2 }, { 20: 1 }),
    innerMap('a/three', { ...place, key: 3 }, { 30: 1 }),
  );
  const agent = await fixture.started({ options });
  await fixture.holds('tenants', DECLARED);
  return agent;
}

/** The id of an inner map as ours are, which nobody declares. */
function strangersInner(fixture: LoadedAgentFixture): number {
  return fixture.make('stranger', '--type', 'hash', '--inner-max', '16', '--inners', '1').inners[0]!;
}

function drift(expected: { readonly found: number; readonly repaired: number }): (report: Report) => boolean {
  return ({ state }) => state.drift.found === expected.found && state.drift.repaired === expected.repaired;
}

/** The sum of a count over all turns that the log tells of. */
function logged(log: string, count: string): number {
  const counts = [...log.matchAll(new RegExp(`${count}=(\\d+)`, 'g'))];
  return counts.reduce((sum, [, digits]) => sum + Number(digits), 0);
}
