import { expect } from 'chai';
import { labelled, StatusFixture } from './testing/fixture.ts';

const OLD = '2026-01-01T00:00:00Z';
const YOUNG = '2026-01-02T00:00:00Z';

describe('innerAcceptance', () => {
  function twoZones(): StatusFixture {
    const fixture = new StatusFixture().node('a', { zone: 'p', disk: 'ssd' }).node('b', { zone: 'q' });
    return fixture.agent('a').agent('b').outer('tenants').listed();
  }

  it('gives a key to the oldest, and names it in the others’ messages', () => {
    const fixture = twoZones().inner('young', { key: 1, createdAt: YOUNG }).inner('old', { key: 1 });
    expect(fixture.accepted('old')).to.equal('True Accepted');
    expect(fixture.accepted('young')).to.equal('False KeyConflict');
    expect(fixture.innerStatus('young').conditions[0]!.message).to.equal(
      'Key 1 belongs to the older InnerMap team/old',
    );
    expect(fixture.outerStatus().innerMaps).to.equal(1);
    fixture.delete('old').fold();
    expect(fixture.changes.map(({ id }) => id)).to.include('team/young');
    expect(fixture.accepted('young')).to.equal('True Accepted');
  });

  it('finds no conflict if no node is selected by both', () => {
    const fixture = twoZones().inner('p', { key: 1, selector: labelled('zone', 'p') });
    fixture.inner('q', { key: 1, selector: labelled('zone', 'q'), createdAt: YOUNG });
    expect(fixture.accepted('q')).to.equal('True Accepted');
    fixture.inner('ssd', { key: 1, selector: labelled('disk', 'ssd'), createdAt: YOUNG });
    expect(fixture.accepted('ssd')).to.equal('False KeyConflict');
    fixture.node('a', { zone: 'p' });
    expect(fixture.accepted('ssd')).to.equal('True Accepted');
    fixture.node('b', { zone: 'q', disk: 'ssd' }).fold();
    expect(fixture.changes.map(({ id }) => id)).to.include('team/ssd');
    expect(fixture.accepted('ssd')).to.equal('False KeyConflict');
  });

  it('finds a conflict of equal selectors even without nodes', () => {
    const fixture = new StatusFixture().outer('tenants').inner('old', { key: 1 });
    fixture.inner('young', { key: 1, createdAt: YOUNG });
    fixture.inner('x', { key: 2, selector: labelled('zone', 'x') });
    fixture.inner('y', { key: 2, selector: labelled('zone', 'x'), createdAt: YOUNG });
    expect(fixture.accepted('young')).to.equal('False KeyConflict');
    expect(fixture.accepted('y')).to.equal('False KeyConflict');
  });

  it('lets an InnerMap with invalid contents hold its key', () => {
    const invalid = { reason: 'InvalidEntries', message: 'spec.entries[0]: no' } as const;
    const fixture = twoZones().inner('old', { key: 1, invalid }).inner('young', { key: 1, createdAt: YOUNG });
    expect(fixture.accepted('old')).to.equal('False InvalidEntries');
    expect(fixture.accepted('young')).to.equal('False KeyConflict');
  });

  it('leaves contents for which the controller has no room to the nodes, whose room may be larger', () => {
    const refused = { reason: 'TooManyEntries', message: 'Entries take 150 MiB' } as const;
    const invalid = { ...refused, needs: 1 };
    const fixture = twoZones().inner('web', { key: 1, invalid });
    fixture.inner('young', { key: 1, createdAt: YOUNG });
    expect(fixture.accepted('web')).to.equal('True Accepted');
    expect(fixture.innerStatus('web').conditions[0]!.message).to.contain('too large for the controller');
    expect(fixture.accepted('young')).to.equal('False KeyConflict');
    fixture.inner('web', { key: 1, invalid: refused });
    expect(fixture.accepted('web')).to.equal('False TooManyEntries');
  });

  it('is Unknown while contents are unread', () => {
    const fixture = twoZones();
    const facts = fixture.innerFacts('web');
    fixture.world.putInner({ ...facts, wanted: { ...facts.wanted!, content: { kind: 'pending' } } }, 0);
    expect(fixture.accepted('web')).to.equal('Unknown Pending');
    expect(fixture.changes.every(({ id, urgent }) => id !== 'team/web' || !urgent)).to.equal(true);
    expect(fixture.ready('web')).to.equal('False Pending');
    fixture.world.putInner(facts, 0);
    expect(fixture.accepted('web')).to.equal('True Accepted');
  });

  it('returns the problem of an object that cannot be parsed', () => {
    const fixture = twoZones();
    const { wanted: _, ...facts } = fixture.innerFacts('web');
    fixture.world.putInner({ ...facts, problem: { reason: 'Unsupported', message: 'Too new' } }, 0);
    expect(fixture.accepted('web')).to.equal('False Unsupported');
    expect(fixture.innerStatus('web').entries).to.equal(0);
  });

  it('is Pending while the OuterMap is not usable', () => {
    const fixture = twoZones().inner('web').outer('tenants', { key: 'what' });
    expect(fixture.accepted('web')).to.equal('False Pending');
    expect(fixture.outerReady()).to.equal('False LayoutMismatch');
    expect(fixture.outerStatus().innerMaps).to.equal(0);
  });

  it('applies the current access rules', () => {
    const fixture = twoZones().inner('web', { key: 7 });
    expect(fixture.accepted('web')).to.equal('True Accepted');
    fixture.outer('tenants', { access: [{ namespaces: ['team'], keys: ['0..5'] }] });
    expect(fixture.accepted('web')).to.equal('False KeyNotAllowed');
  });
});

describe('outerAcceptances', () => {
  const outerOf = (
    fixture: StatusFixture,
    name: string,
    [createdAt, zone]: readonly [string, string?],
  ): StatusFixture => {
    const selector = zone === undefined ? {} : { nodeSelector: labelled('zone', zone) };
    fixture.outer(name, { pin: 'shared', ...selector });
    const facts = fixture.world.outerFacts(name)!;
    const metadata = { ...facts.outerMap!.metadata, creationTimestamp: createdAt };
    const outerMap = { ...facts.outerMap!, metadata };
    fixture.world.putOuter({ ...facts, generation: facts.generation + 1, outerMap }, fixture.now);
    return fixture;
  };

  it('gives a pin to the older of two that share a node', () => {
    const fixture = new StatusFixture().nodes('a').listed();
    outerOf(fixture, 'young', [YOUNG]);
    outerOf(fixture, 'old', [OLD]);
    expect(fixture.outerReady('young')).to.equal('False PinInUse');
    expect(fixture.outerReady('old')).to.equal('False Progressing');
    fixture.inner('web', { outer: 'young' });
    expect(fixture.accepted('web')).to.equal('False Pending');
    fixture.world.removeOuter('old');
    expect(fixture.outerReady('young')).to.equal('False Progressing');
    expect(fixture.accepted('web')).to.equal('True Accepted');
  });

  it('finds no conflict of pins on different nodes', () => {
    const fixture = new StatusFixture()
      .node('a', { zone: 'p' })
      .node('b', { zone: 'q' })
      .agent('a')
      .agent('b');
    outerOf(fixture, 'old', [OLD, 'p']);
    outerOf(fixture.listed(), 'young', [YOUNG, 'q']);
    expect(fixture.outerReady('young')).to.equal('False Progressing');
    fixture.node('b', { zone: 'p' });
    outerOf(fixture, 'both', [YOUNG, 'p']);
    expect(fixture.outerReady('both')).to.equal('False PinInUse');
  });

  it('returns the problem of an object that cannot be parsed', () => {
    const fixture = new StatusFixture().nodes('a').outer('tenants').inner('web').listed();
    const { outerMap: _, ...facts } = fixture.world.outerFacts('tenants')!;
    const problem = { reason: 'Unsupported', message: 'Too new' } as const;
    fixture.world.putOuter({ ...facts, generation: 2, problem }, 0);
    expect(fixture.outerReady()).to.equal('False Unsupported');
    expect(fixture.accepted('web')).to.equal('False Pending');
  });
});
