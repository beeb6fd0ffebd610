import { lstatSync, readlinkSync, statfsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { KernelError } from '../../error.ts';
import { kindsIn, type Pins, RECORD_BESIDE } from '../../pins.ts';
import { ERRNO, fileError, kernelError } from '../errno.ts';
import { BPFFS_MAGIC } from '../library/symbols.ts';
import type { Library } from '../library.ts';
import { labelOf } from '../maps.ts';
import { listed, listedLater } from './listing.ts';
import { holderNow, lockDirectory } from './lock.ts';
import { watchDirectories } from './watch.ts';

const DIRECTORY_MODE = 0o755;
/** The mode that BPF_OBJ_PIN gives a pin. */
const PIN_MODE = 0o600;
const RECORD_BYTES = 4000;

/** Throws unless the directory lies in a bpffs: elsewhere no map can be pinned, and an unmounted bpffs looks empty. */
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
export function pinsOn(library: Library, root: string): Pins {
  return {
    root,
    requireMounted: () => requireBpffs(root),
    list: directory => [...kindsIn(listed(library, directory))].map(([name]) => name),
    kinds: directory => new Map(kindsIn(listed(library, directory))),
    listing: directory => listedLater(library, directory),
    exists: path =>
      read('look at', path, false, () => lstatSync(path, { throwIfNoEntry: false }) !== undefined),
    isDirectory: path => read('look at', path, false, () => isDirectory(path)),
    makeDirectory: (path, mode = DIRECTORY_MODE) => {
      // Where the bpffs was unmounted, the disk below it would take the directory
      requireBpffs(root);
      makeDirectory(library, path, mode);
    },
    removeDirectory: path => succeed('remove directory', path, library.rmdir(path), [-ERRNO.ENOENT]),
    pin: (map, path, mode) => {
      const answer = library.objectPin(map.fd, path);
      if (answer < 0) throw kernelError(`pin ${labelOf(map)} at`, path, answer, pinFailure(path, answer));
      if (mode === PIN_MODE) return;
      const changed = library.chmod(path, mode);
      if (changed >= 0) return;
      library.unlink(path);
      throw kernelError(`set mode 0${mode.toString(8)} of`, path, changed);
    },
    rename: (from, to) => {
      const answer = library.rename(from, to);
      if (answer < 0) throw renameError({ from, to }, answer);
    },
    unlink: path => {
      const answer = library.unlink(path);
      if (answer < 0 && answer !== -ERRNO.ENOENT && answer !== -ERRNO.ENOTDIR)
        throw unlinkError(path, answer);
    },
    writeRecord: (path, text) => {
      requireBpffs(root);
      writeRecord(library, path, text);
    },
    readRecord: path => read('read record', path, undefined, () => readlinkSync(path)),
    lock: directory => lockDirectory(library, directory),
    holder: directory => read('lock', directory, undefined, () => holderNow(library, directory)),
    watch: (directories, changed) => watchDirectories(root, directories, changed),
  };
}

function makeDirectory(library: Library, path: string, mode: number): void {
  const answer = library.mkdir(path, mode);
  if (answer === -ERRNO.ENOENT && dirname(path) !== path) {
    makeDirectory(library, dirname(path), mode);
    succeed('make directory', path, library.mkdir(path, mode));
  } else if (answer !== -ERRNO.EEXIST || !isDirectory(path)) succeed('make directory', path, answer);
}

function writeRecord(library: Library, path: string, text: string): void {
  const length = Buffer.byteLength(text);
  if (length === 0 || length > RECORD_BYTES || text.includes('\0')) {
    const detail = `a record has 1 to ${RECORD_BYTES} bytes and no NUL, this one ${length}`;
    throw new KernelError('write record', path, length > RECORD_BYTES ? 'ENAMETOOLONG' : 'EINVAL', detail);
  }
  const fresh = `${path}${RECORD_BESIDE}`;
  succeed('write record', path, library.unlink(fresh), [-ERRNO.ENOENT]);
  succeed('write record', path, library.symlink(text, fresh));
  const answer = library.rename(fresh, path);
  if (answer < 0) library.unlink(fresh);
  succeed('write record', path, answer);
}

export function renameError(
  { from, to }: { readonly from: string; readonly to: string },
  answer: number,
): KernelError {
  return kernelError(`rename ${from} to`, to, answer, dotFailure(to, answer));
}

export function unlinkError(path: string, answer: number): KernelError {
  return kernelError('unlink', path, answer, dotFailure(path, answer));
}

/** Why the kernel refused a pin, where the answer says so. */
export function pinFailure(path: string, answer: number): string {
  if (answer === -ERRNO.EEXIST) return takenBy(path);
  return answer === -ERRNO.ENOENT ? `${dirname(path)} does not exist` : dotFailure(path, answer);
}

/** What lies at a path where something was to be made. */
function takenBy(path: string): string {
  try {
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) return `a symlink to ${readlinkSync(path)} is there: remove it`;
    return stats.isDirectory() ? 'a directory is there: remove it' : `${path} is taken`;
  } catch {
    return `${path} is taken`;
  }
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
