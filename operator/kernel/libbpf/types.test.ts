import { release } from 'node:os';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { programFieldOf } from '../../core/btf/maptypes.ts';
import { readBtf } from '../../core/btf/reading/read.ts';
import { btfDeclaration } from '../../core/btf/reading/type.ts';
import { outerLayout } from '../../core/layout/outer.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { typeOf } from '../../core/testing/layouts.ts';
import { leavesOf } from '../../core/testing/leaves.ts';
import { outerMapOf } from '../../core/testing/outermap.ts';
import { anyType, anyValueType, plainType } from '../../core/testing/types.ts';
import { typeText } from '../../core/types/show.ts';
import type { Type } from '../../core/types/type.ts';
import { KernelError } from '../error.ts';
import { numbered, openMap, u32 } from '../testing/contract/fixture.ts';
import type { RealKernel } from './kernel.ts';
import { onRealKernel, onScratch } from './scratch.test.ts';

const MAPS = ['Hash', 'LRUHash', 'PerCPUHash', 'LRUPerCPUHash', 'Array', 'PerCPUArray', 'LPMTrie'] as const;
const OUTER: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 4, flags: 0 };

/** The template that declares these; undefined where no map can be made of them, or by their program alone. */
function templateOf(type: (typeof MAPS)[number], key: Type, value: Type): MapSpec | undefined {
  const isIndexed = type === 'Array' || type === 'PerCPUArray';
  const prefix = `struct { u32 bits; ${typeText(key).startsWith('struct') ? 'u8 a[4]' : 'u8 a[9]'}; }`;
  const text = isIndexed ? 'u32' : type === 'LPMTrie' ? prefix : typeText(key);
  const inner = { type, maxEntries: 4, key: text, value: typeText(value) };
  const layout = outerLayout(outerMapOf({ inner }));
  if (!layout.ok || programFieldOf(layout.value.template.types) !== undefined) return undefined;
  return layout.value.template;
}

/** What is declared here has all of the kernel's fields. */
const [major = 0, minor = 0] = release().split('.').map(Number.parseFloat);
const isNew = major > 6 || (major === 6 && minor >= 18);

onRealKernel('types of declarations', () => {
  const scratch = onScratch();
  const small = (type: Type) => type.size <= 400;

  /** An outer map whose template has them takes an inner map that has them. */
  async function check(
    kernel: RealKernel,
    spec: MapSpec,
    use: (id: number) => void = () => {},
  ): Promise<void> {
    const outer = kernel.createOuter(OUTER, spec, 'typed');
    const types = kernel.loadTypes(spec.types!, 'typed');
    const [built] = await kernel.build([scratch().request('typed', { spec, types, entries: NONE })]);
    types.close();
    const inner = openMap(built);
    kernel.pins.unlink(scratch().path('typed'));
    const failed = await kernel.replace(outer, u32(1), [inner]);
    use(inner.id);
    for (const map of [inner, outer]) map.close();
    expect(failed.size).to.equal(0);
  }

  it('are taken by the verifier of this kernel, whatever they are, in every type of maps', async () => {
    const kernel = scratch().open();
    const { features } = await kernel.probe();
    // Fields of the kernel came one by one, up to 6.18
    const isTaken = ({ types }: MapSpec) =>
      types!.kernelFields.length === 0 || (features['innerLock'] === true && isNew);
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MAPS),
        anyType.filter(small),
        anyValueType.filter(small),
        async (type, key, value) => {
          const spec = templateOf(type, key, value);
          if (spec === undefined || !isTaken(spec)) return;
          made += 1;
          await check(kernel, spec);
          const { older, ...types } = spec.types!;
          if (older !== undefined) kernel.loadTypes({ ...types, current: older }, 'older').close();
        },
      ),
      { numRuns: 150 },
    );
    expect(made).to.be.above(50);
  });

  it('are taken where enums stand beside bit-fields, and are bit-fields', async () => {
    const kernel = scratch().open();
    const declarations = [
      'struct { u8 f:4; enum __attribute__((packed)) { A, B } e; }',
      'union { u8 f:4; enum __attribute__((packed)) { A, B = 300 } e; }',
      'struct { enum { A, B = 0x100000000ULL } e:40; u8 rest; }',
      'struct { u32 f:8; enum { A, B = 0x100000000ULL } e; }',
    ];
    for (const text of declarations) {
      const { older, ...types } = templateOf('Hash', typeOf('u32'), typeOf(text))!.types!;
      kernel.loadTypes(types, 'enums').close();
      if (older !== undefined) kernel.loadTypes({ ...types, current: older }, 'older').close();
      const read = readBtf(types.current.btf);
      const found = read.ok ? btfDeclaration(read.value, types.current.value) : read;
      expect(found.ok, text).to.equal(true);
    }
  });

  it('are what a reader of the map finds again: names and offsets', async function () {
    const kernel = scratch().open();
    if ((await kernel.probe()).features['openById'] !== true) this.skip(); // Ids need CAP_SYS_ADMIN
    const leaves = (type: Type) =>
      [...leavesOf(type)].map(({ path, offset }) => `${path.join('.')}@${offset}`);
    await fc.assert(
      fc.asyncProperty(plainType.filter(small), async value => {
        await check(kernel, templateOf('Hash', value, value)!, id => {
          const { btf, ...ids } = kernel.typesOf(id)!;
          const read = readBtf(btf);
          const found = read.ok ? btfDeclaration(read.value, ids.value) : read;
          expect(found.ok ? leaves(found.value.type) : found.message).to.deep.equal(leaves(value));
        });
      }),
      { numRuns: 60 },
    );
  });
});

onRealKernel('an edit of entries with a lock', () => {
  const scratch = onScratch();

  it('is written into them: another entry would begin with other fields of the kernel, and stand elsewhere', async () => {
    const kernel = scratch().open();
    const value = 'struct { struct bpf_spin_lock lock; u32 rate; }';
    const layout = outerLayout(outerMapOf({ inner: { maxEntries: 16, value } }));
    if (!layout.ok) throw new Error(JSON.stringify(layout.problems));
    const { template, ownedMask } = layout.value;
    const types = kernel.loadTypes(template.types!, 'locked');
    const entries = { ...numbered(0, 16) };
    const [built] = await kernel.build([scratch().request('locked', { spec: template, types, entries })]);
    types.close();
    const map = openMap(built);
    const read = async () => {
      const [reading] = await kernel.readInner([{ pin: scratch().path('locked') }]);
      if (reading === undefined || reading instanceof KernelError) throw reading ?? new Error('no answer');
      return reading.entries;
    };
    // In the order of the map: what is put before others by a later write changes places with them
    const before = await read();
    const upserts = { ...before, values: before.values.map((byte, at) => (at % 8 === 4 ? 7 : byte)) };
    const kept = { mask: ownedMask!, entries: new Uint8Array(16).fill(1) };
    const failed = await kernel.edit(map, { upserts, deletes: new Uint8Array(0), kept });
    const after = await read();
    kernel.pins.unlink(scratch().path('locked'));
    map.close();
    expect(failed.size).to.equal(0);
    expect(after).to.deep.equal({ ...before, values: upserts.values });
  });
});

const NONE = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) };
