import { expect } from 'chai';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { KernelFixture } from './fixture.ts';
import { errnos, HASH, u32 } from './fixture.ts';

/** The contract of accepts and template. */
export function templateContract(fixture: () => KernelFixture): void {
  it('accepts: whether a layout fits a HashOfMaps, and nothing is written', async () => {
    const outer = fixture().hashOfMaps();
    const { kernel } = fixture();
    expect(await kernel.accepts(outer, HASH)).to.equal(true);
    expect(await kernel.accepts(outer, { ...HASH, maxEntries: 1 })).to.equal(true);
    expect(await kernel.accepts(outer, { ...HASH, valueSize: 4 })).to.equal(false);
    expect(await kernel.accepts(outer, { ...HASH, keySize: 8 })).to.equal(false);
    expect(await kernel.accepts(outer, { ...HASH, type: 'LRUHash' })).to.equal(false);
    expect(await kernel.accepts(outer, { ...HASH, flags: 1 })).to.equal(false);
    expect(await fixture().outerIds(outer)).to.deep.equal({});
  });

  it('accepts: the map that is tried is gone after, whatever the answer', async () => {
    const rare: MapSpec = { ...HASH, keySize: 13, valueSize: 37 };
    const outer = fixture().hashOfMaps(rare);
    const before = await fixture().inner('before');
    for (const spec of [rare, { ...rare, keySize: 14 }]) await fixture().kernel.accepts(outer, spec);
    const after = await fixture().inner('after');
    // Maps of other processes lie between, too
    const left = [...fixture().mapsBetween(before, after)].filter(({ spec }) => spec.valueSize === 37);
    expect(left).to.deep.equal([]);
  });

  it('accepts: undefined for an ArrayOfMaps, which has no dry trial', async () => {
    expect(await fixture().kernel.accepts(fixture().arrayOfMaps(), HASH)).to.equal(undefined);
  });

  it('accepts: answers for a full HashOfMaps too', async () => {
    const outer = fixture().hashOfMaps(HASH, 1);
    await fixture().kernel.replace(outer, u32(0), await fixture().inners('inner', 1));
    expect(await fixture().kernel.accepts(outer, HASH)).to.equal(true);
    expect(await fixture().kernel.accepts(outer, { ...HASH, valueSize: 4 })).to.equal(false);
  });

  it('template: the layout that the outer map was made with', async function () {
    const lpm = { type: 'LPMTrie', keySize: 8, valueSize: 4, maxEntries: 77, flags: 1 } as const;
    const outers = [fixture().hashOfMaps(HASH), fixture().arrayOfMaps(lpm)];
    if ((await fixture().kernel.probe()).features['readTemplate'] === true) {
      expect(outers.map(outer => fixture().kernel.template(outer))).to.deep.equal([HASH, lpm]);
    } else {
      expect(outers.map(outer => fixture().kernel.template(outer))).to.deep.equal([undefined, undefined]);
      this.skip();
    }
  });

  it('an Array has the maxEntries of its template unless both have InnerMap', async () => {
    const array = { type: 'Array', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 } as const;
    const free = { ...array, flags: 1 << 12 };
    const longer = async (spec: MapSpec) => {
      const inner = await fixture().inner(`flags${spec.flags}`, { spec: { ...spec, maxEntries: 9 } });
      return errnos(await fixture().kernel.replace(fixture().hashOfMaps(spec), u32(1), [inner]));
    };
    expect(await longer(array)).to.deep.equal({ 0: 'EINVAL' });
    expect(await longer(free)).to.deep.equal({});
  });
}
