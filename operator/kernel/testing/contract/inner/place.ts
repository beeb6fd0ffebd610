import { expect } from 'chai';
import { MAP_FLAGS } from '../../../../api/outermap.ts';
import type { MapSpec } from '../../../../core/mapspec.ts';
import type { Edit } from '../../../kernel.ts';
import { errnos, type KernelFixture, numbered, openMap, u32 } from '../fixture.ts';

const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0 };
const NONE = new Uint8Array(0);

/** Writes through the outer map, as without the right to open what others made. */
export function placeContract(fixture: () => KernelFixture): void {
  /** The errnos of an edit of the inner map at key 1, which has the entries 1 to `count`, or that of the whole edit. */
  async function edited(spec: MapSpec, edit: Edit, { count = 2, key = 1 } = {}): Promise<unknown> {
    const { kernel } = fixture();
    const outer = fixture().hashOfMaps(spec);
    const [built] = await kernel.build([
      fixture().request('inner', { spec, entries: numbered(1, count, 0x0101) }),
    ]);
    const inner = openMap(built);
    await kernel.replace(outer, u32(1), [inner]);
    inner.close();
    return kernel.editAt({ outer, key: u32(key), spec }, edit).then(errnos, ({ errno }) => errno);
  }

  async function held(): Promise<Readonly<Record<number, number>>> {
    const [read] = await fixture().kernel.readInner([{ pin: fixture().path('inner') }]);
    if (read === undefined || read instanceof Error) throw read;
    const [keys, values] = [read.entries.keys, read.entries.values].map(bytes => bytes.slice().buffer);
    const all = [...new Uint32Array(keys!)].map((key, at) => [key, Number(new BigUint64Array(values!)[at])]);
    return Object.fromEntries(all);
  }

  it('puts, corrects and deletes; where an entry is, only the bytes of the mask', async () => {
    const mask = Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0);
    const edit = {
      upserts: numbered(2, 2, 0x0a0a),
      deletes: u32(1, 9),
      kept: { mask, entries: Uint8Array.of(1, 0) },
    };
    expect(await edited(HASH, edit)).to.deep.equal({});
    expect(await held()).to.deep.equal({ 2: 0x010a, 3: 0x0a0b });
  });

  it('puts whole values without a mask', async () => {
    expect(await edited(HASH, { upserts: numbered(2, 2, 0x0a0a), deletes: NONE })).to.deep.equal({});
    expect(await held()).to.deep.equal({ 1: 0x0101, 2: 0x0a0a, 3: 0x0a0b });
  });

  it('in a full map what is new follows the deletes; what finds no room is named', async () => {
    const edit = { upserts: numbered(5, 2), deletes: u32(1) };
    expect(await edited(HASH, edit, { count: 4 })).to.deep.equal({ 1: 'E2BIG' });
    expect(Object.keys(await held())).to.deep.equal(['2', '3', '4', '5']);
  });

  it('names what lies beyond an Array, and every entry where no inner map is', async () => {
    const array: MapSpec = { ...HASH, type: 'Array' };
    expect(await edited(array, { upserts: numbered(3, 2), deletes: NONE }, { count: 1 })).to.deep.equal({
      1: 'E2BIG',
    });
    fixture().kernel.pins.unlink(fixture().path('inner'));
    const edit = { upserts: numbered(1, 2), deletes: u32(1) };
    expect(await edited(HASH, edit, { key: 3 })).to.deep.equal({ 0: 'ESTALE', 1: 'ESTALE', 2: 'ESTALE' });
  });

  it('refuses types that no program walks, and maps that programs may not write', async () => {
    const edit = { upserts: numbered(1, 1), deletes: NONE };
    const perCpu: MapSpec = { ...HASH, type: 'PerCPUHash' };
    expect(
      await edited(perCpu, { ...edit, upserts: { count: 0, keys: NONE, values: NONE } }, { count: 0 }),
    ).to.equal('EOPNOTSUPP');
    fixture().kernel.pins.unlink(fixture().path('inner'));
    expect(await edited({ ...HASH, flags: MAP_FLAGS.ReadOnlyProg }, edit)).to.equal('EACCES');
  });
}
