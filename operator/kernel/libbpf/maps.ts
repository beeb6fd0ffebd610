import { kernelFieldsText, type MapTypes } from '../../core/btf/maptypes.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { mapSpecText } from '../../core/mapspec.ts';
import { KernelError, mayLeaveOutTypes } from '../error.ts';
import type { OpenMap } from '../kernel.ts';
import { ERRNO, kernelError } from './errno.ts';
import type { Library } from './library.ts';
import { refusedTypeText, specOf, TYPE_NUMBERS, typeName } from './maptypes.ts';
import type { Room } from './memory/room.ts';
import { leastBytes } from './memory/size.ts';
import type { OuterWays } from './outer/ways.ts';
import { denialText } from './rights.ts';
import { loadTypes, NO_TYPES, neededTypes, type OwnedTypes } from './types.ts';

/** The machine that every operation works on. */
export interface Host {
  readonly library: Library;
  /** Values of a per-CPU entry. */
  readonly possibleCpus: number;
  readonly room: Room;
  readonly ways: OuterWays;
}

/** Owns an fd of a map. The layout is read from the kernel on first use; only the id can be read after close. */
export class OwnedMap implements OpenMap {
  /** Its name in messages. */
  readonly label: string;
  readonly #library: Library;
  #fd: number;
  #id: number | undefined;
  #info: MapInfo | undefined;

  constructor(library: Library, fd: number, label: string) {
    this.#library = library;
    this.#fd = fd;
    this.label = label;
  }

  static withId(library: Library, { fd, id }: { fd: number; id: number }, label: string): OwnedMap {
    const map = new OwnedMap(library, fd, label);
    map.#id = id;
    return map;
  }

  get id(): number {
    this.#id ??= this.#info?.id ?? idOf(this.#library, this.fd, this.label);
    return this.#id;
  }

  /** As the kernel has it: it rounds some sizes up and adds flags to some types. */
  get spec(): MapSpec {
    return this.known().spec;
  }

  get name(): string {
    return this.known().name;
  }

  get fd(): number {
    if (this.#fd < 0) throw new KernelError('use', this.label, 'EBADF', 'it was closed');
    return this.#fd;
  }

  frozen(): boolean {
    const answer = this.#library.mapIsFrozen(this.fd);
    if (answer < 0) throw kernelError('ask whether it is frozen', this.label, answer);
    return answer === 1;
  }

  /** Reads the layout, once; it can be read after close then. */
  known(): MapInfo {
    this.#info ??= mapInfo(this.#library, this.fd, this.label);
    return this.#info;
  }

  close(): void {
    const fd = this.release();
    if (fd >= 0) this.#library.close(fd);
  }

  /** Gives the fd away, to be closed with many; -1 where it was closed. */
  release(): number {
    const fd = this.#fd;
    if (fd >= 0) this.#id ??= this.#info?.id ?? mapId(this.#library, fd);
    this.#fd = -1;
    return fd;
  }
}

interface MapInfo {
  readonly id: number;
  readonly spec: MapSpec;
  readonly name: string;
}

/** The arguments of bpf_map_create, and the words of its message. */
interface Creation {
  readonly spec: MapSpec;
  readonly name: string;
  readonly label: string;
  /** Absent: `create inner map`. */
  readonly operation?: string;
  /** The template's fd; for outer maps alone. */
  readonly innerFd?: number;
  readonly types?: OwnedTypes;
  /** Of an outer map's template, for messages. */
  readonly templateTypes?: MapTypes;
}

export function labelOf(map: OpenMap): string {
  return map instanceof OwnedMap ? map.label : map.name;
}

/**
 * Returns an fd. Throws where the kernel refuses the map, and ENOMEM where it does not fit below the memory limit: at the
 * limit this process would be killed.
 */
export function createMap(host: Host, creation: Creation): number {
  requireRoom(host, creation);
  const { library } = host;
  const needed = creation.types === undefined ? neededTypes(library, creation) : undefined;
  const fd = create(library, creation, needed ?? creation.types);
  needed?.close();
  if (fd < 0) throw creationError(creation, fd);
  return fd;
}

/** The same with the declared types, where the kernel takes them; where it does not, without, if nothing in a value needs them. */
export function createTyped(host: Host, creation: Creation): number {
  const { types } = creation.spec;
  if (types === undefined) return createMap(host, creation);
  try {
    const loaded = loadTypes(host.library, types, creation.label);
    try {
      return createMap(host, { ...creation, types: loaded });
    } finally {
      loaded.close();
    }
  } catch (error) {
    if (!mayLeaveOutTypes(error, types)) throw error;
    return createMap(host, creation);
  }
}

function create(
  library: Library,
  { spec, name, innerFd = 0 }: Creation,
  btf: OwnedTypes | undefined,
): number {
  const { type, keySize, valueSize, maxEntries, flags } = spec;
  return library.mapCreate(
    TYPE_NUMBERS[type],
    name,
    keySize,
    valueSize,
    maxEntries,
    createOptions(flags, innerFd, btf),
  );
}

function requireRoom({ room, possibleCpus }: Host, creation: Creation): void {
  if (!room.takes(leastBytes(creation.spec, 0, possibleCpus))) throw creationError(creation, -ERRNO.ENOMEM);
}

export function creationError(creation: Creation, answer: number): KernelError {
  const { operation = 'create inner map', label, spec, types, templateTypes } = creation;
  return kernelError(operation, label, answer, creationText(spec, types?.of ?? templateTypes, answer));
}

function creationText(spec: MapSpec, types: MapTypes | undefined, answer: number): string {
  if (answer === -ERRNO.EPERM) return denialText(spec);
  const fields = types === undefined ? '' : kernelFieldsText(types);
  if (fields !== '' && answer !== -ERRNO.ENOMEM)
    return `the value has ${fields}, which this kernel does not take there: ${mapSpecText(spec)}`;
  return answer === -ERRNO.EINVAL ? `the kernel takes no such map: ${mapSpecText(spec)}` : '';
}

const plainOptions = new Map<number, Uint32Array>();

/** The words of innermap_create's options. Inner maps of equal flags share them. */
function createOptions(flags: number, innerFd: number, types: OwnedTypes | undefined): Uint32Array {
  const isPlain = innerFd === 0 && types === undefined;
  const known = isPlain ? plainOptions.get(flags) : undefined;
  if (known !== undefined) return known;
  const words = Uint32Array.of(flags, innerFd, ...(types?.words ?? NO_TYPES));
  if (isPlain) plainOptions.set(flags, words);
  return words;
}

/** struct bpf_map_info of 5.16; newer kernels have longer ones and fill this much. Its name ends in a NUL. */
const INFO_SIZE = 88;
const NAME_OFFSET = 24;
const info = Buffer.alloc(INFO_SIZE);
const infoWords = new Uint32Array(info.buffer, info.byteOffset, NAME_OFFSET / 4);
const infoLength = new Uint32Array(1);

function readInfo(library: Library, fd: number): number {
  infoLength[0] = INFO_SIZE;
  return library.objectInfo(fd, info, infoLength);
}

/** The id, or -errno. */
export function mapId(library: Library, fd: number): number {
  const answer = readInfo(library, fd);
  return answer < 0 ? answer : infoWords[1]!;
}

export function idOf(library: Library, fd: number, label: string): number {
  const id = mapId(library, fd);
  if (id < 0) throw kernelError('read the id of', label, id);
  return id;
}

function mapInfo(library: Library, fd: number, label: string): MapInfo {
  const answer = readInfo(library, fd);
  if (answer < 0) throw kernelError('read the layout of', label, answer);
  const [number, id] = infoWords;
  const type = typeName(number!);
  if (type === undefined) {
    const detail = `it is ${refusedTypeText(number!)}`;
    throw new KernelError('use', label, 'EINVAL', detail);
  }
  return {
    id: id!,
    name: textUntilNul(info.subarray(NAME_OFFSET)),
    spec: { ...specOf(type, infoWords.subarray(2)), ...hashFunctionsOf(type) },
  };
}

/** bpf_map_info.map_extra (5.16); the kernel counts 0 as five (bloom_map_alloc). */
const EXTRA_OFFSET = 80;
const USUAL_FUNCTIONS = [0, 5];

function hashFunctionsOf(type: MapSpec['type']): Pick<MapSpec, 'hashFunctions'> {
  if (type !== 'BloomFilter') return {};
  const hashFunctions = info[EXTRA_OFFSET]!;
  return USUAL_FUNCTIONS.includes(hashFunctions) ? {} : { hashFunctions };
}

/** Text of the kernel's: Latin letters, then a NUL. */
export function textUntilNul(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', 0, bytes.indexOf(0));
}
