import { expect } from 'chai';
import fc from 'fast-check';
import { INNER_TYPES } from '../../../api/outermap.ts';
import type { Entries } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import type { Failed, Kernel, OpenMap } from '../../kernel.ts';
import { onRealKernel, openFiles, Scratch } from '../../libbpf/scratch.test.ts';
import { contents, failureOf, hex, u32 } from '../contract/fixture.ts';
import { FakeMachine } from './machine.ts';

/** Runs one story on both kernels and compares their answers, step by step. */
async function bothTell(
  story: (kernel: Kernel, path: (name: string) => string) => Promise<unknown[]>,
): Promise<void> {
  const scratch = new Scratch();
  const machine = new FakeMachine();
  try {
    const fake = machine.openKernel({ possibleCpus: scratch.open().possibleCpus });
    const faked = await story(fake, name => `${fake.pins.root}/${name}`);
    expect(machine.openFds(fake), 'maps left open by the fake').to.equal(0);
    const opened = openFiles();
    const real = await story(scratch.open(), name => scratch.path(name));
    expect(openFiles(), 'files left open by the real one').to.equal(opened);
    const differing = real.map((answer, step) => [answer, faked[step]].map(one => JSON.stringify(one)));
    const shown = differing
      .filter(([one, other]) => one !== other)
      .map(([one, other]) => `real ${one}, fake ${other}`);
    expect(shown.slice(0, 8).join('\n')).to.equal('');
    expect(faked).to.have.length(real.length);
  } finally {
    scratch.close();
  }
}

function errnosOf(failed: Failed): unknown {
  return [...failed].map(([index, { errno }]): [number, string] => [index, errno]).sort(([a], [b]) => a - b);
}

async function buildOne(
  kernel: Kernel,
  pin: string,
  given: { spec: MapSpec; entries?: Entries },
): Promise<OpenMap | KernelError> {
  const entries = given.entries ?? { count: 0, keys: u32(), values: u32() };
  const request = { name: 'likeness', label: 'likeness', freeze: false, pins: [pin], ...given, entries };
  return (await kernel.build([request]))[0]!;
}

const sizes = fc.oneof(fc.constantFrom(0, 1, 3, 4, 5, 8, 12, 16, 260, 261, 512, 513, 1016, 1024), fc.nat(40));
const anySpecs: fc.Arbitrary<MapSpec> = fc.record({
  // Storages take their BTF from the adapter: the fake has none
  type: fc.constantFrom(...INNER_TYPES.filter(type => !type.endsWith('Storage'))),
  keySize: fc.oneof({ weight: 3, arbitrary: fc.constant(4) }, sizes),
  valueSize: fc.oneof(sizes, fc.constantFrom(32_768, 32_769)),
  maxEntries: fc.oneof(fc.constantFrom(0, 1, 4096, 4097, 8192, 12_288), fc.nat(50)),
  // No bits that newer kernels give a meaning
  flags: fc
    .subarray([0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 17], { maxLength: 2 })
    .map(bits => bits.reduce((word, bit) => word | (1 << bit), 0)),
});

/** None that takes the kernel seconds, and no CPUMap whose bound is that of the kernel's configuration. */
const specs = anySpecs.filter(
  ({ type, valueSize, maxEntries }) =>
    valueSize * maxEntries < 1 << 20 && (type !== 'CPUMap' || maxEntries <= 64),
);

onRealKernel('FakeKernel is like the real one', function () {
  this.timeout(60_000);

  it('build: the same layouts are made, the same refused, with the same errno', async () => {
    const given = fc.sample(specs, { numRuns: 1500, seed: 3 });
    await bothTell(async (kernel, path) => {
      const answers: unknown[] = [];
      for (const spec of given) {
        const map = await buildOne(kernel, path('pin'), { spec });
        answers.push([spec, map instanceof KernelError ? map.errno : specAt(kernel, path('pin'))]);
        if (!(map instanceof KernelError)) map.close();
        kernel.pins.unlink(path('pin'));
      }
      return answers;
    });
  });

  it('replace: the same layouts fit the same templates', async () => {
    const small: readonly MapSpec[] = [4, 8].flatMap(valueSize =>
      [0, 1, 8, 1 << 12].flatMap(flags =>
        [1, 2].flatMap(maxEntries =>
          (['Hash', 'Array', 'PerCPUArray', 'LPMTrie', 'DevMap'] as const).map(type => ({
            ...{ type, keySize: type === 'LPMTrie' ? 8 : 4, valueSize, maxEntries },
            flags,
          })),
        ),
      ),
    );
    await bothTell(async (kernel, path) => {
      const built = await kernel.build(
        small.map((spec, index) => ({
          ...{ name: 'fit', label: 'fit', freeze: false, spec },
          ...emptyAt(path(`fit${index}`)),
        })),
      );
      const inners = built.filter((map): map is OpenMap => !(map instanceof KernelError));
      const answers: unknown[] = [inners.length];
      for (const { spec } of inners) {
        const template = { ...spec, flags: spec.type === 'DevMap' ? 0 : spec.flags };
        const outer = kernel.createOuter({ ...HASH_OF_MAPS, maxEntries: 100 }, template, 'fit');
        answers.push([spec, errnosOf(await kernel.replace(outer, u32(...inners.keys()), inners))]);
        outer.close();
      }
      for (const inner of inners) inner.close();
      return answers;
    });
  });

  const kinds: readonly MapSpec[] = [
    { type: 'Hash', keySize: 2, valueSize: 1, maxEntries: 4, flags: 0 },
    { type: 'Hash', keySize: 2, valueSize: 1, maxEntries: 4, flags: 1 },
    { type: 'PerCPUHash', keySize: 2, valueSize: 8, maxEntries: 4, flags: 0 },
    { type: 'LPMTrie', keySize: 6, valueSize: 1, maxEntries: 4, flags: 1 },
    { type: 'Array', keySize: 4, valueSize: 1, maxEntries: 3, flags: 0 },
    { type: 'PerCPUArray', keySize: 4, valueSize: 8, maxEntries: 3, flags: 0 },
  ];
  for (const spec of kinds) {
    it(`edit: a ${spec.type} with flags ${spec.flags} fails at the same entries and holds the same`, async () => {
      const edits = fc.sample(editsOf(spec), { numRuns: 120, seed: 5 });
      await bothTell(async (kernel, path) => {
        const stride = spec.type.startsWith('PerCPU') ? 8 * kernel.possibleCpus : spec.valueSize;
        const map = await buildOne(kernel, path('pin'), { spec });
        if (map instanceof KernelError) throw map;
        const answers: unknown[] = [];
        for (const { upserts, deletes } of edits) {
          const edit = { upserts: entriesFrom(upserts, stride), deletes: joined(deletes.map(keyOf(spec))) };
          answers.push(errnosOf(await kernel.edit(map, edit)));
          const [reading] = await kernel.readInner([{ pin: path('pin') }]);
          if (reading === undefined || reading instanceof KernelError)
            throw reading ?? new Error('no answer');
          answers.push(contents(reading.entries, spec.keySize));
        }
        map.close();
        return answers;

        function entriesFrom(given: readonly (readonly [number, number])[], size: number): Entries {
          const values = joined(given.map(([, value]) => new Uint8Array(size).fill(value)));
          return { count: given.length, keys: joined(given.map(([key]) => keyOf(spec)(key))), values };
        }
      });
    });
  }

  for (const type of ['HashOfMaps', 'ArrayOfMaps'] as const) {
    it(`replace and remove: a ${type} fails at the same keys and holds the same`, async () => {
      const key = fc.nat(6);
      const puts = fc.array(fc.tuple(key, fc.nat(3)), { maxLength: 6 });
      const changes = fc.sample(fc.record({ puts, removes: fc.uniqueArray(key, { maxLength: 4 }) }), {
        numRuns: 40,
        seed: 9,
      });
      await bothTell(async (kernel, path) => {
        const layouts = [
          HASH_LAYOUT,
          HASH_LAYOUT,
          { ...HASH_LAYOUT, maxEntries: 9 },
          { ...HASH_LAYOUT, valueSize: 8 },
        ];
        const requests = layouts.map((spec, index) => ({
          ...{ name: 'in', label: 'in', freeze: false, spec },
          ...emptyAt(path(`in${index}`)),
        }));
        const inners = (await kernel.build(requests)).filter(
          (map): map is OpenMap => !(map instanceof KernelError),
        );
        const outer = kernel.createOuter({ ...HASH_OF_MAPS, type, maxEntries: 4 }, HASH_LAYOUT, 'outer');
        const answers: unknown[] = [];
        for (const { puts, removes } of changes) {
          const chosen = new Map(puts);
          const failed = await kernel.replace(
            outer,
            u32(...chosen.keys()),
            [...chosen.values()].map(index => inners[index]!),
          );
          answers.push(errnosOf(failed), errnosOf(await kernel.remove(outer, u32(...removes))));
          const { keys, ids } = await kernel.readOuter(outer);
          const indexes = Array.from(ids, (id, at) => [
            hex(keys.subarray(at * 4, at * 4 + 4)),
            inners.findIndex(inner => inner.id === id),
          ]);
          answers.push(indexes.sort());
        }
        for (const map of [outer, ...inners]) map.close();
        return answers;
      });
    });
  }

  it('pins: the same names can be made, renamed, read and removed, with the same errno', async () => {
    const names = ['a', 'b', 'a/c', 'a/c/d', 'b/c', 'x.y', 'a/x.y', 'n'.repeat(255), 'n'.repeat(256)];
    const verbs = [
      'makeDirectory',
      'removeDirectory',
      'pin',
      'rename',
      'unlink',
      'writeRecord',
      'readRecord',
      'look',
    ] as const;
    const step = fc.tuple(fc.constantFrom(...verbs), fc.constantFrom(...names), fc.constantFrom(...names));
    const steps = fc.sample(step, { numRuns: 3000, seed: 7 });
    await bothTell(async (kernel, path) => {
      const outer = kernel.createOuter(HASH_OF_MAPS, kinds[0]!, 'outer');
      const answers = steps.map(([verb, one, other]) => [
        verb,
        one,
        other,
        answerOf(() => walk(verb, path(one), path(other))),
      ]);
      outer.close();
      return answers;

      function walk(verb: (typeof verbs)[number], one: string, other: string): unknown {
        const { pins } = kernel;
        if (verb === 'rename') return pins.rename(one, other);
        if (verb === 'pin') return pins.pin(outer, one, 0o600);
        if (verb === 'writeRecord') return pins.writeRecord(one, 'leads nowhere');
        if (verb === 'look')
          return [pins.exists(one), [...pins.list(one)].sort(), answerOf(() => kernel.open(one).close())];
        return pins[verb](one);
      }
    });
  });
});

const HASH_LAYOUT: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };
const HASH_OF_MAPS: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };

function emptyAt(pin: string): { entries: Entries; pins: string[] } {
  return { entries: { count: 0, keys: u32(), values: u32() }, pins: [pin] };
}

function specAt(kernel: Kernel, pin: string): MapSpec {
  const map = kernel.open(pin);
  map.close();
  return map.spec;
}

/** The result of a call, or the errno of its failure. */
function answerOf(call: () => unknown): unknown {
  let answer: unknown;
  const refused = failureOf(() => {
    answer = call();
  });
  return refused === undefined ? (answer ?? 'done') : refused.errno;
}

/** Keys are few, so that they meet; an LPM key has host bits, and lengths that are too long. */
function editsOf(spec: MapSpec) {
  const key = fc.nat(spec.type === 'LPMTrie' ? 400 : 6);
  const upserts = fc.array(fc.tuple(key, fc.nat(255)), { maxLength: 6 });
  return fc.record({ upserts, deletes: fc.array(key, { maxLength: 4 }) });
}

function keyOf(spec: MapSpec): (seed: number) => Uint8Array {
  return seed => {
    if (spec.type !== 'LPMTrie') return u32(seed).subarray(0, spec.keySize);
    const key = new Uint8Array(6);
    key[0] = [0, 1, 7, 8, 9, 12, 16, 17][seed % 8]!;
    key.set([[0, 10, 128, 255][(seed >> 3) % 4]!, seed % 5], 4);
    return key;
  };
}

function joined(runs: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.from(runs.map(hex).join(''), 'hex'));
}
