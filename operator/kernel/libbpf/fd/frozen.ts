import { closeSync, openSync, readSync } from 'node:fs';
import { ERRNO, fileError } from '../errno.ts';
import type { Library } from '../library.ts';

const fdinfo = Buffer.alloc(1024);

/**
 * An update of no entries checks first whether user space may write (kernel/bpf/syscall.c, bpf_map_do_batch) and then does
 * nothing: 0.3 µs, where the text of fdinfo takes 8. EPERM means frozen, or an fd that may only read. Then fdinfo
 * decides, and before 5.6, which has no batches.
 */
export function isFrozen(library: Library, fd: number, label: string): boolean {
  const answer = library.mapMayWrite(fd);
  if (answer === 0 || answer === -ERRNO.ENOTSUPP) return false;
  return isFrozenByFdinfo(fd, label);
}

function isFrozenByFdinfo(fd: number, label: string): boolean {
  let file: number | undefined;
  try {
    file = openSync(`/proc/self/fdinfo/${fd}`, 'r');
    const length = readSync(file, fdinfo, 0, fdinfo.length, null);
    return fdinfo.toString('latin1', 0, length).includes('frozen:\t1');
  } catch (thrown) {
    throw fileError('ask whether it is frozen', label, thrown);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
