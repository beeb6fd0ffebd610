import {
  kernelFieldsText,
  type MapTypes,
  mapTypes,
  programFieldOf,
  STORAGE_KEY,
  type TypedBtf,
} from '../../core/btf/maptypes.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { kernelFieldText } from '../../core/types/kernelfield.ts';
import { KernelError } from '../error.ts';
import type { OpenTypes } from '../kernel.ts';
import { ERRNO, kernelError } from './errno.ts';
import type { Library } from './library.ts';
import { isStorage } from './maptypes.ts';

/** The fd of a BTF, and which of its types keys and values are, as a map is made with them. */
export type BtfWords = readonly [fd: number, key: number, value: number];

/** Of a map without types. */
export const NO_TYPES: BtfWords = [0, 0, 0];

/** Owns the fd of a BTF. */
export class OwnedTypes implements OpenTypes {
  readonly of: MapTypes;
  readonly #library: Library;
  readonly #written: TypedBtf;
  #fd: number;

  constructor(library: Library, of: MapTypes, { fd, written }: { fd: number; written: TypedBtf }) {
    this.#library = library;
    this.of = of;
    this.#fd = fd;
    this.#written = written;
  }

  get words(): BtfWords {
    if (this.#fd < 0) throw new KernelError('use', 'types', 'EBADF', 'they were closed');
    return [this.#fd, this.#written.key, this.#written.value];
  }

  close(): void {
    if (this.#fd >= 0) this.#library.close(this.#fd);
    this.#fd = -1;
  }
}

/** A kernel before 6.0 gets what it can read. */
export function loadTypes(library: Library, types: MapTypes, label: string): OwnedTypes {
  const operation = 'load the types of';
  const field = programFieldOf(types);
  if (field !== undefined) {
    const what = kernelFieldText(field.type);
    const why = `the value has a ${what}: what is in it only its program's own BTF tells, and inner maps of another do not fit`;
    throw new KernelError(operation, label, 'EOPNOTSUPP', why);
  }
  let written = types.current;
  let fd = library.btfLoad(written.btf, written.btf.length);
  if (fd === -ERRNO.EINVAL && types.older !== undefined) {
    written = types.older;
    fd = library.btfLoad(written.btf, written.btf.length);
  }
  if (fd >= 0) return new OwnedTypes(library, types, { fd, written });
  const fields = kernelFieldsText(types);
  throw kernelError(operation, label, fd, fields === '' ? '' : `the value has ${fields}, which needs them`);
}

const storages = new Map<number, MapTypes>();

/** Types without which the kernel does not make the map: a storage's, whatever they say. */
export function neededTypes(
  library: Library,
  { spec, label }: { readonly spec: MapSpec; readonly label: string },
): OwnedTypes | undefined {
  if (!isStorage(spec.type)) return undefined;
  const { valueSize: size } = spec;
  const value = { kind: 'bytes', size, alignment: 1 } as const;
  const types = storages.get(size) ?? mapTypes({ type: 'SkStorage', key: STORAGE_KEY, value });
  storages.set(size, types);
  return loadTypes(library, types, label);
}
