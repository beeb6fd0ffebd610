import { expect } from 'chai';
import { type MapTypes, mapTypes } from '../../../core/btf/maptypes.ts';
import type { Entries } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { typeOf } from '../../../core/testing/layouts.ts';
import type { OpenMap } from '../../kernel.ts';
import type { KernelFixture } from './fixture.ts';
import { errnos, failureOf, HASH, hex, numbered, openMap, u32 } from './fixture.ts';

/** A layout with its types, for values of any size. */
function typed(value: string, type: MapSpec['type'] = 'Hash'): MapSpec & { readonly types: MapTypes } {
  const of = typeOf(value);
  const types = mapTypes({ type: type as 'Hash', key: typeOf('u32'), value: of });
  return { ...HASH, type, valueSize: of.size, types };
}

const PLAIN = typed('struct { u32 action; u32 hits; }');
const LOCKED = typed('struct { struct bpf_spin_lock lock; u32 rate; }');
const LOCKED_BEHIND = typed('struct { u32 rate; struct bpf_spin_lock lock; }');

/** The contract of loadTypes, and what maps with types are to maps of maps. */
export function typedContract(fixture: () => KernelFixture): void {
  describe('loadTypes', () => loadContract(fixture));
  describe('values with a lock', () => lockContract(fixture));
  describe('types of inner maps and templates', () => fitContract(fixture));
}

async function made(
  given: KernelFixture,
  name: string,
  { spec, withTypes }: { spec: MapSpec; withTypes: boolean },
): Promise<OpenMap> {
  const types = withTypes ? given.kernel.loadTypes(spec.types!, name) : undefined;
  try {
    return await given.inner(name, {
      ...{ spec, entries: numbered(1, 2) },
      ...(types === undefined ? {} : { types }),
    });
  } finally {
    types?.close();
  }
}

function loadContract(fixture: () => KernelFixture): void {
  it('maps are made with them, and keep them', async () => {
    const map = await made(fixture(), 'typed', { spec: PLAIN, withTypes: true });
    const { types: _, ...sizes } = PLAIN;
    expect(map.spec).to.deep.equal(sizes);
  });

  it('one loading is a call, however many maps are made with it', async () => {
    const { kernel } = fixture();
    const before = kernel.counts().load_btf;
    const types = kernel.loadTypes(PLAIN.types, 'types');
    const requests = [0, 1, 2].map(at => fixture().request(`inner${at}`, { spec: PLAIN, types }));
    for (const map of await kernel.build(requests)) fixture().keep(openMap(map));
    types.close();
    expect(kernel.counts().load_btf - before).to.equal(1);
  });

  it('after their close they make no map', async () => {
    const { kernel } = fixture();
    const types = kernel.loadTypes(PLAIN.types, 'types');
    types.close();
    const request = fixture().request('closed', { spec: PLAIN, types });
    const [failed] = await kernel.build([request]).catch((error: unknown) => [error]);
    expect(failed).to.have.property('errno', 'EBADF');
  });

  it('those whose contents a program’s own BTF tells are EOPNOTSUPP', () => {
    const { types } = typed('struct { struct bpf_spin_lock lock; struct bpf_list_head head; }');
    expect(failureOf(() => fixture().kernel.loadTypes(types, 'listed'))?.errno).to.equal('EOPNOTSUPP');
  });
}

/** Whether an inner map is taken: by a template with types or without. */
async function taken(
  given: KernelFixture,
  template: MapSpec,
  inner: { spec: MapSpec; withTypes: boolean },
): Promise<boolean> {
  const map = await made(given, `inner${given.names().length}`, inner);
  const [hash, array] = [given.hashOfMaps(template), given.arrayOfMaps(template)];
  const answers = [];
  for (const outer of [hash, array]) answers.push(errnos(await given.kernel.replace(outer, u32(1), [map])));
  expect(answers[0]).to.deep.equal(answers[1]);
  return Object.keys(answers[0]!).length === 0;
}

function withoutTypes({ types: _, ...spec }: MapSpec): MapSpec {
  return spec;
}

function fitContract(fixture: () => KernelFixture): void {
  it('must agree in having a struct exactly where the probe found innerTypesCompared', async () => {
    const { innerTypesCompared } = (await fixture().kernel.probe()).features;
    const [none, all] = [withoutTypes(PLAIN), PLAIN];
    expect(await taken(fixture(), all, { spec: PLAIN, withTypes: true })).to.equal(true);
    expect(await taken(fixture(), none, { spec: PLAIN, withTypes: false })).to.equal(true);
    expect(await taken(fixture(), all, { spec: PLAIN, withTypes: false })).to.equal(!innerTypesCompared);
    expect(await taken(fixture(), none, { spec: PLAIN, withTypes: true })).to.equal(!innerTypesCompared);
  });

  it('of a value that is no struct make no difference', async () => {
    const word = typed('u64');
    expect(await taken(fixture(), word, { spec: word, withTypes: false })).to.equal(true);
    expect(await taken(fixture(), withoutTypes(word), { spec: word, withTypes: true })).to.equal(true);
  });

  it('with a lock fit a template with one at the same place, and no other; before 6.2 there is none', async () => {
    if ((await fixture().kernel.probe()).features['innerLock'] !== true) {
      const refused = failureOf(() => fixture().hashOfMaps(LOCKED));
      expect(refused).to.have.property('errno', 'ENOTSUPP');
      expect(refused?.message).to.include('the value has a bpf_spin_lock');
      return;
    }
    expect(await taken(fixture(), LOCKED, { spec: LOCKED, withTypes: true })).to.equal(true);
    expect(await taken(fixture(), LOCKED, { spec: LOCKED, withTypes: false })).to.equal(false);
    expect(await taken(fixture(), LOCKED, { spec: LOCKED_BEHIND, withTypes: true })).to.equal(false);
    expect(await taken(fixture(), withoutTypes(LOCKED), { spec: LOCKED, withTypes: true })).to.equal(false);
  });

  it('accepts tries both', async () => {
    const { kernel } = fixture();
    for (const template of [PLAIN, withoutTypes(PLAIN)]) {
      expect(await kernel.accepts(fixture().hashOfMaps(template), PLAIN)).to.equal(true);
      expect(await kernel.accepts(fixture().hashOfMaps(template), { ...PLAIN, flags: 1 })).to.equal(false);
    }
    if ((await kernel.probe()).features['innerLock'] === true)
      expect(await kernel.accepts(fixture().hashOfMaps(LOCKED), LOCKED)).to.equal(true);
    expect(await kernel.accepts(fixture().hashOfMaps(withoutTypes(LOCKED)), LOCKED)).to.equal(false);
  });

  it('accepts is undefined where that cannot be tried: a list, a pointer to what may be a program’s own', async () => {
    const { kernel } = fixture();
    const pointer = typed('struct { struct nobodys_own __kptr *node; }');
    const list = typed('struct { struct bpf_spin_lock lock; struct bpf_list_head head; }');
    for (const spec of [pointer, list])
      expect(await kernel.accepts(fixture().hashOfMaps(withoutTypes(spec)), spec)).to.equal(undefined);
  });
}

/** Lock, rate and tokens; of these programs own the last. */
const BUCKET = typed('struct { struct bpf_spin_lock lock; u32 rate; u64 tokens; }');
const DECLARED = Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0);

function buckets(key: number, rate: number, tokens: number): Entries {
  return { count: 1, keys: u32(key), values: u32(0, rate, tokens, 0) };
}

function lockContract(fixture: () => KernelFixture): void {
  const bucket = async (entries: Entries): Promise<OpenMap> => {
    const types = fixture().kernel.loadTypes(BUCKET.types, 'bucket');
    const map = await fixture().inner('bucket', { spec: BUCKET, types, entries });
    types.close();
    return map;
  };

  it('an edit leaves what programs own, and an entry that is new comes whole', async () => {
    const map = await bucket(buckets(1, 5, 77));
    const upserts = {
      count: 2,
      keys: u32(1, 2),
      values: Uint8Array.of(...buckets(1, 9, 1).values, ...buckets(2, 3, 4).values),
    };
    const kept = { mask: DECLARED, entries: Uint8Array.of(1, 0) };
    const failed = await fixture().kernel.edit(map, { upserts, deletes: new Uint8Array(0), kept });
    expect(errnos(failed)).to.deep.equal({});
    expect(await fixture().innerContents(fixture().path('bucket'))).to.deep.equal({
      '01000000': hex(u32(0, 9, 77, 0)),
      '02000000': hex(u32(0, 3, 4, 0)),
    });
  });

  it('asExpected compares what is declared beside the lock', async () => {
    if ((await fixture().kernel.probe()).features['innerLock'] !== true) return;
    const outer = fixture().hashOfMaps(BUCKET);
    await fixture().kernel.replace(outer, u32(1), [await bucket(buckets(1, 5, 77))]);
    const asked = async (entries: Entries, mask: Uint8Array): Promise<number[]> => [
      ...(await fixture().kernel.asExpected(outer, {
        ...{ keys: u32(1), inners: [{ spec: BUCKET, entries }], mask },
      })),
    ];
    const walks = (await fixture().kernel.probe()).features['walk'] === true ? [1] : [0];
    expect(await asked(buckets(1, 5, 0), DECLARED)).to.deep.equal(walks);
    expect(await asked(buckets(1, 6, 0), DECLARED)).to.deep.equal([0]);
    const all = DECLARED.map((byte, at) => (at < 4 ? byte : 0xff));
    expect(await asked(buckets(1, 5, 77), all)).to.deep.equal(walks);
  });
}
