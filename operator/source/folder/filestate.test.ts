import { expect } from 'chai';
import { declarationsOf, type FileState, stateAfter, takenBy, unreadReading } from './filestate.ts';
import { readManifests } from './manifests.ts';
import { innerMap, outerMap } from './testing/maps.ts';

function file(...documents: readonly string[]): FileState {
  const text = [outerMap(), ...documents].join('---\n');
  const reading = readManifests(text, 'a', { layouts: new Map(), prefer: 'own', weigh: false });
  return stateAfter({ path: 'a', signature: text, reading });
}

const moved = innerMap('q', 3).replace(/key: \d+/, 'key: 1');

describe('takenBy', () => {
  const before = file(innerMap('p', 2), innerMap('q', 3));

  for (const [what, after, expected] of [
    ['the same', file(innerMap('p', 2), innerMap('q', 3)), 'nothing'],
    ['more entries', file(innerMap('p', 4), innerMap('q', 3)), 'nothing'],
    ['another object more', file(innerMap('p', 2), innerMap('q', 3), innerMap('z')), 'nothing'],
    ['an object less', file(innerMap('p', 2)), 'declared'],
    [
      'an OuterMap less',
      stateAfter({ path: 'a', signature: '', reading: { ...before, outerMaps: [] } }),
      'declared',
    ],
    ['an entry less', file(innerMap('p', 2), innerMap('q', 2)), 'declared'],
    ['another key', file(innerMap('p', 2), moved), 'declared'],
    ['something refused, which takes nothing away', file(innerMap('p', 2), 'a: NO\n'), 'unknown'],
    ['something refused, and an entry less', file(innerMap('p', 1), 'a: NO\n'), 'declared'],
    [
      'wrong contents, which stay',
      file(innerMap('p', 2), innerMap('q', '  entries: [{key: x}]\n')),
      'unknown',
    ],
  ] as const)
    it(`says ${expected} for ${what}`, () => expect(takenBy(before, after)).to.equal(expected));

  it('says unknown for an empty or refused file that was never read, nothing for one that declares something', () => {
    const reading = { outerMaps: [], innerMaps: [], rejected: [], encodedBy: {}, sizes: [] };
    expect(takenBy(undefined, stateAfter({ path: 'a', signature: '', reading }))).to.equal('unknown');
    expect(takenBy(undefined, file('a: NO\n'))).to.equal('unknown');
    expect(takenBy(undefined, before)).to.equal('nothing');
  });

  it('counts what stands of the file, not its last reading alone', () => {
    const unread = stateAfter({ path: 'a', signature: '', reading: unreadReading('a', 'Cannot read') });
    expect(takenBy(unread, file(innerMap('p', 2)), declarationsOf(before))).to.equal('declared');
  });
});
