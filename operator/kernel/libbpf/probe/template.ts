import { readSync } from 'node:fs';
import { join } from 'node:path';
import type { MapSpec } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import { besideProgram } from '../library/beside.ts';
import type { Address, Library } from '../library.ts';
import { refusedTypeText, specOf, typeName } from '../maptypes.ts';

const PROGRAM = 'read_templates';
const FILE = join('native', 'template.bpf.o');
/** Eight u32: id, type, the template's type, key size, value size, max entries and flags, and a zero. */
const RECORD_WORDS = 8;
const READ_BYTES = 64 * 1024;

/** The layouts that outer maps were made with, read by an iterator over the kernel's maps (CAP_BPF and CAP_PERFMON, 5.8). */
export class Templates {
  readonly #library: Library;
  readonly #file: string | undefined;
  /** Outer map id → its template, or a type that ours cannot have. It never changes; ids are not used again. */
  #known: TemplatesById = new Map();
  #unavailable = false;

  constructor(library: Library, file = besideProgram(FILE)) {
    this.#library = library;
    this.#file = file;
  }

  /**
   * Undefined where the program cannot be loaded: no file, no libbpf, no BTF in the kernel, no CAP_PERFMON. Loading is tried
   * once. Throws EINVAL for a template whose type inner maps of ours cannot have.
   */
  of(outerId: number, label: string): MapSpec | undefined {
    if (!this.#known.has(outerId) && !this.#unavailable) {
      const found = this.#file === undefined ? undefined : read(this.#library, this.#file);
      this.#unavailable = found === undefined;
      this.#known = found ?? this.#known;
    }
    const found = this.#known.get(outerId);
    if (typeof found === 'number')
      throw new KernelError('use the template of', label, 'EINVAL', `it is ${refusedTypeText(found)}`);
    return found;
  }
}

type TemplatesById = ReadonlyMap<number, MapSpec | number>;

function read(library: Library, file: string): TemplatesById | undefined {
  try {
    return readTemplates(library, file);
  } catch (error) {
    // Without libbpf
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

function readTemplates(library: Library, file: string): TemplatesById | undefined {
  const object = library.programFileOpen(file, null);
  if (isNull(object)) return undefined;
  try {
    if (library.programFileLoad(object) < 0) return undefined;
    const program = library.programFind(object, PROGRAM);
    return isNull(program) ? undefined : throughLink(library, library.iteratorAttach(program, null));
  } finally {
    library.programFileClose(object);
  }
}

function throughLink(library: Library, link: Address): TemplatesById | undefined {
  if (isNull(link)) return undefined;
  const fd = library.iteratorCreate(library.linkFd(link));
  try {
    return fd < 0 ? undefined : templatesIn(readAll(fd));
  } finally {
    if (fd >= 0) library.close(fd);
    library.linkDestroy(link);
  }
}

function isNull(address: Address): boolean {
  return address === null || address === 0n;
}

function readAll(fd: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = new Uint8Array(READ_BYTES);
    const length = readSync(fd, part, 0, READ_BYTES, null);
    if (length === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, length));
  }
}

function templatesIn(bytes: Uint8Array): TemplatesById {
  // A copy: a Buffer may be a part of a larger one
  const words = new Uint32Array(Uint8Array.from(bytes).buffer);
  const templates = new Map<number, MapSpec | number>();
  for (let at = 0; at + RECORD_WORDS <= words.length; at += RECORD_WORDS) {
    const type = typeName(words[at + 2]!);
    // An outer map of another owner may have a template type that ours cannot have
    const template = type === undefined ? words[at + 2]! : specOf(type, words.subarray(at + 3));
    templates.set(words[at]!, template);
  }
  return templates;
}
