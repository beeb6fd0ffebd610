import { expect } from 'chai';
import { errnos, HASH, numbered, openMap, u32 } from '../../testing/contract/fixture.ts';
import { onScratch } from '../scratch.test.ts';
import { withFaults } from '../testing/withfaults.ts';

/** 9 in the lower half of 2 ** 40 + 5. */
const MERGED = '0900000000010000';

withFaults(import.meta.filename, 'writeKeeping where calls go wrong', faults => {
  const scratch = onScratch();

  it('EBUSY of a read or a write: both are tried again', async () => {
    faults.fail('loadProgram', 'EPERM');
    const calls = [faults.fail('lookup', 'EBUSY', [0]), faults.fail('update', 'EBUSY', [0])];
    expect(await editedKeeping()).to.deep.equal({ lookups: 3, value: MERGED });
    expect(calls.map(count => count())).to.deep.equal([3, 2]);
  });

  it('an entry that a program deletes between the two is not brought back: it is looked up anew', async () => {
    faults.fail('loadProgram', 'EPERM');
    const updates = faults.fail('update', 'ENOENT', [0]);
    expect(await editedKeeping()).to.deep.equal({ lookups: 2, value: MERGED });
    expect(updates()).to.equal(2);
  });

  for (const errno of ['ENOMEM', 'EAGAIN', 'EBUSY'] as const)
    it(`${errno} of a program that keeps bytes: tried again, no value is read`, async () => {
      const calls = faults.fail('runProgram', errno, [0, 1]);
      expect(await editedKeeping()).to.deep.equal({ lookups: 0, value: MERGED });
      expect(calls()).to.equal(3);
    });

  it('a program that can be loaded and not be run: the value is read and written', async () => {
    faults.fail('runProgram', 'ENOTSUPP');
    expect(await editedKeeping()).to.deep.equal({ lookups: 1, value: MERGED });
  });

  it('a program that is refused for a passing reason is loaded again', async () => {
    const calls = faults.fail('loadProgram', 'EAGAIN', [0, 1, 2, 3]);
    expect(await editedKeeping()).to.deep.equal({ lookups: 0, value: MERGED });
    expect(calls()).to.equal(5);
  });

  /** One entry of which half is written. */
  async function editedKeeping(): Promise<{ lookups: number; value: string }> {
    const kernel = scratch().open();
    const request = { spec: HASH, name: 'x', label: 'x', freeze: false, pins: [scratch().path('x')] };
    const map = openMap((await kernel.build([{ ...request, entries: numbered(1, 1, 2 ** 40 + 5) }]))[0]);
    const kept = { mask: new Uint8Array(8).fill(0xff, 0, 4), entries: Uint8Array.of(1) };
    const before = kernel.counts().lookup;
    const edit = { upserts: numbered(1, 1, 9), deletes: u32(), kept };
    expect(errnos(await kernel.edit(map, edit))).to.deep.equal({});
    const lookups = kernel.counts().lookup - before;
    map.close();
    const [reading] = await kernel.readInner([{ pin: scratch().path('x') }]);
    if (reading === undefined || !('entries' in reading)) throw reading ?? new Error('no answer');
    return { lookups, value: Buffer.from(reading.entries.values).toString('hex') };
  }
});
