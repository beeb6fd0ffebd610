import { deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { fileInZip } from './archive.ts';

const FILES = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 20 }),
    bytes: fc.uint8Array({ maxLength: 300 }),
    isDeflated: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5, selector: ({ name }) => name },
);

describe('fileInZip', () => {
  it('finds each file of an archive, packed or stored, behind a comment as well', () => {
    fc.assert(
      fc.property(FILES, fc.string({ maxLength: 40 }), (files, comment) => {
        const archive = zip(files, comment);
        for (const { name, bytes } of files) expect([...fileInZip(archive, name)]).to.deep.equal([...bytes]);
      }),
    );
  });

  it('says what is missing or wrong', () => {
    const archive = zip([{ name: 'kubectl', bytes: new Uint8Array(9), isDeflated: true }], '');
    expect(() => fileInZip(archive, 'helm')).to.throw('Cannot unpack helm: the archive has no such file');
    expect(() => fileInZip(Buffer.from('<html>'), 'helm')).to.throw(
      'Cannot read the archive: not a ZIP archive',
    );
  });
});

interface File {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isDeflated: boolean;
}

/** An archive as APPNOTE.TXT describes it, without checksums. */
function zip(files: readonly File[], comment: string): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  for (const { name, bytes, isDeflated } of files) {
    const packed = isDeflated ? deflateRawSync(bytes) : Buffer.from(bytes);
    const sizes = [packed.length, bytes.length];
    const at = Buffer.concat(bodies).length;
    const fields = { method: isDeflated ? 8 : 0, sizes, name: Buffer.from(name) };
    bodies.push(local(fields), packed);
    directory.push(central(fields, at));
  }
  const [body, index] = [Buffer.concat(bodies), Buffer.concat(directory)];
  return Buffer.concat([body, index, end(files.length, [index.length, body.length], Buffer.from(comment))]);
}

interface Fields {
  readonly method: number;
  readonly sizes: readonly number[];
  readonly name: Buffer;
}

function local({ method, sizes: [packed = 0, plain = 0], name }: Fields): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(packed, 18);
  header.writeUInt32LE(plain, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function central({ method, sizes: [packed = 0, plain = 0], name }: Fields, at: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(packed, 20);
  header.writeUInt32LE(plain, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt32LE(at, 42);
  return Buffer.concat([header, name]);
}

function end(count: number, [bytes = 0, at = 0]: readonly number[], comment: Buffer): Buffer {
  const header = Buffer.alloc(22);
  header.writeUInt32LE(0x06054b50, 0);
  header.writeUInt16LE(count, 8);
  header.writeUInt16LE(count, 10);
  header.writeUInt32LE(bytes, 12);
  header.writeUInt32LE(at, 16);
  header.writeUInt16LE(comment.length, 20);
  return Buffer.concat([header, comment]);
}
