import { expect } from 'chai';
import { isReady, useLoadedAgent } from '../agent/support/loadedagent.ts';
import { innerMap, outerMap } from '../agent/support/manifests.ts';
import { idsIn, shown } from '../agent/support/witness.ts';

const ENTRIES = 100;
const PAIRS = Object.fromEntries(Array.from({ length: ENTRIES }, (_, at) => [at, at]));

describe('agent on a wave', function () {
  this.timeout(120_000);
  const fixture = useLoadedAgent();

  for (const maps of [4000, 10_000])
    it(`of ${maps} × ${ENTRIES} programs all of it in its first turn`, async () => {
      const inner = { type: 'Hash', maxEntries: ENTRIES, key: 'u32', value: 'u32' };
      const wave = Array.from({ length: maps }, (_, key) =>
        innerMap(`a/map-${key}`, { outerMap: 'waves', key }, PAIRS),
      );
      fixture().write('wave.yaml', outerMap('waves', { maxEntries: maps, inner }), ...wave);
      const ended = fixture().once();
      expect(ended.code, `${ended.signal}\n${ended.error}`).to.equal(0);
      expect(isReady(fixture().reportNow())).to.equal(true);
      const ids = [...idsIn(fixture().pin('waves')).values()];
      expect(new Set(ids).size).to.equal(maps);
      expect(shown(ids.slice(0, 1))[0]?.max_entries).to.equal(ENTRIES);
    });
});
