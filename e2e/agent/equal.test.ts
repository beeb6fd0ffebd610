import { expect } from 'chai';
import { useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, type Manifest, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { idsIn, pinsBelow, shown } from './support/witness.ts';

const MAPS = 300;
const SAME = { 10: 1, 20: 2 };

/** InnerMaps with equal contents at the keys 0 …, in two namespaces. */
function equal(outer: string): Manifest[] {
  return Array.from({ length: MAPS }, (_, key) =>
    innerMap(`${key % 2 === 0 ? 'a' : 'b'}/${outer}-${key}`, { outerMap: outer, key }, SAME),
  );
}

describe('agent with equal contents', () => {
  const fixture = useLoadedAgent();

  for (const type of ['HashOfMaps', 'ArrayOfMaps']) {
    it(`has one inner map for them in a ${type}: it parts where one changes, and no start writes`, async () => {
      const outer = outerMap('tenants', { type, maxEntries: 512 });
      fixture().write('maps.yaml', outer, ...equal('tenants'));
      const agent = await fixture().started();
      const pin = fixture().pin('tenants');
      const ids = idsIn(pin);
      expect(ids.size).to.equal(MAPS);
      expect(new Set(ids.values()).size).to.equal(1);
      const [shared] = ids.values();
      expect(shown([shared!])[0]).to.include({ id: shared, name: 'tenants.shared' });
      expect(pinsBelow(fixture().bpffs).filter(path => path.includes('/inner/'))).to.have.length(MAPS);
      const changed = innerMap('b/tenants-7', { outerMap: 'tenants', key: 7 }, { 9: 9 });
      const others = equal('tenants').filter((_, key) => key !== 7);
      fixture().write('maps.yaml', outer, changed, ...others);
      const all = Array.from({ length: MAPS }, (_, key) => [u32(key), u32Pairs(key === 7 ? { 9: 9 } : SAME)]);
      await fixture().holds('tenants', Object.fromEntries(all));
      const parted = idsIn(pin);
      expect([...parted].filter(([, id]) => id !== shared).map(([key]) => key)).to.deep.equal([u32(7)]);
      await agent.end('SIGKILL');
      await fixture().started();
      expect(idsIn(pin)).to.deep.equal(parted);
    });
  }
});
