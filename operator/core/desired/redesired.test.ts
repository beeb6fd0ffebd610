import { expect } from 'chai';
import fc from 'fast-check';
import { AgentFixture } from '../../agent/testing/fixture.ts';
import { runToEnd } from '../steps.ts';
import type { Wanted } from '../wanted.ts';
import { type Desired, desiredState } from './desired.ts';
import { redesiring } from './redesired.ts';

const NODE = { name: 'here', labels: {} };
const base = new AgentFixture().outer('tenants', { maxEntries: 64 }).outer('others', { maxEntries: 64 });
const three = base
  .inner('a/one', 'tenants', 1, { 1: 1 })
  .inner('a/two', 'tenants', 2, { 2: 2 })
  .inner('b/three', 'others', 1, { 3: 3 });

function redesired(before: Wanted, now: Wanted): Desired | undefined {
  return runToEnd(redesiring({ of: before, is: desiredState(before, NODE) }, now));
}

/** As it would be worked out anew, in its order. */
function whole({ outers, ...rest }: Desired): unknown {
  return {
    ...rest,
    outers: [...outers].map(([name, { since: _, ...outer }]) => [
      name,
      { ...outer, inners: [...outer.inners] },
    ]),
  };
}

function changedIn(desired: Desired | undefined, outer: string): readonly string[] | undefined {
  return desired?.outers.get(outer)?.since?.changed.map(({ innerMap }) => innerMap.metadata.name);
}

describe('redesiring', () => {
  it('looks at what has changed in its place and what came behind all others, and at no more', () => {
    const now = three.inner('a/two', 'tenants', 2, { 2: 3 }).inner('a/four', 'tenants', 4, {});
    const desired = redesired(three.wanted(), now.wanted());
    expect(changedIn(desired, 'tenants')).to.deep.equal(['two', 'four']);
    expect(changedIn(desired, 'others')).to.equal(undefined);
    expect(whole(desired!)).to.deep.equal(whole(desiredState(now.wanted(), NODE)));
  });

  it('tells nothing where InnerMaps may concern each other, or more has changed', () => {
    const nodeSelector = { matchLabels: { zone: 'a' } };
    for (const [what, before, now] of [
      ['one went', three, three.without('a/two')],
      ['one has another key', three, three.inner('a/two', 'tenants', 3, { 2: 2 })],
      ['one has the key of another', three, three.inner('a/four', 'tenants', 1, {})],
      ['one has another outer map', three, three.inner('a/two', 'others', 2, { 2: 2 })],
      ['contents cannot be used', three, three.inner('a/two', 'tenants', 2, { 2: 'text' })],
      ['contents could not be used', three.inner('a/two', 'tenants', 2, { 2: 'text' }), three],
      ['for some nodes', three, three.inner('a/two', 'tenants', 2, { 2: 3 }, { nodeSelector })],
      ['for some nodes before', three.inner('a/two', 'tenants', 2, { 2: 3 }, { nodeSelector }), three],
      ['an outer map changed', three, three.outer('tenants', { maxEntries: 32 })],
      ['an outer map came', three, three.outer('more')],
      ['of an unknown outer map', three, three.inner('a/four', 'nowhere', 4, {})],
      ['a namespace has a bound', ...bounded()],
      ['the node', three, { wanted: () => ({ ...three.wanted(), node: { uid: 'u', labels: {} } }) }],
    ] as const)
      expect(redesired(before.wanted(), now.wanted()), what).to.equal(undefined);
  });

  it('is what all of it would come to, whatever changed', () => {
    const declared = fc.record({
      name: fc.constantFrom('a/one', 'a/two', 'b/three', 'c/four', 'c/five'),
      outer: fc.constantFrom('tenants', 'others'),
      key: fc.nat(3),
      value: fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.constant('text') }),
    });
    const sceneOf = (
      from: AgentFixture,
      all: readonly { name: string; outer: string; key: number; value: unknown }[],
    ) =>
      all.reduce(
        (fixture, { name, outer, key, value }) => fixture.inner(name, outer, key, { 1: value as number }),
        from,
      );
    fc.assert(
      fc.property(
        fc.array(declared, { maxLength: 5 }),
        fc.array(declared, { maxLength: 3 }),
        (first, second) => {
          const before = sceneOf(base, first);
          const now = sceneOf(before, second).wanted();
          const desired = redesired(before.wanted(), now);
          if (desired !== undefined) expect(whole(desired)).to.deep.equal(whole(desiredState(now, NODE)));
        },
      ),
      { numRuns: 500 },
    );
  });
});

function bounded(): readonly [AgentFixture, AgentFixture] {
  const before = three.outer('more', { maxNamespaceBytes: 1_048_576 });
  return [before, before.inner('a/two', 'tenants', 2, { 2: 3 })];
}
