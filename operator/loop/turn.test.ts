import { expect } from 'chai';
import { FakeMachine } from '../kernel/fake/machine.ts';
import { walkCrashes } from './testing/crashes.ts';
import { Scene, startedAgent } from './testing/scene.ts';

const LEDGER = '/sys/fs/bpf/innermap/tenants/outer';

function twoTenants(): Scene {
  return new Scene()
    .outer('tenants', { pin: 'tenants' })
    .inner('a/web', 'tenants', 1, { 10: 1, 20: 2 })
    .inner('b/web', 'tenants', 2, { 10: 3 });
}

describe('turn', () => {
  it('makes the outer map and every inner map as declared', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    const { report } = await acting.turn();
    expect(machine.dump('/sys/fs/bpf/tenants')).to.deep.equal(twoTenants().contents('tenants'));
    expect(report.state.conditions[0]).to.include({ type: 'Ready', status: 'True', reason: 'Programmed' });
    expect(report.state.outerMaps[0]).to.include({ innerMaps: 2, entries: 3, failuresTotal: 0 });
  });

  it('leaves no fd open', async () => {
    const machine = new FakeMachine();
    const kernel = machine.openKernel();
    const acting = await startedAgent(kernel, twoTenants());
    await acting.turn();
    await acting.turn(twoTenants().inner('a/web', 'tenants', 1, { 10: 5 }));
    expect(machine.openFds(kernel)).to.equal(0);
  });

  it('makes no mutation after a restart with nothing to do', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const before = machine.mutations;
    const again = await startedAgent(machine.openKernel(), twoTenants());
    const { plan } = await again.turn();
    expect(plan.steps).to.deep.equal([]);
    expect(machine.mutations).to.equal(before);
  });

  it('replaces a changed inner map by a new one and leaves the others alone', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const { plan } = await acting.turn(twoTenants().inner('a/web', 'tenants', 1, { 10: 9 }));
    expect(plan.steps.map(step => step.verb)).to.deep.equal(['replace']);
    expect(machine.dump(LEDGER)['01000000']).to.deep.equal({ '0a000000': '09000000' });
    expect(machine.liveMaps()).to.have.length(3);
  });

  it('does nothing for a change that is not about contents', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const { plan } = await acting.turn(twoTenants().inner('a/web', 'tenants', 1, { 10: 1, 20: 2 }));
    expect(plan.steps).to.deep.equal([]);
  });

  it('removes what is no longer declared, entry and pin', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    await acting.turn(twoTenants().without('b/web'));
    expect(Object.keys(machine.dump(LEDGER))).to.deep.equal(['01000000']);
    expect(machine.liveMaps()).to.have.length(2);
  });

  it('removes nothing while what is wanted is incomplete', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const restarted = await startedAgent(machine.openKernel(), twoTenants().without('b/web').incomplete());
    const { plan } = await restarted.turn();
    expect(plan.steps).to.deep.equal([]);
    expect(plan.waiting).to.equal(1);
  });

  it('swaps a sealed map and freezes it', async () => {
    const machine = new FakeMachine();
    const sealed = (value: number) =>
      new Scene().outer('tenants').inner('a/web', 'tenants', 1, { 1: value }, { sealed: true });
    const acting = await startedAgent(machine.openKernel(), sealed(1));
    await acting.turn();
    await acting.turn(sealed(2));
    expect(machine.liveMaps().filter(map => map.frozen)).to.have.length(1);
    const { plan } = await (await startedAgent(machine.openKernel(), sealed(2))).turn();
    expect(plan.steps).to.deep.equal([]);
  });

  it('edits in place only what differs, and keeps what the program wrote', async () => {
    const machine = new FakeMachine();
    const owned = {
      inner: {
        type: 'Hash',
        maxEntries: 16,
        key: 'u32',
        value: 'struct { __u32 action; __u32 packets; }',
        programOwned: ['packets'],
      },
    };
    const scene = (actions: Record<string, number>) =>
      new Scene()
        .outer('tenants', owned)
        .inner(
          'a/web',
          'tenants',
          1,
          Object.fromEntries(Object.entries(actions).map(([k, v]) => [k, { action: v }])),
        );
    const kernel = machine.openKernel();
    const acting = await startedAgent(kernel, scene({ 1: 1, 2: 2 }));
    await acting.turn();
    const inner = kernel.open('/sys/fs/bpf/innermap/tenants/inner/01000000');
    const packets = {
      count: 1,
      keys: Uint8Array.of(1, 0, 0, 0),
      values: Uint8Array.of(1, 0, 0, 0, 77, 0, 0, 0),
    };
    await kernel.edit(inner, { upserts: packets, deletes: new Uint8Array(0) });
    inner.close();
    const { plan } = await acting.resync();
    expect(plan.steps, 'program-owned bytes are no drift').to.deep.equal([]);
    const edit = await acting.turn(scene({ 1: 5, 3: 3 }));
    expect(edit.plan.steps[0]).to.include({ verb: 'edit' });
    expect(machine.dump(LEDGER)['01000000']).to.deep.equal({
      '01000000': '050000004d000000',
      '03000000': '0300000000000000',
    });
  });

  it('repairs outer entries that somebody deleted or overwrote, and counts them', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const intruder = machine.openKernel();
    const outer = intruder.open('/sys/fs/bpf/tenants');
    await intruder.remove(outer, Uint8Array.of(1, 0, 0, 0));
    outer.close();
    const { report } = await acting.resync();
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    expect(report.turn).to.include({ driftFound: 1, driftRepaired: 1 });
    expect(machine.liveMaps()).to.have.length(3);
  });

  it('repairs contents that somebody wrote', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const intruder = machine.openKernel();
    const inner = intruder.open('/sys/fs/bpf/innermap/tenants/inner/01000000');
    await intruder.edit(inner, {
      upserts: { count: 1, keys: Uint8Array.of(10, 0, 0, 0), values: Uint8Array.of(66, 0, 0, 0) },
      deletes: Uint8Array.of(20, 0, 0, 0),
    });
    inner.close();
    const { report } = await acting.resync();
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    expect(report.turn.driftRepaired).to.equal(1);
  });

  it('restores a ledger pin that somebody took away', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    machine.openKernel().pins.unlink('/sys/fs/bpf/innermap/tenants/inner/01000000');
    await acting.resync();
    expect(machine.files()).to.have.property('/sys/fs/bpf/innermap/tenants/inner/01000000');
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
  });
});

describe('turn, when things fail', () => {
  it('goes on with the others when one inner map cannot be made, says why, and mends it later', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    machine.failNext('build', 'EPERM', 1, 'a/web');
    const { report } = await acting.turn();
    expect(
      report.innerMaps.map(({ name, namespace, reason }) => `${namespace}/${name} ${reason}`),
    ).to.deep.equal(['a/web PermissionDenied']);
    expect(Object.keys(machine.dump(LEDGER))).to.deep.equal(['02000000']);
    await acting.turn();
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
  });

  it('goes on with the others when one outer map cannot be read', async () => {
    const machine = new FakeMachine();
    const scene = twoTenants().outer('others').inner('a/other', 'others', 1, { 1: 1 });
    await (await startedAgent(machine.openKernel(), scene)).turn();
    const changed = scene.inner('a/other', 'others', 1, { 1: 2 });
    const acting = await startedAgent(machine.openKernel(), changed);
    machine.failNext('readOuter', 'EPERM', 1, 'tenants');
    const { report } = await acting.turn();
    expect(report.outerMaps.map(({ name, reason }) => `${name} ${reason}`)).to.deep.equal([
      'others Programmed',
      'tenants PermissionDenied',
    ]);
    expect(machine.dump('/sys/fs/bpf/innermap/others/outer')).to.deep.equal(changed.contents('others'));
    expect((await acting.turn()).report.outerMaps.every(({ ready }) => ready)).to.equal(true);
  });

  it('halves a wave when memory ends, and goes on', async () => {
    const machine = new FakeMachine();
    let scene = new Scene().outer('tenants');
    for (let key = 1; key <= 20; key++) scene = scene.inner(`a/m${key}`, 'tenants', key, { 1: key });
    machine.failNext('build', 'ENOMEM', 12);
    const { report } = await (await startedAgent(machine.openKernel(), scene)).turn();
    expect(machine.dump(LEDGER)).to.deep.equal(scene.contents('tenants'));
    expect(report.innerMaps).to.deep.equal([]);
  });

  it('tells OutOfMemory where even one does not fit, and nothing leaks', async () => {
    const machine = new FakeMachine();
    machine.failNext('build', 'ENOMEM', 1000, 'a/web');
    const kernel = machine.openKernel();
    const { report } = await (await startedAgent(kernel, twoTenants())).turn();
    expect(report.innerMaps[0]).to.include({ name: 'web', namespace: 'a', reason: 'OutOfMemory' });
    expect(machine.liveMaps()).to.have.length(2);
    expect(machine.openFds(kernel)).to.equal(0);
  });

  it('tells OuterMapFull, and removes first where slots are missing', async () => {
    const machine = new FakeMachine();
    const outer = (scene: Scene) => scene.outer('tenants', { maxEntries: 2 });
    const full = outer(new Scene()).inner('a/x', 'tenants', 1, {}).inner('a/y', 'tenants', 2, {});
    const acting = await startedAgent(machine.openKernel(), full);
    await acting.turn();
    const moved = full.without('a/x').inner('a/z', 'tenants', 3, {});
    const { plan } = await acting.turn(moved);
    expect(plan.steps.map(step => step.verb)).to.deep.equal(['remove', 'insert']);
    const { report } = await acting.turn(moved.inner('a/w', 'tenants', 4, {}));
    expect(report.innerMaps[0]).to.include({ name: 'w', reason: 'OuterMapFull' });
  });

  it('does not touch a foreign map at the pin', async () => {
    const machine = new FakeMachine();
    const stranger = machine.openKernel();
    const spec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 } as const;
    const template = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 } as const;
    const foreign = stranger.createOuter(spec, template, 'foreign');
    stranger.pins.pin(foreign, '/sys/fs/bpf/tenants', 0o600);
    foreign.close();
    const before = machine.mutations;
    const { report } = await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    expect(machine.mutations).to.equal(before);
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'PinInUse' });
  });

  it('shows both layouts when the map was made from another declaration', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const wider = new Scene().outer('tenants', { pin: 'tenants', maxEntries: 128 });
    const { report } = await (await startedAgent(machine.openKernel(), wider)).turn();
    expect(report.outerMaps[0]).to.include({ reason: 'LayoutMismatch' });
    expect(report.outerMaps[0]!.message).to.contain('maxEntries 64').and.to.contain('maxEntries 128');
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(2);
  });
});

describe('turn, the brake', () => {
  const many = (count: number): Scene => {
    let scene = new Scene().outer('tenants');
    for (let key = 1; key <= count; key++) scene = scene.inner(`a/m${key}`, 'tenants', key, { 1: key });
    return scene;
  };
  const emptied = new Scene().outer('tenants');

  it('holds a removal of too much, tells the token, and lets go with it', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(30));
    await acting.turn();
    const { report } = await acting.turn(emptied);
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(30);
    expect(report.outerMaps[0]).to.include({ reason: 'RemovalHeld', ready: false });
    const { token } = report.state.outerMaps[0]!.heldRemoval!;
    expect(report.outerMaps[0]!.message).to.contain(token);
    await acting.turn(emptied.released(token));
    expect(machine.dump(LEDGER)).to.deep.equal({});
  });

  it('holds it after a restart too', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), many(30))).turn();
    const { report } = await (await startedAgent(machine.openKernel(), emptied)).turn();
    expect(report.outerMaps[0]).to.include({ reason: 'RemovalHeld' });
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(30);
  });

  it('does not hold a few', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(10));
    await acting.turn();
    await acting.turn(emptied);
    expect(machine.dump(LEDGER)).to.deep.equal({});
  });

  it('lets a token go stale when what would be removed changes', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), many(30));
    await acting.turn();
    const { report } = await acting.turn(emptied);
    const { token } = report.state.outerMaps[0]!.heldRemoval!;
    await acting.turn(many(1).released(token));
    expect(Object.keys(machine.dump(LEDGER))).to.have.length(30);
  });

  it('keeps everything of a deleted OuterMap with Retain, and lets all go with Delete', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    await acting.turn(new Scene());
    expect(machine.liveMaps()).to.have.length(3);
    const deleting = twoTenants().outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete' });
    await acting.turn(deleting);
    await acting.turn(new Scene());
    expect(machine.liveMaps()).to.deep.equal([]);
    expect(Object.keys(machine.files()).filter(path => path.includes('tenants'))).to.deep.equal([]);
  });
});

describe('turn, killed at every step', () => {
  it('making everything: converges, nothing left over', async () => {
    const steps = await walkCrashes({
      end: twoTenants(),
      check: machine => {
        expect(machine.dump('/sys/fs/bpf/tenants')).to.deep.equal(twoTenants().contents('tenants'));
        expect(machine.liveMaps()).to.have.length(3);
      },
    });
    expect(steps).to.be.greaterThan(8);
  });

  it('swapping, inserting and removing: a key that stays declared is never absent', async () => {
    const end = twoTenants()
      .inner('a/web', 'tenants', 1, { 10: 9 })
      .inner('c/web', 'tenants', 3, { 1: 1 })
      .without('b/web');
    const steps = await walkCrashes({
      begin: twoTenants(),
      end: end,
      check: machine => {
        expect(machine.dump('/sys/fs/bpf/tenants')).to.deep.equal(end.contents('tenants'));
        expect(machine.liveMaps()).to.have.length(3);
      },
    });
    expect(steps).to.be.greaterThan(6);
  });

  it('letting go of an outer map', async () => {
    const deleting = twoTenants().outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete' });
    await walkCrashes({
      begin: deleting,
      end: new Scene(),
      check: machine => {
        expect(machine.liveMaps()).to.deep.equal([]);
        expect(Object.keys(machine.files()).filter(path => path.includes('tenants'))).to.deep.equal([]);
      },
    });
  });

  it('moving the pin', async () => {
    const moved = twoTenants().outer('tenants', { pin: 'elsewhere/tenants' });
    await walkCrashes({
      begin: twoTenants(),
      end: moved,
      check: machine => {
        expect(machine.files()).to.have.property('/sys/fs/bpf/elsewhere/tenants');
        expect(machine.files()).not.to.have.property('/sys/fs/bpf/tenants');
      },
    });
  });
});
