import { release } from 'node:os';
import { expect } from 'chai';
import type { MapSpec } from '../../../core/mapspec.ts';
import { numbered, openMap, u32 } from '../../testing/contract/fixture.ts';
import {
  inChild,
  lacking,
  onRealKernel,
  onScratch,
  type Scratch,
  withCapabilities,
} from '../scratch.test.ts';

const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 2000, flags: 0 };
const LARGE = { ...HASH, maxEntries: 20_000 };

/** `count entries first` of each reading, or its errno, as a process with these capabilities has it. */
async function readings(
  scratch: Scratch,
  spec: MapSpec,
  {
    given = spec,
    counts = [3, 0, 1500],
    runs = false,
  }: { readonly given?: MapSpec; readonly counts?: readonly number[]; readonly runs?: boolean } = {},
): Promise<readonly string[]> {
  const kernel = scratch.open();
  const outer = kernel.createOuter({ ...HASH, type: 'HashOfMaps', valueSize: 4 }, spec, 'through');
  kernel.pins.pin(outer, scratch.path('outer'), 0o600);
  const requests = counts.map((count, at) =>
    scratch.request(`inner${at}`, { spec, entries: numbered(7, count) }),
  );
  const built = (await kernel.build(requests)).map(openMap);
  await kernel.replace(outer, u32(0, 1, 2), built);
  for (const map of [...built, outer]) map.close();
  const code = `const kernel = openKernel({ bpffs: '${scratch.root}' });
    const outer = kernel.open('${scratch.path('outer')}');
    const { keys, ids } = await kernel.readOuter(outer);
    const all = [...ids].map((id, at) => ({ id, key: keys.slice(4 * at, 4 * at + 4) }));
    const spec = ${JSON.stringify(given)};
    const before = kernel.counts().run_program;
    const read = await kernel.readInner(all.map(({ id, key }) => ({ id, place: { outer, key, spec } })));
    const sum = ({ keys, values }) => [...keys, ...values].reduce((sum, byte) => sum + byte, 0);
    console.log(read.map((one, at) => all[at].key[0] + ' ' + (one.errno ??
      [one.id === all[at].id, one.entries.count, sum(one.entries), one.spec.maxEntries, one.entriesAlone].join(' '))).sort().join('\\n'));
    if (${runs}) console.log('runs ' + (kernel.counts().run_program - before));`;
  return inChild(code, withCapabilities('-all,+bpf')).split('\n');
}

function sum(count: number): number {
  const { keys, values } = numbered(7, count);
  return [...keys, ...values].reduce((total, byte) => total + byte, 0);
}

/** bpf_for_each_map_elem came with 5.13; no distribution that we know has it earlier. */
const [major = 0, minor = 0] = release().split('.').map(Number.parseFloat);
const canWalk = major > 5 || (major === 5 && minor >= 13);

onRealKernel('walks of inner maps', () => {
  const scratch = onScratch();

  it('are found to be possible where the kernel has what they take', async () => {
    expect((await scratch().open().probe()).features['walk']).to.equal(canWalk);
  });
});

onRealKernel('readInner with CAP_BPF alone', () => {
  const scratch = onScratch();
  before(function () {
    if (!canWalk) lacking(this, 'walks of inner maps (5.13)');
  });

  it('reads inner maps of others at their place', async () => {
    expect(await readings(scratch(), HASH)).to.deep.equal([
      `0 true 3 ${sum(3)} 2000 true`,
      '1 true 0 0 2000 true',
      `2 true 1500 ${sum(1500)} 2000 true`,
    ]);
  });

  it('knows how large an Array is, whatever layout is given', async () => {
    const array: MapSpec = { ...HASH, type: 'Array', maxEntries: 1600, flags: 1 << 12 };
    const all = await readings(scratch(), array, { given: { ...array, maxEntries: 7 } });
    expect(all.map(line => line.split(' ').toSpliced(3, 1).join(' '))).to.deep.equal(
      [0, 1, 2].map(key => `${key} true 1600 1600 true`),
    );
  });

  it('more than one walk copies stays unreadable, and keeps nobody else’s from being read', async () => {
    expect(await readings(scratch(), LARGE, { counts: [3, 17_000, 2] })).to.deep.equal([
      `0 true 3 ${sum(3)} 20000 true`,
      '1 EPERM',
      `2 true 2 ${sum(2)} 20000 true`,
    ]);
  });

  it('a hash whose buckets take long stays unreadable, be it empty', async () => {
    const huge = { ...HASH, maxEntries: (1 << 18) + 1, flags: 1 };
    const counts = [3, 0, 0];
    expect(await readings(scratch(), huge, { counts })).to.deep.equal(['0 EPERM', '1 EPERM', '2 EPERM']);
    for (const name of ['outer', 'inner0', 'inner1', 'inner2'])
      scratch().open().pins.unlink(scratch().path(name));
    const largest = { ...huge, maxEntries: 1 << 18 };
    const read = await readings(scratch(), largest, { counts });
    expect(read.map(line => line.slice(0, 8))).to.deep.equal(['0 true 3', '1 true 0', '2 true 0']);
  });

  it('nothing is walked in vain: what has no room waits for the next call', async () => {
    const all = await readings(scratch(), LARGE, { counts: [9000, 9001, 9002], runs: true });
    // Two of the first call, two of the second, one of the third
    expect(all.at(-1)).to.equal('runs 5');
  });

  it('what one call has no room left for is read by the next one', async () => {
    expect(await readings(scratch(), LARGE, { counts: [9000, 9001, 9002] })).to.deep.equal([
      `0 true 9000 ${sum(9000)} 20000 true`,
      `1 true 9001 ${sum(9001)} 20000 true`,
      `2 true 9002 ${sum(9002)} 20000 true`,
    ]);
  });

  it('a layout of other sizes, or of a type that cannot be walked, reads nothing', async () => {
    for (const other of [
      { ...HASH, valueSize: 4 },
      { ...HASH, valueSize: 16 },
      { ...HASH, keySize: 2 },
      { ...HASH, keySize: 8 },
      { ...HASH, type: 'PerCPUHash' },
    ] satisfies MapSpec[]) {
      expect(await readings(scratch(), HASH, { given: other }), JSON.stringify(other)).to.deep.equal([
        '0 EPERM',
        '1 EPERM',
        '2 EPERM',
      ]);
      for (const name of ['outer', 'inner0', 'inner1', 'inner2'])
        scratch().open().pins.unlink(scratch().path(name));
    }
  });
});
