import { expect } from 'chai';
import { KernelError } from '../error.ts';
import type { OpenMap } from '../kernel.ts';
import { errnos, HASH, numbered, openMap, u32 } from '../testing/contract/fixture.ts';
import { onScratch } from './scratch.test.ts';
import { withFaults } from './testing/withfaults.ts';

const OUTER = { ...HASH, valueSize: 4 };
const MANY = 100;
/** Maps of one call of C. */
const CHUNK = 250;

/** A bucket's lock that a program has (EBUSY), and since 6.15 one that was waited for in vain. */
withFaults(import.meta.filename, 'calls that are refused for a moment', faults => {
  const scratch = onScratch();

  async function built(count = MANY): Promise<OpenMap> {
    const request = scratch().request('x', { entries: numbered(1, count) });
    return openMap((await scratch().open().build([request]))[0]);
  }

  for (const errno of ['EBUSY', 'ETIMEDOUT', 'EDEADLK'] as const) {
    it(`${errno}: contents are written all the same`, async () => {
      const calls = faults.fail('updateBatch', errno, [0, 1, 2]);
      const map = await built();
      expect(calls()).to.equal(4);
      faults.none();
      const edited = [faults.fail('updateBatch', errno, [0]), faults.fail('deleteBatch', errno, [0, 1, 2])];
      const edit = { upserts: numbered(1, 1, 7), deletes: u32(2) };
      expect(errnos(await scratch().open().edit(map, edit))).to.deep.equal({});
      expect(edited.map(count => count())).to.deep.equal([2, 4]);
      map.close();
    });

    it(`${errno}: contents are read and verified all the same`, async () => {
      const map = await built();
      const { id, spec } = map;
      map.close();
      const address = { pin: scratch().path('x') };
      const kernel = scratch().open();
      faults.fail('lookupBatch', errno, [0, 1, 2]);
      const expected = { address, id, spec, frozen: false, exact: true, entries: numbered(1, MANY) };
      expect([...(await kernel.verify([expected]))]).to.deep.equal([1]);
      // A small map is tried once on the event loop
      faults.none();
      const calls = faults.fail('lookupBatch', errno, [0, 1, 2, 3]);
      const [reading] = await kernel.readInner([address]);
      if (reading === undefined || reading instanceof KernelError) throw reading ?? new Error('no answer');
      expect(reading.entries.count).to.equal(MANY);
      expect(calls()).to.be.at.least(5);
    });

    for (const type of ['HashOfMaps', 'ArrayOfMaps'] as const)
      it(`${errno}: ${type}: inner maps are put and taken away all the same`, async () => {
        const kernel = scratch().open();
        const outer = kernel.createOuter({ ...OUTER, type }, HASH, 'outer');
        const map = await built();
        const keys = u32(0, 1, 2);
        const given = [map, map, map];
        for (const command of ['updateBatch', 'update', 'deleteBatch', 'delete'] as const)
          faults.fail(command, errno, [0, 1]);
        expect(errnos(await kernel.replace(outer, keys, given))).to.deep.equal({});
        expect((await kernel.readOuter(outer)).count).to.equal(3);
        expect(errnos(await kernel.remove(outer, keys))).to.deep.equal({});
        expect((await kernel.readOuter(outer)).count).to.equal(0);
        for (const opened of [map, outer]) opened.close();
      });
  }

  it('memory that lacks while the probe tries programs takes neither walks nor exact edits away', async () => {
    const features = async (errno?: 'ENOMEM' | 'EPERM') => {
      if (errno !== undefined) faults.fail('loadProgram', errno);
      const kernel = scratch().open();
      const { walk, ...all } = (await kernel.probe()).features;
      faults.none();
      return { kernel, found: [walk, all['exactEdit.Hash'], all['exactEdit.LPMTrie']] };
    };
    expect((await features('EPERM')).found).to.deep.equal([false, false, false]);
    const { found } = await features();
    const { kernel, found: lacking } = await features('ENOMEM');
    expect(lacking).to.deep.equal([true, true, false]);
    const outer = kernel.createOuter({ ...OUTER, type: 'HashOfMaps' }, HASH, 'outer');
    const map = await built();
    await kernel.replace(outer, u32(1), [map]);
    const inners = [{ spec: map.spec, entries: numbered(1, MANY) }];
    const same = await kernel.asExpected(outer, { keys: u32(1), inners });
    expect([...same]).to.deep.equal([found[0] === true ? 1 : 0]);
    for (const opened of [map, outer]) opened.close();
  });

  it('ETIMEDOUT that lasts is told at the fourth time', async () => {
    const calls = faults.fail('updateBatch', 'ETIMEDOUT');
    const [map] = await scratch()
      .open()
      .build([scratch().request('x', { entries: numbered(1, 1) })]);
    expect(map).to.have.property('errno', 'ETIMEDOUT');
    expect(calls()).to.equal(4);
  });

  it('memory that lacks for many maps is waited for by two of them, and the others are tried once', async () => {
    const calls = faults.fail('updateBatch', 'ENOMEM');
    const requests = Array.from({ length: CHUNK }, (_, at) =>
      scratch().request(`x${at}`, { entries: numbered(1, 1) }),
    );
    for (const map of await scratch().open().build(requests)) expect(map).to.have.property('errno', 'ENOMEM');
    expect(calls()).to.be.within(CHUNK + 2 * 7, CHUNK + 2 * 7 + 4);
  });
});
