import { closeSync, constants, openSync, statfsSync } from 'node:fs';
import { ERRNO } from '../errno.ts';
import { LEASE, NO_LEASE, READ_LEASE, SIGNAL } from '../library/symbols.ts';
import type { Library } from '../library.ts';
import { isAlone } from './alone.ts';

/** Ignored unless a process asks for it. */
const SIGURG = 23;

/**
 * Whether somebody has a file open for writing, or maps it so: then the kernel gives nobody a read lease (EAGAIN). The
 * result is undefined where it gives none for another reason: a file of another user without CAP_LEASE (EACCES), a file
 * system without leases (EINVAL), or one that others than this kernel write to. The lease is given back at once. Who opens
 * the file for writing meanwhile waits for that, and the signal that tells us, SIGIO, would end this process: SIGURG is
 * sent in its stead.
 */
export function openForWriting(library: Library, path: string): boolean | undefined {
  let fd: number | undefined;
  try {
    if (!isAlone(statfsSync(path).type)) return undefined;
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (library.control(fd, SIGNAL, SIGURG) < 0) return undefined;
    const answer = library.control(fd, LEASE, READ_LEASE);
    if (answer === 0) library.control(fd, LEASE, NO_LEASE);
    return answer === 0 ? false : answer === -ERRNO.EAGAIN ? true : undefined;
  } catch {
    // Gone, or not readable: reading it says so
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
