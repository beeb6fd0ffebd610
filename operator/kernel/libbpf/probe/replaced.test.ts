import { expect } from 'chai';
import { openLibrary } from '../library.ts';
import { createMap, OwnedMap } from '../maps.ts';
import { Room } from '../memory/room.ts';
import { OuterWays } from '../outer/ways.ts';
import { onRealKernel } from '../scratch.test.ts';
import { pairsOn, showsReplacements, single } from './replaced.ts';
import { PROBE_ENTRIES } from './scratchmaps.ts';

onRealKernel('showsReplacements', () => {
  for (const updateBatch of ['once', 'perEntry'] as const) {
    // Every kernel replaces an entry of a plain Hash as those before 6.16 replace one of a HashOfMaps
    it(`true for a Hash, where a new element takes the old one's place: ${updateBatch}`, async () => {
      expect(await shows('Hash', updateBatch)).to.equal(true);
    });

    it(`false for an Array, whose entries change where they are: ${updateBatch}`, async () => {
      expect(await shows('Array', updateBatch)).to.equal(false);
    });
  }
});

async function shows(type: 'Hash' | 'Array', updateBatch: 'once' | 'perEntry'): Promise<boolean> {
  const ways = new OuterWays();
  ways.updateBatch = updateBatch;
  const host = { library: openLibrary(), possibleCpus: 1, room: new Room(), ways };
  const spec = { type, keySize: 4, valueSize: 4, maxEntries: PROBE_ENTRIES, flags: 0 };
  const map = new OwnedMap(host.library, createMap(host, { spec, name: 'replaced', label: 'x' }), 'x');
  try {
    for (let key = 0; key < PROBE_ENTRIES; key += 1) await single(host, map, pairsOn(1, Uint32Array.of(key)));
    return await showsReplacements(host, map, 2);
  } finally {
    map.close();
  }
}
