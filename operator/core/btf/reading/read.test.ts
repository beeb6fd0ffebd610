import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { costAgainst, LINEAR } from '../../../testing/cost.ts';
import { ROOT } from '../../../testing/root.ts';
import { BTF_HEADER_SIZE, BTF_KINDS, BTF_MAGIC, type BtfKind } from '../kinds.ts';
import { mapDefinitions } from './definitions.ts';
import { elfSection } from './elf.ts';
import { readBtf } from './read.ts';
import { btfDeclaration } from './type.ts';

/** An object file that is always there. */
const OBJECT = new Uint8Array(readFileSync(join(ROOT, 'native', 'template.bpf.o')));

describe('elfSection', () => {
  it('finds a section by its name, and none that is not there', () => {
    expect(section(OBJECT, '.BTF')).to.have.length.above(BTF_HEADER_SIZE);
    expect(section(OBJECT, '.BTF.none')).to.equal(undefined);
  });

  for (const [what, bytes, message] of [
    ['an empty file', new Uint8Array(0), 'it is no ELF file'],
    ['text', Buffer.from('int main;'.repeat(20)), 'it is no ELF file'],
    ['a half', OBJECT.subarray(0, OBJECT.length / 2), 'its table of sections lies behind its end'],
    ['one of big-endian machines', changed(OBJECT, [5, 2]), 'it is of a big-endian machine'],
    ['one of 32 bits', changed(OBJECT, [4, 1]), 'it is no ELF file of 64 bits'],
    ['one without its names', changed(OBJECT, [62, 0xff], [63, 0xff]), 'the names of its sections'],
  ] as const)
    it(`refuses ${what}`, () => {
      expect(elfSection(bytes, '.BTF')).to.include({ ok: false }).and.property('message').contains(message);
    });
});

describe('mapDefinitions', () => {
  const NAMES = '\0.maps\0type\0';
  /** Maps of one struct of 20,000 members: by one variable, or each by its own. */
  const maps = (count: number, isOwn: boolean) => {
    const members = Array.from({ length: 20_000 }, () => [7, 0, 0]).flat();
    const variables = Array.from({ length: isOwn ? count : 1 }, () => [7, kind('Variable'), 1, 1]).flat();
    const entries = Array.from({ length: count }, (_, at) => [isOwn ? 2 + at : 2, 0, 0]).flat();
    const section = [1, kind('Section', count), 0, ...entries];
    const types = Uint32Array.from([0, kind('Struct', 20_000), 0, ...members, ...variables, ...section]);
    const header = Buffer.alloc(BTF_HEADER_SIZE);
    header.writeUInt16LE(BTF_MAGIC, 0);
    header[2] = 1;
    for (const [at, word] of [24, 0, types.byteLength, types.byteLength, NAMES.length].entries())
      header.writeUInt32LE(word, 4 + at * 4);
    const bytes = new Uint8Array(Buffer.concat([header, Buffer.from(types.buffer), Buffer.from(NAMES)]));
    return () => {
      const read = readBtf(bytes);
      if (!read.ok) throw new Error(read.message);
      return mapDefinitions(read.value);
    };
  };

  it('reads a struct once, however many maps it defines', async () => {
    expect(maps(3, false)()).to.have.length(1);
    expect(maps(3, true)()).to.have.length(3);
    for (const isOwn of [false, true])
      expect(await costAgainst(maps(1, isOwn), maps(50, isOwn))).to.be.lessThan(LINEAR);
  });
});

function kind(name: BtfKind, count = 0): number {
  return BTF_KINDS[name] * 2 ** 24 + count;
}

describe('readBtf', () => {
  const btf = section(OBJECT, '.BTF')!;

  for (const [what, bytes, message] of [
    ['no bytes', new Uint8Array(0), 'its header alone takes more'],
    ['other bytes', changed(btf, [0, 0]), 'it does not begin as BTF does'],
    ['one of big-endian machines', changed(btf, [0, 0xeb], [1, 0x9f]), 'it is of a big-endian machine'],
    ['another version', changed(btf, [2, 9]), 'its version is 9, not 1'],
    ['types behind the end', changed(btf, [15, 0xff]), 'its types or names lie behind its end'],
    ['a type that goes on in the names', changed(btf, [12, btf[12]! - 4]), 'lies behind its end'],
    ['names behind the end', changed(btf, [19, 0xff]), 'its types or names lie behind its end'],
    [
      'a kind that nobody knows',
      changed(btf, [BTF_HEADER_SIZE + 7, 0x1f]),
      'is of a kind that is not known: 31',
    ],
    ['more than the kernel takes', new Uint8Array(16 * 1024 * 1024 + 1), 'the kernel takes'],
  ] as const)
    it(`refuses ${what}`, () => {
      expect(readBtf(bytes)).to.include({ ok: false }).and.property('message').contains(message);
    });

  it('reads any bytes to an end, and shows a problem as a value', () => {
    const change = fc.tuple(fc.nat(btf.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), changes => {
        const read = readBtf(changed(btf, ...changes));
        if (!read.ok) return;
        mapDefinitions(read.value);
        for (const id of read.value.places.keys()) btfDeclaration(read.value, id);
      }),
      { numRuns: 2000, seed: 5 },
    );
  });

  it('reads any object file to an end', () => {
    const change = fc.tuple(fc.nat(OBJECT.length - 1), fc.nat(255));
    const header = fc.tuple(fc.nat(63), fc.nat(255));
    fc.assert(
      fc.property(fc.array(fc.oneof(change, header), { maxLength: 8 }), changes => {
        const found = elfSection(changed(OBJECT, ...changes), '.BTF');
        if (found.ok && found.value !== undefined) readBtf(found.value);
      }),
      { numRuns: 2000, seed: 6 },
    );
  });
});

function section(file: Uint8Array, name: string): Uint8Array | undefined {
  const found = elfSection(file, name);
  if (!found.ok) throw new Error(found.message);
  return found.value;
}

function changed(bytes: Uint8Array, ...changes: readonly (readonly [number, number])[]): Uint8Array {
  const copy = bytes.slice();
  for (const [at, byte] of changes) copy[at] = byte;
  return copy;
}
