import { expect } from 'chai';
import type { MapSpec } from '../../../core/mapspec.ts';
import { openMap, u32 } from '../../testing/contract/fixture.ts';
import { inChild, onRealKernel, onScratch, type Scratch, withCapabilities } from '../scratch.test.ts';

/** Two words: the second is a program's. */
const RULES: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0 };

interface Given {
  readonly spec: MapSpec;
  /** Key, then the words of its value. */
  readonly before: readonly (readonly [number, number, number])[];
  readonly upserts: readonly (readonly [number, number, number])[];
  readonly deletes?: readonly number[];
  /** Absent: whole values are written. */
  readonly mask?: readonly number[];
  readonly key?: number;
}

function entriesOf(rows: Given['before']) {
  const words = (some: readonly number[]) => new Uint8Array(u32(...some));
  return {
    count: rows.length,
    keys: words(rows.map(([key]) => key)),
    values: words(rows.flatMap(([, ...value]) => value)),
  };
}

/** The answers of an edit with CAP_BPF alone, by index, and what the inner map at key 1 holds then. */
async function edited(
  scratch: Scratch,
  { spec, before, key = 1, ...edit }: Given,
): Promise<readonly unknown[]> {
  const kernel = scratch.open();
  const outer = kernel.createOuter({ ...RULES, type: 'HashOfMaps', valueSize: 4 }, spec, 'place');
  kernel.pins.pin(outer, scratch.path('outer'), 0o600);
  const [built] = await kernel.build([scratch.request('inner', { spec, entries: entriesOf(before) })]);
  const inner = openMap(built);
  await kernel.replace(outer, u32(1), [inner]);
  for (const map of [inner, outer]) map.close();
  const { count, keys, values } = entriesOf(edit.upserts);
  const code = `const kernel = openKernel({ bpffs: '${scratch.root}' });
    const outer = kernel.open('${scratch.path('outer')}');
    const bytes = some => Uint8Array.from(some);
    const upserts = { count: ${count}, keys: bytes([${keys}]), values: bytes([${values}]) };
    const kept = ${JSON.stringify(edit.mask ?? null)} && { mask: bytes(${JSON.stringify(edit.mask ?? [])}), entries: new Uint8Array(${count}) };
    const place = { outer, key: bytes([${u32(key)}]), spec: ${JSON.stringify(spec)} };
    try {
      const failed = await kernel.editAt(place, { upserts, deletes: bytes([${u32(...(edit.deletes ?? []))}]), ...(kept && { kept }) });
      console.log(JSON.stringify([...failed].map(([at, { errno }]) => [at, errno])));
    } catch (error) {
      console.log(JSON.stringify(error.errno ?? String(error)));
    }`;
  const answer = JSON.parse(inChild(code, withCapabilities('-all,+bpf'))) as unknown;
  const [read] = await kernel.readInner([{ pin: scratch.path('inner') }]);
  if (read === undefined || read instanceof Error) throw read;
  const words = (some: Uint8Array) => [...new Uint32Array(some.slice().buffer)];
  const [all, held] = [words(read.entries.keys), words(read.entries.values)];
  const rows = all.map((one, at) => [one, held[2 * at], held[2 * at + 1]]).sort(([a], [b]) => a! - b!);
  for (const name of ['outer', 'inner']) kernel.pins.unlink(scratch.path(name));
  return [answer, rows];
}

const OWNED = [255, 255, 255, 255, 0, 0, 0, 0];

onRealKernel('editAt with CAP_BPF alone', () => {
  const scratch = onScratch();

  for (const type of ['Hash', 'LRUHash'] as const)
    it(`puts, corrects and deletes in a ${type} of others, and leaves what programs wrote`, async () => {
      const spec = { ...RULES, type, maxEntries: type === 'LRUHash' ? 512 : 4 };
      const before = [
        [1, 1, 9],
        [2, 2, 8],
        [3, 3, 7],
      ] as const;
      const upserts = [
        [1, 5, 0],
        [4, 4, 0],
      ] as const;
      expect(await edited(scratch(), { spec, before, upserts, deletes: [2, 77], mask: OWNED })).to.deep.equal(
        [
          [],
          [
            [1, 5, 9],
            [3, 3, 7],
            [4, 4, 0],
          ],
        ],
      );
      expect(await edited(scratch(), { spec, before, upserts }), 'whole values').to.deep.equal([
        [],
        [
          [1, 5, 0],
          [2, 2, 8],
          [3, 3, 7],
          [4, 4, 0],
        ],
      ]);
    });

  it('writes into an Array, whose entries all exist, and says what lies beyond', async () => {
    const spec: MapSpec = { ...RULES, type: 'Array', maxEntries: 2 };
    const upserts = [
      [1, 5, 0],
      [2, 6, 0],
    ] as const;
    for (const mask of [OWNED, undefined])
      expect(
        await edited(scratch(), { spec, before: [[1, 1, 9]], upserts, ...(mask && { mask }) }),
      ).to.deep.equal([
        [[1, 'E2BIG']],
        [
          [0, 0, 0],
          [1, 5, mask === undefined ? 0 : 9],
        ],
      ]);
  });

  it('in a full map what is new follows the deletes; what finds no room is named', async () => {
    const before = [1, 2, 3, 4].map(key => [key, key, 9] as const);
    const upserts = [6, 7].map(key => [key, key, 0] as const);
    const [answer, rows] = await edited(scratch(), {
      spec: RULES,
      before,
      upserts,
      deletes: [2],
      mask: OWNED,
    });
    expect(answer).to.deep.equal([[1, 'E2BIG']]);
    expect(rows).to.deep.equal([
      [1, 1, 9],
      [3, 3, 9],
      [4, 4, 9],
      [6, 6, 0],
    ]);
  });

  it('takes more than one array of jobs, and bytes on any boundary', async () => {
    const spec = { ...RULES, maxEntries: 3000 };
    const before = Array.from({ length: 2500 }, (_, at) => [at, 1, 0x01020304] as const);
    const upserts = before.map(([key]) => [key, 0x0a0b0c0d, 0x1a1b1c1d] as const);
    const mask = [0, 255, 0, 0, 255, 255, 255, 0];
    const [answer, rows] = await edited(scratch(), { spec, before, upserts, mask });
    expect(answer).to.deep.equal([]);
    expect(rows).to.deep.equal(before.map(([key]) => [key, 0x00000c01, 0x011b1c1d]));
  });

  it('says so where no inner map is, or none that a program can write', async () => {
    const before = [[1, 1, 9]] as const;
    const [answer, rows] = await edited(scratch(), { spec: RULES, before, upserts: before, key: 2 });
    expect([answer, rows]).to.deep.equal([[[0, 'ESTALE']], [[1, 1, 9]]]);
    const trie: MapSpec = { ...RULES, type: 'LPMTrie', keySize: 8, flags: 1 };
    const [other] = await edited(scratch(), { spec: { ...trie }, before: [], upserts: [] });
    expect(other).to.equal('EOPNOTSUPP');
    const readOnly = { ...RULES, flags: 1 << 7 };
    expect((await edited(scratch(), { spec: readOnly, before, upserts: before }))[0]).to.equal('EACCES');
  });
});
