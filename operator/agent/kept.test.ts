import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER } from './testing/tenants.ts';

const KEY = '07000000';
const tenants = new AgentFixture().outer('tenants', { pin: 'tenants', access: [{ namespaces: ['team-*'] }] });
const bad = { 1: 'no number' };

/** team-a's contents at key 7; the younger squat of team-b cannot be taken. */
const web = tenants
  .inner('team-a/web', 'tenants', 7, { 1: 1, 2: 2 })
  .stored('team-a/web', { uid: 'web', creationTimestamp: '2026-01-01T00:00:00Z' });
const squatted = web
  .inner('team-b/squat', 'tenants', 7, bad)
  .stored('team-b/squat', { uid: 'squat', creationTimestamp: '2026-02-01T00:00:00Z' });

/** Has the same contents as the first one, so that one inner map serves both. */
const twin = (fixture: AgentFixture) => fixture.inner('team-a/twin', 'tenants', 99, { 1: 1, 2: 2 });
const alone = (fixture: AgentFixture) => fixture;

/**
 * What is at the key after `before`, then `after`: in one process, and with a restart in between; where the inner map there
 * is of this key alone, and where it is of another too.
 */
async function eachWay(
  before: AgentFixture,
  after: AgentFixture,
  check: (contents: Record<string, string> | undefined, way: string) => void,
): Promise<void> {
  for (const restart of [false, true])
    for (const scene of [alone, twin]) {
      const machine = new FakeMachine();
      const acting = await startedAgent(machine.openKernel(), scene(before));
      await acting.turn();
      expect(machine.dump(LEDGER), 'before').to.have.property(KEY);
      const next = restart ? await startedAgent(machine.openKernel(), scene(after)) : acting;
      await next.turn(scene(after));
      await next.resync();
      const way = `${restart ? 'after a restart' : 'in one process'}, ${scene.name}`;
      check(machine.dump(LEDGER)[KEY], way);
    }
}

const gone = (contents: object | undefined, way: string) => expect(contents, way).to.equal(undefined);
const theFirst = (contents: object | undefined, way: string) =>
  expect(contents, way).to.deep.equal({ '01000000': '01000000', '02000000': '02000000' });

describe('turn, the contents that an InnerMap keeps', () => {
  it('are its own last good ones', () =>
    eachWay(web, web.inner('team-a/web', 'tenants', 7, bad).stored('team-a/web', { uid: 'web' }), theFirst));

  it('are its own in a folder too, where its name is its identity', () => {
    const folder = tenants.inner('team-a/web', 'tenants', 7, { 1: 1, 2: 2 });
    return eachWay(folder, folder.inner('team-a/web', 'tenants', 7, bad), theFirst);
  });

  it('are not those of another that is deleted, and Ready says so only when they are gone', async () => {
    await eachWay(squatted, squatted.without('team-a/web'), gone);
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), squatted.watermark('tenants', '10'));
    await acting.turn();
    const deleted = squatted.without('team-a/web').watermark('tenants', '20');
    machine.failNext('remove', 'ENOMEM');
    const { report } = await acting.turn(deleted);
    expect(report.outerMaps[0], 'not removed yet').to.include({ ready: false, reason: 'OutOfMemory' });
    await acting.turn(deleted);
    expect(machine.dump(LEDGER)).to.deep.equal({});
  });

  it('are not those of an object of the same name that was deleted and created again', () => {
    const again = tenants.inner('team-a/web', 'tenants', 7, bad).stored('team-a/web', { uid: 'again' });
    return eachWay(web, again, gone);
  });

  it('are not those of the loser of a conflict: the winner keeps what it never programmed', () => {
    const elder = squatted.stored('team-b/squat', {
      uid: 'squat',
      creationTimestamp: '2025-01-01T00:00:00Z',
    });
    return eachWay(web, elder, gone);
  });

  it('are those at its former key, while another has the key that it moved to', async () => {
    const folder = tenants
      .inner('team-a/web', 'tenants', 7, { 1: 1, 2: 2 })
      .inner('team-a/api', 'tenants', 8, { 8: 8 });
    const mistyped = folder.inner('team-a/web', 'tenants', 8, { 1: 1 });
    await eachWay(folder, mistyped, theFirst);
    await eachWay(
      folder,
      mistyped.outer('other').inner('team-a/web', 'other', 8, {}).inner('team-a/api', 'other', 8, {}),
      theFirst,
    );
    const denied = { pin: 'tenants', access: [{ namespaces: ['team-a'], keys: ['8..9'] }] };
    await eachWay(folder, mistyped.outer('tenants', denied), gone);
    await eachWay(folder, folder.without('team-a/web'), gone);
    await eachWay(folder, mistyped.inner('team-a/web', 'tenants', 9, {}), gone);
  });

  it('are none where the key is no longer its own', async () => {
    const access = [{ namespaces: ['team-b'] }];
    await eachWay(web, web.outer('tenants', { pin: 'tenants', access }), gone);
    await eachWay(squatted, squatted.without('team-a/web').inner('team-c/x', 'tenants', 'seven', {}), gone);
  });

  it('are not a foreign inner map that somebody put there', async () => {
    const machine = new FakeMachine();
    const broken = web.inner('team-a/web', 'tenants', 7, bad).stored('team-a/web', { uid: 'web' });
    const acting = await startedAgent(machine.openKernel(), web);
    await acting.turn();
    const intruder = machine.openKernel();
    const outer = intruder.open(LEDGER);
    const spec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 } as const;
    const entries = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) };
    const request = { spec, name: 'theirs', label: 'theirs', entries, freeze: false };
    const maps = await intruder.build([{ ...request, pins: ['/sys/fs/bpf/theirs'] }]);
    await intruder.replace(outer, Uint8Array.of(7, 0, 0, 0), maps as never);
    await acting.resync(broken);
    expect(machine.dump(LEDGER)).to.deep.equal({});
  });

  it('stay where an older version made them, whose maps tell no owner', async () => {
    const machine = new FakeMachine();
    const kernel = machine.openKernel();
    const build = kernel.build.bind(kernel);
    kernel.build = requests => build([...requests].map(request => request && { ...request, name: 'web' }));
    await (await startedAgent(kernel, web)).turn();
    const before = machine.mutations;
    await (await startedAgent(machine.openKernel(), web)).turn();
    expect(machine.mutations, 'and are left alone').to.equal(before);
    const broken = web.inner('team-a/web', 'tenants', 7, bad).stored('team-a/web', { uid: 'web' });
    await (await startedAgent(machine.openKernel(), broken)).turn();
    theFirst(machine.dump(LEDGER)[KEY], 'after a restart');
  });
});

describe('turn, a key that passes to another InnerMap', () => {
  const lru = { type: 'LRUHash', maxEntries: 16, key: 'u32', value: 'u32' };
  const outer = new AgentFixture().outer('tenants', { pin: 'tenants', inner: lru });

  it('gets a map of its own: nothing of the former contents lives on, though LRU maps are never emptied', () => {
    const before = outer.inner('team-a/web', 'tenants', 7, { 1: 1, 2: 2 });
    const after = outer.inner('team-b/squat', 'tenants', 7, { 2: 2 });
    return eachWay(before, after, (contents, way) =>
      expect(contents, way).to.deep.equal({ '02000000': '02000000' }),
    );
  });

  it('keeps them from then on, also where the contents were equal', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), web);
    await acting.turn();
    const heir = tenants.inner('team-b/heir', 'tenants', 7, { 1: 1, 2: 2 });
    await acting.turn(heir);
    const broken = tenants.inner('team-b/heir', 'tenants', 7, bad);
    const restarted = await startedAgent(machine.openKernel(), broken);
    await restarted.turn();
    theFirst(machine.dump(LEDGER)[KEY], 'after a restart');
    expect(machine.liveMaps()).to.have.length(2);
  });
});
