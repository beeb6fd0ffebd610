import { expect } from 'chai';
import fc from 'fast-check';
import { CONTENT_TYPES } from '../../../api/outermap.ts';
import type { Entries } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import type { OpenMap } from '../../kernel.ts';
import { contents, errnos, HASH, numbered, openMap } from '../../testing/contract/fixture.ts';
import type { RealKernel } from '../kernel.ts';
import { inChild, onRealKernel, onScratch, run, type Scratch, withCapabilities } from '../scratch.test.ts';

const EXACT = ['Hash', 'Array'] as const;
const NO_KEYS = new Uint8Array(0);

onRealKernel('writeKeeping', () => {
  const scratch = onScratch();
  let kernel: RealKernel;
  beforeEach(() => {
    kernel = scratch().open();
  });

  it('the probe says of which types a program gets a value to write into', async () => {
    const { features } = await kernel.probe();
    const exact = CONTENT_TYPES.filter(type => features[`exactEdit.${type}`]);
    expect(exact).to.have.members(EXACT);
  });

  it('needs CAP_BPF alone', () => {
    const code = `const kernel = openKernel({ bpffs: ${JSON.stringify(scratch().root)} });
      console.log((await kernel.probe()).features['exactEdit.Hash'])`;
    expect(inChild(code, withCapabilities('-all,+bpf'))).to.equal('true');
  });

  it('any layout and any mask: the declared bytes are written, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(layouts, async layout => {
        const map = await built(layout.spec, layout.before);
        const before = kernel.counts().lookup;
        const upserts = layout.given;
        const kept = { mask: layout.mask, entries: new Uint8Array(upserts.count).fill(1) };
        expect(errnos(await kernel.edit(map, { upserts, deletes: NO_KEYS, kept }))).to.deep.equal({});
        const read = isForProgram(layout.spec) ? 0 : upserts.count;
        expect(kernel.counts().lookup - before, 'values read').to.equal(read);
        expect(await contentsNow()).to.include(contents(merged(layout), layout.spec.keySize));
        map.close();
      }),
      { numRuns: 150 },
    );
  });

  it('the layouts that go by a program: a key of 256 bytes, an entry of a packet; larger ones are read and written', async () => {
    for (const [keySize, valueSize, programs] of [
      [256, 8, 1],
      [257, 8, 0],
      [8, 3560, 1],
      [8, 3568, 0],
      [8, 10_000, 0],
    ] as const) {
      const map = await built({ ...HASH, keySize, valueSize }, filled(2, keySize, valueSize, 1));
      const before = kernel.counts();
      const kept = { mask: new Uint8Array(valueSize).fill(0xff), entries: Uint8Array.of(1, 1) };
      const upserts = filled(2, keySize, valueSize, 2);
      expect(errnos(await kernel.edit(map, { upserts, deletes: NO_KEYS, kept }))).to.deep.equal({});
      expect(await contentsNow()).to.deep.equal(contents(upserts, keySize));
      const { load_program, lookup } = kernel.counts();
      const made = [load_program - before.load_program, lookup - before.lookup];
      expect(made, `${keySize} and ${valueSize}`).to.deep.equal([programs, programs === 1 ? 0 : 2]);
      map.close();
    }
  });

  it('a program that the map does not let write is left out: ReadOnlyProg', async () => {
    const map = await built({ ...HASH, flags: 1 << 7 }, numbered(0, 1));
    const before = kernel.counts().run_program;
    const kept = { mask: Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0), entries: Uint8Array.of(1) };
    const edit = { upserts: numbered(0, 1, 0x102), deletes: NO_KEYS, kept };
    expect(errnos(await kernel.edit(map, edit))).to.deep.equal({});
    expect(await contentsNow()).to.deep.equal({ '00000000': '0200000000000000' });
    expect(kernel.counts().run_program).to.equal(before);
    map.close();
  });

  it('1,000 entries are one program and some runs, which are gone afterwards', async () => {
    const map = await built({ ...HASH, maxEntries: 1000 }, numbered(0, 1000));
    const before = kernel.counts();
    const kept = { mask: new Uint8Array(8).fill(0xff), entries: new Uint8Array(1000).fill(1) };
    await kernel.edit(map, { upserts: numbered(0, 1000, 7), deletes: NO_KEYS, kept });
    const { load_program, run_program, lookup, update } = kernel.counts();
    expect(load_program - before.load_program).to.equal(1);
    expect(run_program - before.run_program).to.be.within(10, 100);
    expect([lookup, update]).to.deep.equal([before.lookup, before.update]);
    expect(await contentsNow()).to.deep.equal(contents(numbered(0, 1000, 7), 4));
    const { id } = map;
    map.close();
    expect(programsOn(id)).to.deep.equal([]);
  });

  it('a mask that is not as long as a value, and too few found entries, are refused, not read beyond', async () => {
    const map = await built(HASH, numbered(0, 2));
    for (const [mask, entries] of [
      [7, 2],
      [8, 1],
    ] as const) {
      const kept = { mask: new Uint8Array(mask), entries: new Uint8Array(entries) };
      const edit = { upserts: numbered(0, 2, 9), deletes: NO_KEYS, kept };
      const refusal = await kernel.edit(map, edit).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(KernelError).with.property('errno', 'EINVAL');
    }
    expect(await contentsNow()).to.deep.equal(contents(numbered(0, 2), 4));
    map.close();
  });

  async function built(spec: MapSpec, entries: Entries): Promise<OpenMap> {
    kernel.pins.unlink(scratch().path('x'));
    return openMap((await kernel.build([scratch().request('x', { spec, entries })]))[0]);
  }

  async function contentsNow(): Promise<Record<string, string>> {
    return readAt(kernel, scratch());
  }
});

async function readAt(kernel: RealKernel, scratch: Scratch): Promise<Record<string, string>> {
  const [reading] = await kernel.readInner([{ pin: scratch.path('x') }]);
  if (reading === undefined || reading instanceof KernelError) throw reading ?? new Error('no answer');
  return contents(reading.entries, reading.spec.keySize);
}

/** Programs of the machine that have this map. */
function programsOn(id: number): readonly unknown[] {
  const programs = JSON.parse(run('bpftool', '-j', 'prog', 'show')) as readonly { map_ids?: number[] }[];
  return programs.filter(program => program.map_ids?.includes(id));
}

/** in-place.md: keys of 256 bytes, and what fits into a packet. */
function isForProgram({ type, keySize, valueSize }: MapSpec): boolean {
  const rounded = (bytes: number) => Math.ceil(bytes / 8) * 8;
  return type !== 'LRUHash' && keySize <= 256 && rounded(keySize) + rounded(valueSize) <= 3568;
}

interface Layout {
  readonly spec: MapSpec;
  readonly before: Entries;
  readonly given: Entries;
  readonly mask: Uint8Array;
}

const valueSizes = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 400, max: 560 }),
  fc.integer({ min: 1, max: 4000 }),
);

/** Runs of declared bytes and of bytes of programs, in turn. */
function masks(size: number): fc.Arbitrary<Uint8Array> {
  return fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }).map(runs => {
    const mask = new Uint8Array(size);
    for (let at = 0, run = 0; at < size; at += runs[run++ % runs.length]!)
      mask.fill(run % 2 === 0 ? 0xff : 0, at, at + runs[run % runs.length]!);
    return mask;
  });
}

const layouts: fc.Arbitrary<Layout> = fc
  .record({
    type: fc.constantFrom(...EXACT, 'LRUHash' as const),
    keys: fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 300 })),
    valueSize: valueSizes,
    count: fc.integer({ min: 1, max: 90 }),
    seed: fc.nat(),
  })
  .chain(({ type, keys, valueSize, count, seed }) => {
    const keySize = type === 'Array' ? 4 : keys;
    // A small LRU map evicts what another processor put, before 6.16
    const maxEntries = type === 'LRUHash' ? 2048 : 2 * count + 64;
    const spec = { ...HASH, type, keySize, valueSize, maxEntries };
    const before = filled(count, keySize, valueSize, seed);
    const given = filled(count, keySize, valueSize, seed + 1);
    return masks(valueSize).map(mask => ({ spec, before, given, mask }));
  });

/** Keys 0 to count - 1 and values of any bytes. */
function filled(count: number, keySize: number, valueSize: number, seed: number): Entries {
  const keys = new Uint8Array(count * keySize);
  for (let at = 0; at < count; at += 1) keys[at * keySize] = at;
  const values = new Uint8Array(count * valueSize);
  for (let at = 0, state = seed; at < values.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[at] = state >>> 24;
  }
  return { count, keys, values };
}

function merged({ before, given, mask }: Layout): Entries {
  const size = mask.length;
  const values = given.values.map((byte, at) => (mask[at % size] === 0 ? before.values[at]! : byte));
  return { ...given, values };
}
