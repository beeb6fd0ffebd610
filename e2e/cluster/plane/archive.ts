import { inflateRawSync } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const END_BYTES = 22;
const DEFLATED = 8;

/** The contents of one file in a ZIP archive (APPNOTE.TXT 4.3; neither encrypted nor ZIP64). */
export function fileInZip(archive: Buffer, name: string): Buffer {
  const entry = entriesOf(archive).find(candidate => candidate.name === name);
  if (entry === undefined) throw new Error(`Cannot unpack ${name}: the archive has no such file`);
  if (archive.readUInt32LE(entry.at) !== LOCAL_ENTRY)
    throw new Error(`Cannot unpack ${name}: not a ZIP archive`);
  const start = entry.at + 30 + archive.readUInt16LE(entry.at + 26) + archive.readUInt16LE(entry.at + 28);
  const packed = archive.subarray(start, start + entry.packedBytes);
  return entry.method === DEFLATED ? inflateRawSync(packed) : packed;
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packedBytes: number;
  readonly at: number;
}

function entriesOf(archive: Buffer): readonly Entry[] {
  const end = endOfDirectory(archive);
  const entries: Entry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY)
      throw new Error('Cannot read the archive: its directory is torn');
    const nameBytes = archive.readUInt16LE(at + 28);
    entries.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameBytes),
      method: archive.readUInt16LE(at + 10),
      packedBytes: archive.readUInt32LE(at + 20),
      at: archive.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

/** It is the last of the archive but for a comment. */
function endOfDirectory(archive: Buffer): number {
  for (let at = archive.length - END_BYTES; at >= 0; at--) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new Error('Cannot read the archive: not a ZIP archive');
}
