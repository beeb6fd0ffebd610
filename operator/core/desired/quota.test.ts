import { expect } from 'chai';
import { AgentFixture } from '../../agent/testing/fixture.ts';
import { desiredState } from './desired.ts';

const MIB = 2 ** 20;

/** A map of 65,536 places takes 5 MiB. */
function declared(maxNamespaceBytes: number | undefined): AgentFixture {
  const inner = { type: 'Hash', maxEntries: 65_536, key: 'u32', value: 'u32' };
  const quota = maxNamespaceBytes === undefined ? {} : { maxNamespaceBytes };
  return new AgentFixture()
    .outer('tenants', { inner, ...quota })
    .inner('a/young', 'tenants', 1, {})
    .stored('a/young', { creationTimestamp: '2026-02-01T00:00:00Z' })
    .inner('a/old', 'tenants', 2, {})
    .stored('a/old', { creationTimestamp: '2026-01-01T00:00:00Z' })
    .inner('a/small', 'tenants', 3, {}, { maxEntries: 16 })
    .stored('a/small', { creationTimestamp: '2026-03-01T00:00:00Z' })
    .inner('b/other', 'tenants', 4, {});
}

describe('desiredState, memory of a namespace', () => {
  const stateOf = (objects: AgentFixture) => desiredState(objects.wanted(), { name: 'here', labels: {} });

  it('is that of its oldest InnerMaps, and of smaller ones that still fit; another has its own', () => {
    const { outers, rejections } = stateOf(declared(8 * MIB));
    const { inners, kept } = outers.get('tenants')!;
    expect([...inners.values()].map(({ keyText }) => keyText).toSorted()).to.deep.equal(['2', '3', '4']);
    expect([...kept.values()].map(({ object }) => object.metadata.name)).to.deep.equal(['young']);
    expect(rejections.map(({ reason, message }) => [reason, message])).to.deep.equal([
      [
        'TooManyEntries',
        "It takes 6 MiB of kernel memory: inner maps of namespace a may take 8 MiB together, and others take 6 MiB; make it smaller, or let the OuterMap's owner raise spec.maxNamespaceBytes",
      ],
    ]);
  });

  it('is that of an old one too whose contents cannot be used: what it had may be there', () => {
    const broken = declared(8 * MIB)
      .inner('a/old', 'tenants', 2, { 1: 'text' })
      .stored('a/old', { creationTimestamp: '2026-01-01T00:00:00Z' });
    const { inners } = stateOf(broken).outers.get('tenants')!;
    expect([...inners.values()].map(({ keyText }) => keyText).toSorted()).to.deep.equal(['3', '4']);
  });

  it('has no bound where the OuterMap says none, and room for all where it is enough', () => {
    expect(stateOf(declared(undefined)).rejections).to.deep.equal([]);
    expect(stateOf(declared(11 * MIB)).rejections).to.deep.equal([]);
  });
});
