import { expect } from 'chai';
import { AgentFixture } from '../../agent/testing/fixture.ts';
import { capacityWarnings } from './capacity.ts';
import { desiredState } from './desired.ts';

function warnings(objects: AgentFixture): readonly string[] {
  const desired = desiredState(objects.wanted(), { name: 'here', labels: {} });
  return capacityWarnings(desired).map(({ object, message }) => `${object.metadata.name}: ${message}`);
}

describe('capacityWarnings', () => {
  it('counts InnerMaps beyond the places of their OuterMap, and not those that another node has', () => {
    const two = new AgentFixture()
      .outer('tenants', { maxEntries: 2 })
      .inner('a/one', 'tenants', 1, {})
      .inner('a/two', 'tenants', 2, {})
      .inner('a/elsewhere', 'tenants', 3, {}, { nodeSelector: { matchLabels: { zone: 'b' } } });
    expect(warnings(two)).to.deep.equal([]);
    expect(warnings(two.inner('a/three', 'tenants', 4, {}))).to.deep.equal([
      'tenants: 3 InnerMaps are more than maxEntries 2: 1 will be OuterMapFull; declare fewer, or make another OuterMap',
    ]);
  });

  describe('of LRU maps', () => {
    const lru = (count: number, maxEntries: number, given: object = {}) => {
      const pairs = Object.fromEntries(Array.from({ length: count }, (_, at) => [at, at]));
      const inner = { type: 'LRUHash', maxEntries, key: 'u32', value: 'u32', ...given };
      return warnings(new AgentFixture().outer('cache', { inner }).inner('a/web', 'cache', 1, pairs));
    };

    it('warns of entries that come near maxEntries', () => {
      expect(lru(1000, 1000)).to.deep.equal([
        'web: 1000 entries come near maxEntries 1000: an LRU map keeps up to 128 places free for each CPU, and some will be Evicted; raise maxEntries',
      ]);
      expect(lru(745, 1000)).to.have.length(1);
      expect(lru(744, 1000)).to.deep.equal([]);
      expect(lru(9, 16)).to.have.length(1);
      expect(lru(8, 16)).to.deep.equal([]);
      expect(lru(1000, 1000, { type: 'Hash' })).to.deep.equal([]);
    });

    it('with NoCommonLRU, of more than the share of one of two CPUs', () => {
      expect(lru(501, 1000, { flags: ['NoCommonLRU'] })).to.deep.equal([
        'web: 501 entries are more than maxEntries 1000 by 2 CPUs: with NoCommonLRU each CPU has its share for itself, and the others will be Evicted; raise maxEntries to 501 times the CPUs of a node',
      ]);
      expect(lru(500, 1000, { flags: ['NoCommonLRU'] })).to.deep.equal([]);
    });
  });
});
