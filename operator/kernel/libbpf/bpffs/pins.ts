import { lstatSync, readdirSync, readlinkSync, statfsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { KernelError } from '../../error.ts';
import type { OpenMap } from '../../kernel.ts';
import { type Lock, type Pins, RECORD_BESIDE } from '../../pins.ts';
import { ERRNO, fileError, kernelError } from '../errno.ts';
import type { Library } from '../library.ts';
import { labelOf } from '../maps.ts';
import { BPFFS_MAGIC } from '../symbols.ts';
import { lockDirectory } from './lock.ts';
import { watchDirectories } from './watch.ts';

const DIRECTORY_MODE = 0o755;
/** The mode that BPF_OBJ_PIN gives a pin. */
const PIN_MODE = 0o600;
const RECORD_BYTES = 4000;

/** Throws unless the directory lies in a bpffs: a pin elsewhere is failed, and a mount point without its mount is empty. */
export function requireBpffs(root: string): void {
  const operation = 'use the bpffs at';
  const mount = `mount -t bpf bpf ${root}`;
  try {
    if (statfsSync(root).type >>> 0 === BPFFS_MAGIC) return;
  } catch (thrown) {
    throw fileError(operation, root, thrown, `mount one there: mkdir -p ${root} && ${mount}`);
  }
  throw new KernelError(operation, root, 'EINVAL', `no bpffs is mounted there, do: ${mount}`);
}

/** A bpffs: libc changes it, node:fs reads it. */
export class BpfPins implements Pins {
  readonly root: string;
  readonly #library: Library;

  constructor(library: Library, root: string) {
    this.#library = library;
    this.root = root;
  }

  list(directory: string): readonly string[] {
    return read('list', directory, [], () => readdirSync(directory));
  }

  exists(path: string): boolean {
    return read('look at', path, false, () => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  }

  isDirectory(path: string): boolean {
    return read('look at', path, false, () => isDirectory(path));
  }

  makeDirectory(path: string): void {
    const answer = this.#library.mkdir(path, DIRECTORY_MODE);
    if (answer === -ERRNO.ENOENT && dirname(path) !== path) {
      this.makeDirectory(dirname(path));
      succeed('make directory', path, this.#library.mkdir(path, DIRECTORY_MODE));
    } else if (answer !== -ERRNO.EEXIST || !isDirectory(path)) succeed('make directory', path, answer);
  }

  removeDirectory(path: string): void {
    succeed('remove directory', path, this.#library.rmdir(path), [-ERRNO.ENOENT]);
  }

  pin(map: OpenMap, path: string, mode: number): void {
    const answer = this.#library.objectPin(map.fd, path);
    if (answer < 0) throw kernelError(`pin ${labelOf(map)} at`, path, answer, pinFailure(path, answer));
    if (mode === PIN_MODE) return;
    const changed = this.#library.chmod(path, mode);
    if (changed >= 0) return;
    this.#library.unlink(path);
    throw kernelError(`set mode 0${mode.toString(8)} of`, path, changed);
  }

  rename(from: string, to: string): void {
    succeed(`rename ${from} to`, to, this.#library.rename(from, to));
  }

  unlink(path: string): void {
    succeed('unlink', path, this.#library.unlink(path), [-ERRNO.ENOENT, -ERRNO.ENOTDIR]);
  }

  writeRecord(path: string, text: string): void {
    const length = Buffer.byteLength(text);
    if (length === 0 || length > RECORD_BYTES || text.includes('\0')) {
      const detail = `a record has 1 to ${RECORD_BYTES} bytes and no NUL, this one ${length}`;
      throw new KernelError('write record', path, length > RECORD_BYTES ? 'ENAMETOOLONG' : 'EINVAL', detail);
    }
    const fresh = `${path}${RECORD_BESIDE}`;
    succeed('write record', path, this.#library.unlink(fresh), [-ERRNO.ENOENT]);
    succeed('write record', path, this.#library.symlink(text, fresh));
    const answer = this.#library.rename(fresh, path);
    if (answer < 0) this.#library.unlink(fresh);
    succeed('write record', path, answer);
  }

  readRecord(path: string): string | undefined {
    return read('read record', path, undefined, () => readlinkSync(path));
  }

  lock(directory: string): Lock | { readonly heldBy: string } {
    return lockDirectory(this.#library, directory);
  }

  watch(directories: readonly string[], changed: () => void): () => void {
    return watchDirectories(this.root, directories, changed);
  }
}

/** Why a pin was failed, where the answer says so. */
export function pinFailure(path: string, answer: number): string {
  if (answer === -ERRNO.EEXIST) return `${path} is taken`;
  return answer === -ERRNO.ENOENT ? `${dirname(path)} does not exist` : dotFailure(path, answer);
}

function dotFailure(path: string, answer: number): string {
  return answer === -ERRNO.EPERM && basename(path).includes('.') ? 'names on a bpffs hold no dot' : '';
}

function succeed(operation: string, path: string, answer: number, expected: readonly number[] = []): void {
  if (answer < 0 && !expected.includes(answer))
    throw kernelError(operation, path, answer, dotFailure(path, answer));
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Calls node:fs; returns `absent` where nothing is at the path. */
function read<T>(operation: string, path: string, absent: T, call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    const error = fileError(operation, path, thrown);
    if (error.errno === 'ENOENT' || error.errno === 'ENOTDIR') return absent;
    throw error;
  }
}
