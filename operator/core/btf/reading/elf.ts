import type { Readable } from './read.ts';

/** Offsets in an Elf64_Ehdr and an Elf64_Shdr: include/uapi/linux/elf.h. */
const HEADER_SIZE = 64;
const CLASS = 4;
const ORDER = 5;
const SECTIONS_OFFSET = 40;
const SECTION_SIZE = 58;
const SECTION_COUNT = 60;
const NAMES_INDEX = 62;
const SECTION = { size: 64, type: 4, flags: 8, offset: 24, length: 32 };

const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const BIG_ENDIAN = 2;
/** SHT_NOBITS, SHF_COMPRESSED */
const NO_BYTES = 8;
const COMPRESSED = 0x800;

/** The bytes of the section with this name; undefined where the file has none. Nothing is copied. */
export function elfSection(file: Uint8Array, name: string): Readable<Uint8Array | undefined> {
  const problem = headerProblem(file);
  if (problem !== undefined) return unreadable(problem);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const table = sectionTable(view);
  if (table === undefined) return unreadable('its table of sections lies behind its end');
  const names = bytesAt(file, table.at(view.getUint16(NAMES_INDEX, true)));
  if (names === undefined) return unreadable('the names of its sections lie behind its end');
  for (let index = 0; index < table.count; index += 1) {
    const header = table.at(index)!;
    if (!isNamed(names, header.getUint32(0, true), name)) continue;
    if ((header.getUint32(SECTION.flags, true) & COMPRESSED) !== 0)
      return unreadable(
        `its section ${name} is compressed: run llvm-objcopy --decompress-debug-sections on it`,
      );
    const bytes = bytesAt(file, header);
    return bytes === undefined
      ? unreadable(`its section ${name} lies behind its end`)
      : { ok: true, value: bytes };
  }
  return { ok: true, value: undefined };
}

function unreadable(why: string): Readable<never> {
  return { ok: false, message: `Cannot read the object file: ${why}` };
}

function headerProblem(file: Uint8Array): string | undefined {
  if (file.length < HEADER_SIZE || file[0] !== 0x7f || String.fromCharCode(...file.subarray(1, 4)) !== 'ELF')
    return 'it is no ELF file: give what clang -target bpf -g -c made';
  if (file[ORDER] === BIG_ENDIAN)
    return 'it is of a big-endian machine: give that of a little-endian one (clang -target bpfel)';
  if (file[CLASS] !== CLASS_64 || file[ORDER] !== LITTLE_ENDIAN) return 'it is no ELF file of 64 bits';
  return undefined;
}

interface SectionTable {
  readonly count: number;
  /** The header of a section; undefined where there are not so many. */
  at(index: number): DataView | undefined;
}

function sectionTable(view: DataView): SectionTable | undefined {
  const from = wholeNumber(view, SECTIONS_OFFSET);
  const count = view.getUint16(SECTION_COUNT, true);
  const fits = from !== undefined && from + count * SECTION.size <= view.byteLength;
  if (!fits || (count > 0 && view.getUint16(SECTION_SIZE, true) !== SECTION.size)) return undefined;
  const at = (index: number): DataView | undefined =>
    index < count
      ? new DataView(view.buffer, view.byteOffset + from + index * SECTION.size, SECTION.size)
      : undefined;
  return { count, at };
}

function bytesAt(file: Uint8Array, header: DataView | undefined): Uint8Array | undefined {
  if (header === undefined || header.getUint32(SECTION.type, true) === NO_BYTES) return undefined;
  const [offset, length] = [wholeNumber(header, SECTION.offset), wholeNumber(header, SECTION.length)];
  if (offset === undefined || length === undefined || offset + length > file.length) return undefined;
  return file.subarray(offset, offset + length);
}

/** A u64 that a file's length can have. */
function wholeNumber(view: DataView, at: number): number | undefined {
  const number = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(number) ? number : undefined;
}

function isNamed(names: Uint8Array, offset: number, name: string): boolean {
  if (names[offset + name.length] !== 0) return false;
  return [...name].every((character, index) => names[offset + index] === character.charCodeAt(0));
}
