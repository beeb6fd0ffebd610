import { expect } from 'chai';
import { labelled, StatusFixture } from './testing/fixture.ts';

const OLD = '2026-01-01T00:00:00Z';
const YOUNG = '2026-01-02T00:00:00Z';

describe('innerVerdict', () => {
  function twoZones(): StatusFixture {
    const scene = new StatusFixture().node('a', { zone: 'p', disk: 'ssd' }).node('b', { zone: 'q' });
    return scene.agent('a').agent('b').outer('tenants').listed();
  }

  it('gives a key to the oldest, and names it to the others', () => {
    const scene = twoZones().inner('young', { key: 1, createdAt: YOUNG }).inner('old', { key: 1 });
    expect(scene.accepted('old')).to.equal('True Accepted');
    expect(scene.accepted('young')).to.equal('False KeyConflict');
    expect(scene.innerStatus('young').conditions[0]!.message).to.equal(
      'Key 1 belongs to the older InnerMap team/old',
    );
    expect(scene.outerStatus().innerMaps).to.equal(1);
    scene.delete('old').fold();
    expect(scene.told.map(({ id }) => id)).to.include('team/young');
    expect(scene.accepted('young')).to.equal('True Accepted');
  });

  it('sees no conflict where no node is selected by both', () => {
    const scene = twoZones().inner('p', { key: 1, selector: labelled('zone', 'p') });
    scene.inner('q', { key: 1, selector: labelled('zone', 'q'), createdAt: YOUNG });
    expect(scene.accepted('q')).to.equal('True Accepted');
    scene.inner('ssd', { key: 1, selector: labelled('disk', 'ssd'), createdAt: YOUNG });
    expect(scene.accepted('ssd')).to.equal('False KeyConflict');
    scene.node('a', { zone: 'p' });
    expect(scene.accepted('ssd')).to.equal('True Accepted');
    scene.node('b', { zone: 'q', disk: 'ssd' }).fold();
    expect(scene.told.map(({ id }) => id)).to.include('team/ssd');
    expect(scene.accepted('ssd')).to.equal('False KeyConflict');
  });

  it('sees a conflict of selectors that say the same, where there is no node yet', () => {
    const scene = new StatusFixture().outer('tenants').inner('old', { key: 1 });
    scene.inner('young', { key: 1, createdAt: YOUNG });
    scene.inner('x', { key: 2, selector: labelled('zone', 'x') });
    scene.inner('y', { key: 2, selector: labelled('zone', 'x'), createdAt: YOUNG });
    expect(scene.accepted('young')).to.equal('False KeyConflict');
    expect(scene.accepted('y')).to.equal('False KeyConflict');
  });

  it('lets contents that cannot be taken hold their key', () => {
    const invalid = { reason: 'InvalidEntries', message: 'spec.entries[0]: no' } as const;
    const scene = twoZones().inner('old', { key: 1, invalid }).inner('young', { key: 1, createdAt: YOUNG });
    expect(scene.accepted('old')).to.equal('False InvalidEntries');
    expect(scene.accepted('young')).to.equal('False KeyConflict');
  });

  it('does not refuse what it has not read yet', () => {
    const scene = twoZones();
    const facts = scene.innerFacts('web');
    scene.world.putInner({ ...facts, wanted: { ...facts.wanted!, content: { kind: 'pending' } } }, 0);
    expect(scene.accepted('web')).to.equal('Unknown Pending');
    expect(scene.told.every(({ id, urgent }) => id !== 'team/web' || !urgent)).to.equal(true);
    expect(scene.ready('web')).to.equal('False Pending');
    scene.world.putInner(facts, 0);
    expect(scene.accepted('web')).to.equal('True Accepted');
  });

  it('passes on what cannot be read of the object itself', () => {
    const scene = twoZones();
    const { wanted: _, ...facts } = scene.innerFacts('web');
    scene.world.putInner({ ...facts, problem: { reason: 'Unsupported', message: 'Too new' } }, 0);
    expect(scene.accepted('web')).to.equal('False Unsupported');
    expect(scene.innerStatus('web').entries).to.equal(0);
  });

  it('waits for an OuterMap that cannot be used', () => {
    const scene = twoZones().inner('web').outer('tenants', { key: 'what' });
    expect(scene.accepted('web')).to.equal('False Pending');
    expect(scene.outerReady()).to.equal('False LayoutMismatch');
    expect(scene.outerStatus().innerMaps).to.equal(0);
  });

  it('judges by the access rules as they are', () => {
    const scene = twoZones().inner('web', { key: 7 });
    expect(scene.accepted('web')).to.equal('True Accepted');
    scene.outer('tenants', { access: [{ namespaces: ['team'], keys: ['0..5'] }] });
    expect(scene.accepted('web')).to.equal('False KeyNotAllowed');
  });
});

describe('outerVerdict', () => {
  const outerOf = (
    scene: StatusFixture,
    name: string,
    [createdAt, zone]: readonly [string, string?],
  ): StatusFixture => {
    const selector = zone === undefined ? {} : { nodeSelector: labelled('zone', zone) };
    scene.outer(name, { pin: 'shared', ...selector });
    const facts = scene.world.outerFacts(name)!;
    const metadata = { ...facts.outerMap!.metadata, creationTimestamp: createdAt };
    const outerMap = { ...facts.outerMap!, metadata };
    scene.world.putOuter({ ...facts, generation: facts.generation + 1, outerMap }, scene.now);
    return scene;
  };

  it('gives a pin to the older of two that meet on a node', () => {
    const scene = new StatusFixture().nodes('a').listed();
    outerOf(scene, 'young', [YOUNG]);
    outerOf(scene, 'old', [OLD]);
    expect(scene.outerReady('young')).to.equal('False PinInUse');
    expect(scene.outerReady('old')).to.equal('False Progressing');
    scene.inner('web', { outer: 'young' });
    expect(scene.accepted('web')).to.equal('False Pending');
    scene.world.removeOuter('old');
    expect(scene.outerReady('young')).to.equal('False Progressing');
    expect(scene.accepted('web')).to.equal('True Accepted');
  });

  it('sees no conflict of pins on different nodes', () => {
    const scene = new StatusFixture().node('a', { zone: 'p' }).node('b', { zone: 'q' }).agent('a').agent('b');
    outerOf(scene, 'old', [OLD, 'p']);
    outerOf(scene.listed(), 'young', [YOUNG, 'q']);
    expect(scene.outerReady('young')).to.equal('False Progressing');
    scene.node('b', { zone: 'p' });
    outerOf(scene, 'both', [YOUNG, 'p']);
    expect(scene.outerReady('both')).to.equal('False PinInUse');
  });

  it('passes on what cannot be read of the object itself', () => {
    const scene = new StatusFixture().nodes('a').outer('tenants').inner('web').listed();
    const { outerMap: _, ...facts } = scene.world.outerFacts('tenants')!;
    const problem = { reason: 'Unsupported', message: 'Too new' } as const;
    scene.world.putOuter({ ...facts, generation: 2, problem }, 0);
    expect(scene.outerReady()).to.equal('False Unsupported');
    expect(scene.accepted('web')).to.equal('False Pending');
  });
});
