import { expect } from 'chai';
import fc from 'fast-check';
import { ERRNO } from './errno.ts';
import { openLibrary } from './library.ts';
import { onRealKernel } from './scratch.test.ts';

/** What native/bulk makes of tables that nobody should give it: native/sanitized.test.ts runs this too. */
onRealKernel('libinnermap.so, given any table', () => {
  it('innermap_identify: paths that are not as many as are counted are EINVAL, and nothing is done', () => {
    const { identify } = openLibrary();
    const paths = fc.uint8Array({ max: 2, maxLength: 40 });
    fc.assert(
      fc.property(paths, fc.nat(12), (bytes, count) => {
        const identities = new Uint8Array(24 * count).fill(0xff);
        const ends = bytes.filter(byte => byte === 0).length;
        const isWhole = ends === count && (bytes.at(-1) ?? 0) === 0;
        expect(identify(bytes, bytes.length, count, identities)).to.equal(isWhole ? 0 : -ERRNO.EINVAL);
        if (!isWhole) expect(identities.every(byte => byte === 0xff)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('innermap_build: a request that points beyond an arena is EINVAL at the table, the others are tried', () => {
    const library = openLibrary();
    fc.assert(
      fc.property(fc.array(requests, { maxLength: 6 }), bytes(64), bytes(64), bytes(48), (...given) => {
        const [rows, keys, values, strings] = given;
        const answers = new Int32Array(4 * rows.length).fill(-1);
        const sizes = [rows.length, keys.length, values.length, strings.length, CPUS];
        const table = Uint32Array.from(rows.flatMap(wordsOf));
        library.buildMaps(table, answers, keys, values, strings, BigUint64Array.from(sizes, BigInt));
        for (const [at, row] of rows.entries()) {
          const [fd, , step] = answers.subarray(4 * at);
          if (fd! >= 0) library.close(fd!);
          expect(step === 0, JSON.stringify(row)).to.equal(!isWithin(row, { keys, values, strings }));
          if (step === 0) expect(fd).to.equal(-ERRNO.EINVAL);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('innermap_settle: from the first on whose names are not there it is EINVAL, and nothing is done', () => {
    const { settlePins } = openLibrary();
    const kinds = fc.uint8Array({ max: 3, maxLength: 8 });
    fc.assert(
      fc.property(kinds, fc.uint8Array({ max: 1, maxLength: 24 }), (given, names) => {
        const settled = new Int32Array(2 * given.length).fill(7);
        const sizes = BigUint64Array.from([given.length, 0, names.length], BigInt);
        settlePins(given, settled, new Int32Array(0), names, sizes);
        let left = Math.max(0, names.filter(byte => byte === 0).length - 1);
        for (const [at, kind] of given.entries()) {
          const needed = (kind & 1) + (kind & 2);
          left = needed <= left ? left - needed : -1;
          const [unlinked, renamed] = settled.subarray(2 * at);
          if (left < 0) expect([unlinked, renamed]).to.deep.equal([0, -ERRNO.EINVAL]);
          // There is no such directory
          else expect([unlinked, renamed]).to.deep.equal([0, (kind & 2) === 0 ? 0 : -ERRNO.ENOENT]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('innermap_delete_each: names that are not one more than the keys are EINVAL, too many keys E2BIG; nothing is done', () => {
    const { mapDeleteEach } = openLibrary();
    fc.assert(
      fc.property(fc.uint8Array({ max: 1, maxLength: 24 }), fc.nat(6), (names, count) => {
        const answers = new Int32Array(count).fill(7);
        const answer = mapDeleteEach(-1, new Uint8Array(4 * count), 4, answers, count, names, names.length);
        const isWhole = names.length === 0 || names.filter(byte => byte === 0).length > count;
        expect(answer).to.equal(isWhole ? count : -ERRNO.EINVAL);
        expect([...answers]).to.deep.equal(new Array(count).fill(isWhole ? -ERRNO.EBADF : 7));
      }),
      { numRuns: 500 },
    );
    const many = 4097;
    const answers = new Int32Array(many).fill(7);
    const answer = mapDeleteEach(-1, new Uint8Array(4 * many), 4, answers, many, new Uint8Array(0), 0);
    expect([answer, answers.every(one => one === 7)]).to.deep.equal([-ERRNO.E2BIG, true]);
  });

  it('innermap_verify: paths or entries that are not in their buffers are EINVAL, and nothing is done', () => {
    const { verify } = openLibrary();
    const number = fc.oneof(fc.nat(20), fc.constantFrom(0xffffffff, 0xfffffff0, 0x80000000));
    const tables = fc.array(fc.array(number, { minLength: 7, maxLength: 7 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(tables, fc.constantFrom(1, 2, 5, 11), number, (each, type, stride) => {
        const all = Uint32Array.of(each.length, 8, 10, type, 4, 8, 0, stride);
        const paths = Buffer.from('/a\0/b\0/c');
        const same = new Uint8Array(each.length).fill(7);
        const table = Uint32Array.from(each.flat());
        const answer = verify(all, table, paths, new Uint8Array(40), new Uint8Array(80), null, same);
        const isInside = each.every(
          ([pin = 0, , , , , from = 0, count = 0]) =>
            (pin === 0xffffffff || paths.indexOf(0, pin) !== -1) && from + count <= 10,
        );
        const isRight = isInside && (type === 5 || stride === 8);
        expect(answer).to.equal(isRight ? 0 : -ERRNO.EINVAL);
        expect([...same]).to.deep.equal(each.map(() => (isRight ? 0 : 7)));
      }),
      { numRuns: 2000 },
    );
  });

  it('innermap_edit: buffers that are not as long as the entries are EINVAL, and nothing is done', () => {
    const library = openLibrary();
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 4, maxLength: 4 }),
        bytes(24),
        bytes(8),
        (words, given, mask) => {
          const [count, keySize, valueSize] = words as [number, number, number];
          const answers = new Int32Array(Math.min(count, 4)).fill(7);
          const buffers = [given, given, mask, new Uint8Array(Math.min(count, 4))] as const;
          const lengths = [...buffers, answers].map(({ byteLength }) => byteLength);
          const wanted = [count * keySize, count * valueSize, valueSize, count, 4 * count];
          const isSize = (size: number) => size > 0 && size < 2 ** 31;
          const isWhole =
            isSize(keySize) && isSize(valueSize) && wanted.every((length, at) => length === lengths[at]);
          const shape = Uint32Array.from([...words, ...lengths]);
          const answer = library.mapEdit(-1, shape, ...buffers, answers);
          expect(answer === -ERRNO.EINVAL).to.equal(!isWhole);
          if (!isWhole) expect([...answers].every(word => word === 7)).to.equal(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const CPUS = 2;
const NONE = 2 ** 32 - 1;
/** No path of these is one of somebody's. */
const bytes = (maxLength: number) => fc.uint8Array({ max: 2, maxLength });
const offsets = fc.oneof(fc.nat(70), fc.constantFrom(2 ** 31, NONE));
const sizes = fc.oneof(fc.constantFrom(0, 1, 4, 8), fc.constantFrom(2 ** 31, NONE));

const requests = fc.record({
  type: fc.constantFrom(0, 1, 2, 5, 6, 11, 22, 27, 9999),
  keySize: sizes,
  valueSize: sizes,
  maxEntries: fc.nat(16),
  flags: fc.constantFrom(0, 1, 2 ** 31),
  freeze: fc.nat(1),
  count: fc.oneof(fc.nat(20), fc.constantFrom(2 ** 31, NONE)),
  keys: offsets,
  values: offsets,
  name: offsets,
  pins: offsets,
  pinCount: fc.oneof(fc.nat(4), fc.constant(NONE)),
  btf: fc.constantFrom(0, 2 ** 31, NONE),
  btfKey: fc.nat(4),
  btfValue: fc.nat(4),
});

type Request = typeof requests extends fc.Arbitrary<infer Row> ? Row : never;

function wordsOf(row: Request): readonly number[] {
  return Object.values(row);
}

interface Arenas {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly strings: Uint8Array;
}

function isWithin(row: Request, { keys, values, strings }: Arenas): boolean {
  const stride = [5, 6].includes(row.type) ? Math.ceil(row.valueSize / 8) * 8 * CPUS : row.valueSize;
  return (
    row.keys + row.count * row.keySize <= keys.length &&
    row.values + row.count * stride <= values.length &&
    stringsFrom(strings, row.name) > 0 &&
    stringsFrom(strings, row.pins) >= row.pinCount
  );
}

/** Strings from this offset on that have their NUL. */
function stringsFrom(strings: Uint8Array, offset: number): number {
  return strings.subarray(offset).filter(byte => byte === 0).length;
}
