import { expect } from 'chai';
import { AgentFixture } from '../../agent/testing/fixture.ts';
import type { Wanted } from '../wanted.ts';
import { desiredState } from './desired.ts';

const HERE = { name: 'here', labels: { zone: 'a' } };

function told(wanted: Wanted): string[] {
  return desiredState(wanted, HERE).rejections.map(
    ({ object, reason }) => `${object.metadata.name} ${reason}`,
  );
}

function messages(wanted: Wanted): string {
  return desiredState(wanted, HERE)
    .rejections.map(({ message }) => message)
    .join('\n');
}

/** The same objects with creation times, by name. */
function born(wanted: Wanted, times: Readonly<Record<string, string>>): Wanted {
  const aged = <T extends { metadata: { name: string } }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, creationTimestamp: times[object.metadata.name] },
  });
  return {
    ...wanted,
    outerMaps: wanted.outerMaps.map(aged),
    innerMaps: wanted.innerMaps.map(inner => ({ ...inner, innerMap: aged(inner.innerMap) })),
  };
}

describe('desiredState', () => {
  const tenants = new AgentFixture().outer('tenants');

  it('gives a contested key to namespace and name where no creation time tells', () => {
    const wanted = tenants.inner('b/late', 'tenants', 1, {}).inner('a/early', 'tenants', 1, {}).wanted();
    expect(told(wanted)).to.deep.equal(['late KeyConflict']);
    expect(messages(wanted)).to.contain('a/early');
  });

  it('gives a contested key to the oldest', () => {
    const wanted = tenants.inner('a/young', 'tenants', 1, {}).inner('b/old', 'tenants', 1, {}).wanted();
    const times = { young: '2026-02-02T00:00:00Z', old: '2026-01-01T00:00:00Z' };
    expect(told(born(wanted, times))).to.deep.equal(['young KeyConflict']);
  });

  it('lets an owner with contents that cannot be taken keep its key', () => {
    const wanted = tenants
      .inner('a/broken', 'tenants', 1, { 1: 'text' })
      .inner('b/other', 'tenants', 1, { 1: 1 })
      .wanted();
    expect(told(wanted)).to.deep.equal(['broken InvalidEntries', 'other KeyConflict']);
    const { inners, kept } = desiredState(wanted, HERE).outers.get('tenants')!;
    expect([inners.size, [...kept.keys()]]).to.deep.equal([0, ['01000000']]);
  });

  it('takes the key from a younger owner with contents that cannot be taken', () => {
    const wanted = tenants
      .inner('a/broken', 'tenants', 1, { 1: 'text' })
      .inner('b/old', 'tenants', 1, { 1: 1 })
      .wanted();
    const times = { broken: '2026-02-02T00:00:00Z', old: '2026-01-01T00:00:00Z' };
    expect(told(born(wanted, times))).to.deep.equal(['broken KeyConflict']);
  });

  it('rejects keys that are no keys, not allowed, or beyond an ArrayOfMaps', () => {
    const access = [{ namespaces: ['team-*'], keys: ['0..9'] }];
    const wanted = new AgentFixture()
      .outer('tenants', { type: 'ArrayOfMaps', maxEntries: 4, access })
      .inner('team-a/text', 'tenants', 'ten', {})
      .inner('team-a/far', 'tenants', 5, {})
      .inner('team-a/beyond', 'tenants', 10, {})
      .inner('stranger/one', 'tenants', 1, {})
      .wanted();
    expect(told(wanted)).to.have.members([
      'text InvalidKey',
      'far InvalidKey',
      'beyond KeyNotAllowed',
      'one KeyNotAllowed',
    ]);
    expect(messages(wanted)).to.contain('use 0 to 3').and.to.contain('team-*');
  });

  it('keeps what is there where a map of that size cannot be had', () => {
    const scene = new AgentFixture().outer('tenants', {
      inner: { type: 'Array', maxEntries: 4, key: 'u32', value: 'u32' },
    });
    const wanted = scene.inner('a/large', 'tenants', 1, {}, { maxEntries: 8 }).wanted();
    expect(told(wanted)).to.deep.equal(['large LayoutMismatch']);
    expect([...desiredState(wanted, HERE).outers.get('tenants')!.kept.keys()]).to.deep.equal(['01000000']);
  });

  it('keeps what is there until contents are encoded by the layout that counts', () => {
    const { innerMaps } = tenants.inner('a/web', 'tenants', 1, {}).wanted();
    const other = new AgentFixture().outer('tenants', { maxEntries: 8 }).wanted();
    expect(told({ ...other, innerMaps })).to.deep.equal(['web Pending']);
  });

  it('says where the OuterMap is missing, or selects other nodes', () => {
    const web = tenants.inner('a/web', 'tenants', 1, {});
    expect(told(web.without('tenants').wanted())).to.deep.equal(['web OuterMapNotFound']);
    const faulty = { ...web.without('tenants').wanted(), faulty: new Set(['tenants']) };
    expect(told(faulty)).to.deep.equal(['web Pending']);
    const [rejection] = desiredState(faulty, HERE).rejections;
    expect(rejection?.message).to.equal('OuterMap tenants has errors: mend those first');
    const unreadable = { ...web.without('tenants').wanted(), unreadable: new Set(['tenants']) };
    expect(told(unreadable)).to.deep.equal(['web Pending']);
    const elsewhere = new AgentFixture().outer('tenants', { nodeSelector: { matchLabels: { zone: 'b' } } });
    const wanted = elsewhere.inner('a/web', 'tenants', 1, {}).wanted();
    expect([told(wanted), desiredState(wanted, HERE).outers.size]).to.deep.equal([[], 0]);
  });

  it('leaves out InnerMaps that select other nodes: they claim no key', () => {
    const wanted = tenants
      .inner('a/far', 'tenants', 1, {}, { nodeSelector: { matchLabels: { zone: 'b' } } })
      .inner('b/here', 'tenants', 1, {}, { nodeSelector: { matchLabels: { zone: 'a' } } })
      .wanted();
    expect(told(wanted)).to.deep.equal([]);
    const { outers, selectors } = desiredState(wanted, HERE);
    expect(outers.get('tenants')!.inners.size).to.equal(1);
    expect([...selectors].map(({ matchLabels }) => matchLabels['zone'])).to.have.members(['a', 'b']);
  });

  it('gives a pin to the oldest OuterMap; InnerMaps of the other wait', () => {
    const scene = new AgentFixture().outer('old', { pin: 'maps/x' }).outer('young', { pin: 'maps/x' });
    const wanted = scene.inner('a/web', 'young', 1, {}).wanted();
    const aged = born(wanted, { old: '2026-01-01T00:00:00Z', young: '2026-02-02T00:00:00Z' });
    expect(told(aged)).to.have.members(['young PinInUse', 'web Pending']);
  });

  it('rejects an OuterMap whose declarations cannot be read, and goes on with the others', () => {
    const wanted = tenants
      .outer('broken', { inner: { type: 'Hash', maxEntries: 4, key: 'u31', value: 'u32' } })
      .wanted();
    expect(told(wanted)).to.deep.equal(['broken LayoutMismatch']);
    expect([...desiredState(wanted, HERE).outers.keys()]).to.deep.equal(['tenants']);
  });

  it('edits in place by default what programs own, what is AtLeast, and LRU types; swaps the rest', () => {
    const value = 'struct { __u32 action; __u32 packets; }';
    const manner = (inner: object, spec: object = {}) => {
      const scene = new AgentFixture().outer('tenants', {
        inner: { type: 'Hash', maxEntries: 4, key: 'u32', value: 'u32', ...inner },
      });
      const wanted = scene.inner('a/web', 'tenants', 1, {}, spec).wanted();
      const { update, exact } = desiredState(wanted, HERE).outers.get('tenants')!.inners.get('01000000')!;
      return `${update} ${exact ? 'Exact' : 'AtLeast'}`;
    };
    expect(manner({})).to.equal('Swap Exact');
    expect(manner({ value, programOwned: ['packets'] })).to.equal('InPlace Exact');
    expect(manner({ value, programOwned: ['packets'] }, { update: 'Swap' })).to.equal('Swap Exact');
    expect(manner({ value, programOwned: ['packets'] }, { sealed: true })).to.equal('Swap Exact');
    expect(manner({}, { content: 'AtLeast' })).to.equal('InPlace AtLeast');
    expect(manner({ type: 'LRUHash' })).to.equal('InPlace AtLeast');
    expect(manner({ type: 'LRUHash' }, { update: 'Swap' })).to.equal('Swap Exact');
    expect(manner({ type: 'LRUHash' }, { content: 'Exact', update: 'InPlace' })).to.equal('InPlace Exact');
  });
});
