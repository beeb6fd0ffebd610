import { expect } from 'chai';
import type { MapSpec } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import type { OpenMap } from '../../kernel.ts';
import type { KernelFixture } from './fixture.ts';
import { errnos, failureOf, HASH, u32 } from './fixture.ts';

const KINDS = ['HashOfMaps', 'ArrayOfMaps'] as const;

/** What createOuter, readOuter, replace and remove do. */
export function outerContract(fixture: () => KernelFixture): void {
  for (const kind of KINDS) describe(kind, () => entryContract(fixture, kind));
  describe('createOuter', () => createContract(fixture));
  describe('replace and remove', () => limitContract(fixture));
}

function make(fixture: KernelFixture, kind: (typeof KINDS)[number], maxEntries?: number): OpenMap {
  return kind === 'HashOfMaps' ? fixture.hashOfMaps(HASH, maxEntries) : fixture.arrayOfMaps(HASH, maxEntries);
}

function entryContract(fixture: () => KernelFixture, kind: (typeof KINDS)[number]): void {
  it('createOuter: makes an empty outer map of the requested layout', async () => {
    const outer = make(fixture(), kind);
    expect(outer.spec).to.deep.equal({ type: kind, keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 });
    expect(outer.id).to.be.greaterThan(0);
    expect(outer.frozen()).to.equal(false);
    expect(await fixture().outerIds(outer)).to.deep.equal({});
  });

  it('replace: inserts and readOuter answers the ids of the inner maps', async () => {
    const outer = make(fixture(), kind);
    const [a, b] = await fixture().inners('inner', 2);
    expect(errnos(await fixture().kernel.replace(outer, u32(7, 3), [a!, b!]))).to.deep.equal({});
    expect(await fixture().outerIds(outer)).to.deep.equal({ '03000000': b!.id, '07000000': a!.id });
  });

  it('replace: puts another inner map in the place of the old one, whose id is gone when nothing holds it', async () => {
    const outer = make(fixture(), kind);
    const [old, fresh] = await fixture().inners('inner', 2);
    await fixture().kernel.replace(outer, u32(1), [old!]);
    old!.close();
    fixture().kernel.pins.unlink(fixture().path('inner0'));
    expect(fixture().isGone(old!.id)).to.not.equal(true);
    await fixture().kernel.replace(outer, u32(1), [fresh!]);
    expect(await fixture().outerIds(outer)).to.deep.equal({ '01000000': fresh!.id });
    expect(fixture().isGone(old!.id)).to.not.equal(false);
  });

  it('replace: takes one inner map at several keys, which lives until the last of them is gone', async () => {
    const outer = make(fixture(), kind);
    const [shared] = await fixture().inners('inner', 1);
    await fixture().kernel.replace(outer, u32(1, 2), [shared!, shared!]);
    shared!.close();
    fixture().kernel.pins.unlink(fixture().path('inner0'));
    await fixture().kernel.remove(outer, u32(1));
    expect(await fixture().outerIds(outer)).to.deep.equal({ '02000000': shared!.id });
    await fixture().kernel.remove(outer, u32(2));
    expect(fixture().isGone(shared!.id)).to.not.equal(false);
  });

  it('replace: an inner map of the wrong layout is EINVAL at its index, the rest goes on', async () => {
    const outer = make(fixture(), kind);
    const [a, b] = await fixture().inners('inner', 2);
    const wrong = await fixture().inner('wrong', { spec: { ...HASH, valueSize: 4 } });
    const failed = await fixture().kernel.replace(outer, u32(1, 2, 3), [a!, wrong, b!]);
    expect(errnos(failed)).to.deep.equal({ 1: 'EINVAL' });
    expect(failed.get(1)?.message).to.match(/^Cannot .+: EINVAL/);
    expect(await fixture().outerIds(outer)).to.deep.equal({ '01000000': a!.id, '03000000': b!.id });
  });

  it('replace: several wrong layouts, first and last among them, fail one by one', async () => {
    const outer = make(fixture(), kind);
    const [a, b] = await fixture().inners('inner', 2);
    const wrong = await fixture().inner('wrong', { spec: { ...HASH, flags: 1 } });
    const failed = await fixture().kernel.replace(outer, u32(1, 2, 3, 4, 5), [wrong, a!, wrong, b!, wrong]);
    expect(errnos(failed)).to.deep.equal({ 0: 'EINVAL', 2: 'EINVAL', 4: 'EINVAL' });
    expect(await fixture().outerIds(outer)).to.deep.equal({ '02000000': a!.id, '04000000': b!.id });
  });

  it('replace: an inner map with other maxEntries than the template fits', async () => {
    const outer = make(fixture(), kind);
    const larger = await fixture().inner('larger', { spec: { ...HASH, maxEntries: 99 } });
    expect(errnos(await fixture().kernel.replace(outer, u32(1), [larger]))).to.deep.equal({});
  });

  it('replace: a closed inner map is refused before anything is done', async () => {
    const outer = make(fixture(), kind);
    const [a, closed] = await fixture().inners('inner', 2);
    closed!.close();
    let thrown: unknown;
    await fixture()
      .kernel.replace(outer, u32(1, 2), [a!, closed!])
      .catch((error: unknown) => {
        thrown = error;
      });
    expect(thrown).to.be.instanceOf(Error);
    expect(await fixture().outerIds(outer)).to.deep.equal({});
  });

  it('replace and remove: an empty request does nothing', async () => {
    const outer = make(fixture(), kind);
    expect((await fixture().kernel.replace(outer, u32(), [])).size).to.equal(0);
    expect((await fixture().kernel.remove(outer, u32())).size).to.equal(0);
  });

  it('remove: takes away what is there, and a key that is gone is no failure', async () => {
    const outer = make(fixture(), kind);
    const inners = await fixture().inners('inner', 4);
    await fixture().kernel.replace(outer, u32(1, 2, 3, 4), inners);
    expect(errnos(await fixture().kernel.remove(outer, u32(9, 1, 9, 3, 10)))).to.deep.equal({});
    expect(await fixture().outerIds(outer)).to.deep.equal({
      '02000000': inners[1]!.id,
      '04000000': inners[3]!.id,
    });
  });

  it('remove: the ids of inner maps that nothing else holds are gone', async () => {
    const outer = make(fixture(), kind);
    const inners = await fixture().inners('inner', 3);
    await fixture().kernel.replace(outer, u32(1, 2, 3), inners);
    for (const inner of inners) inner.close();
    for (const index of inners.keys()) fixture().kernel.pins.unlink(fixture().path(`inner${index}`));
    for (const inner of inners) expect(fixture().isGone(inner.id)).to.not.equal(true);
    await fixture().kernel.remove(outer, u32(1, 2, 3));
    for (const inner of inners) expect(fixture().isGone(inner.id)).to.not.equal(false);
  });

  it('replace, readOuter and remove: 5,000 at once', async function () {
    this.timeout(60_000);
    const outer = make(fixture(), kind, 6000);
    await insertMany(fixture(), outer, 5000);
    const read = await fixture().kernel.readOuter(outer);
    expect(read.count).to.equal(5000);
    expect(new Set(read.ids).size).to.equal(5000);
    expect((await fixture().kernel.remove(outer, read.keys.subarray(0, 4999 * 4))).size).to.equal(0);
    expect((await fixture().kernel.readOuter(outer)).count).to.equal(1);
    for (const id of [read.ids[0]!, read.ids[4998]!]) expect(fixture().isGone(id)).to.not.equal(false);
  });
}

/** Inserts inner maps 0 … count - 1, as many at a time as may be open; neither fd nor pin of them stays. */
async function insertMany(fixture: KernelFixture, outer: OpenMap, count: number): Promise<void> {
  const chunk = Math.min(fixture.kernel.openMapsLimit, count);
  for (let from = 0; from < count; from += chunk) {
    const inners = await fixture.inners(`many${from}_`, Math.min(chunk, count - from));
    const keys = u32(...inners.map((_, index) => from + index));
    expect(errnos(await fixture.kernel.replace(outer, keys, inners))).to.deep.equal({});
    for (const inner of inners) inner.close();
    for (const index of inners.keys()) fixture.kernel.pins.unlink(fixture.path(`many${from}_${index}`));
  }
}

function createContract(fixture: () => KernelFixture): void {
  it('keeps the name, the flags and a key of any size', async () => {
    const spec: MapSpec = { type: 'HashOfMaps', keySize: 6, valueSize: 4, maxEntries: 8, flags: 1 };
    const outer = fixture().keep(fixture().kernel.createOuter(spec, HASH, 'tenants'));
    expect(outer.name).to.equal('tenants');
    expect(outer.spec).to.deep.equal(spec);
    const [inner] = await fixture().inners('inner', 1);
    expect(
      (await fixture().kernel.replace(outer, new Uint8Array([1, 2, 3, 4, 5, 6]), [inner!])).size,
    ).to.equal(0);
    const read = await fixture().kernel.readOuter(outer);
    expect([...read.keys]).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect([...read.ids]).to.deep.equal([inner!.id]);
  });

  it('closes the template: no map of its layout is left', async () => {
    const template: MapSpec = { ...HASH, keySize: 13, valueSize: 37, maxEntries: 7 };
    const before = await fixture().inner('before');
    const outer = fixture().hashOfMaps(template);
    const left = [...fixture().mapsBetween(before, outer)].filter(map => map.spec.keySize === 13);
    expect(left).to.deep.equal([]);
  });

  const refused: readonly (readonly [string, MapSpec, MapSpec])[] = [
    ['a template without entries', outerSpec('HashOfMaps'), { ...HASH, maxEntries: 0 }],
    [
      'an LPMTrie template without NoPrealloc',
      outerSpec('HashOfMaps'),
      { ...HASH, type: 'LPMTrie', keySize: 8 },
    ],
    ['an outer map without entries', { ...outerSpec('ArrayOfMaps'), maxEntries: 0 }, HASH],
    ['an ArrayOfMaps with a key that is no u32', { ...outerSpec('ArrayOfMaps'), keySize: 8 }, HASH],
    ['an outer map whose value is no u32', { ...outerSpec('HashOfMaps'), valueSize: 8 }, HASH],
  ];
  for (const [what, outer, template] of refused) {
    it(`refuses ${what} with EINVAL`, () => {
      expect(failureOf(() => fixture().kernel.createOuter(outer, template, 'refused'))?.errno).to.equal(
        'EINVAL',
      );
    });
  }

  it('refuses a name that the kernel does not take with EINVAL', () => {
    const create = () => fixture().kernel.createOuter(outerSpec('HashOfMaps'), HASH, 'team/a');
    expect(failureOf(create)?.errno).to.equal('EINVAL');
  });

  it('the fd is no longer to be had after close, and a second close does nothing', async () => {
    const outer = fixture().hashOfMaps();
    expect(outer.fd).to.be.at.least(0);
    outer.close();
    expect(() => outer.fd).to.throw();
    const [inner] = await fixture().inners('inner', 1);
    outer.close();
    expect(inner!.frozen()).to.equal(false);
    expect(fixture().isGone(outer.id)).to.not.equal(false);
  });
}

function outerSpec(type: 'HashOfMaps' | 'ArrayOfMaps'): MapSpec {
  return { type, keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };
}

function limitContract(fixture: () => KernelFixture): void {
  it('an insert into a full HashOfMaps is E2BIG, replacements behind it are done', async () => {
    const outer = fixture().hashOfMaps(HASH, 2);
    const inners = await fixture().inners('inner', 4);
    await fixture().kernel.replace(outer, u32(1, 2), inners.slice(0, 2));
    const failed = await fixture().kernel.replace(outer, u32(5, 1, 6, 2), [
      inners[2]!,
      inners[2]!,
      inners[3]!,
      inners[3]!,
    ]);
    expect(errnos(failed)).to.deep.equal({ 0: 'E2BIG', 2: 'E2BIG' });
    expect(await fixture().outerIds(outer)).to.deep.equal({
      '01000000': inners[2]!.id,
      '02000000': inners[3]!.id,
    });
  });

  it('an index beyond an ArrayOfMaps is E2BIG, for replace and for remove, and the rest goes on', async () => {
    const outer = fixture().arrayOfMaps(HASH, 4);
    const inners = await fixture().inners('inner', 3);
    const failed = await fixture().kernel.replace(outer, u32(0, 4, 3), inners);
    expect(errnos(failed)).to.deep.equal({ 1: 'E2BIG' });
    expect(await fixture().outerIds(outer)).to.deep.equal({
      '00000000': inners[0]!.id,
      '03000000': inners[2]!.id,
    });
    expect(errnos(await fixture().kernel.remove(outer, u32(4, 0)))).to.deep.equal({ 0: 'E2BIG' });
    expect(await fixture().outerIds(outer)).to.deep.equal({ '03000000': inners[2]!.id });
  });

  it('readOuter: answers the asked places of an ArrayOfMaps, and refuses them of a HashOfMaps', async () => {
    const { kernel } = fixture();
    const outer = fixture().arrayOfMaps(HASH, 8);
    const [inner] = await fixture().inners('inner', 1);
    await kernel.replace(outer, u32(0, 2, 3, 7), new Array(4).fill(inner));
    const read = async (from: number, count: number) =>
      [...(await kernel.readOuter(outer, { from, count })).keys].filter((_, at) => at % 4 === 0).sort();
    expect(await read(0, 3)).to.deep.equal([0, 2]);
    expect(await read(3, 1)).to.deep.equal([3]);
    expect(await read(4, 3)).to.deep.equal([]);
    expect(await read(4, 100)).to.deep.equal([7]);
    expect(await read(8, 4)).to.deep.equal([]);
    const hash = fixture().hashOfMaps();
    const refused = await kernel.readOuter(hash, { from: 0, count: 1 }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(KernelError).with.property('errno', 'EINVAL');
  });

  it('readOuter: a sparse ArrayOfMaps answers only what is there', async () => {
    const outer = fixture().arrayOfMaps(HASH, 20_000);
    const inners = await fixture().inners('inner', 2);
    await fixture().kernel.replace(outer, u32(13, 19_999), inners);
    expect(await fixture().outerIds(outer)).to.deep.equal({
      '0d000000': inners[0]!.id,
      '1f4e0000': inners[1]!.id,
    });
  });
}
