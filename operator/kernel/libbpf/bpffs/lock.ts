import type { Stats } from 'node:fs';
import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { type Lock, PRIVATE_MODE } from '../../pins.ts';
import { ERRNO, fileError, kernelError } from '../errno.ts';
import { LOCK_EXCLUSIVE_NOW, LOCK_SHARED_NOW } from '../library/symbols.ts';
import type { Library } from '../library.ts';
import { textOf } from '../memory/cgroup.ts';
import { requirePrivate } from './private.ts';

/** flock(2) on the directory itself: no file is left by a holder that was killed. */
export function lockDirectory(library: Library, directory: string): Lock | { readonly heldBy: string } {
  const fd = opened(directory);
  const answer = lockPrivate(library, directory, fd);
  if (answer >= 0 && isStillThere(directory, fd)) return held(directory, fd);
  try {
    if (answer >= 0) return lockDirectory(library, directory);
    if (answer === -ERRNO.EAGAIN) return { heldBy: holderOf(fstatSync(fd)) };
    throw kernelError('lock', directory, answer);
  } finally {
    closeSync(fd);
  }
}

/** A shared lock for a moment: it keeps out no other question, and a writer only until its next try. */
export function holderNow(library: Library, directory: string): string | undefined {
  const fd = openSync(directory, DIRECTORY);
  try {
    const answer = library.flock(fd, LOCK_SHARED_NOW);
    if (answer === -ERRNO.EAGAIN) return holderOf(fstatSync(fd));
    if (answer < 0) throw kernelError('lock', directory, answer);
    return undefined;
  } finally {
    closeSync(fd);
  }
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** The answer of flock. Whoever could open a directory that others may enter could hold its lock for ever. */
function lockPrivate(library: Library, directory: string, fd: number): number {
  try {
    if (requirePrivate(directory, fstatSync(fd)) === 'open') {
      const changed = library.chmod(directory, PRIVATE_MODE);
      if (changed < 0) throw kernelError('set mode 0700 of', directory, changed);
    }
    return library.flock(fd, LOCK_EXCLUSIVE_NOW);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The directory may have been removed since it was opened: a lock on it does not protect its successor. */
function isStillThere(directory: string, fd: number): boolean {
  const there = lstatSync(directory, { throwIfNoEntry: false });
  const locked = fstatSync(fd);
  return there?.ino === locked.ino && there.dev === locked.dev;
}

function opened(directory: string): number {
  try {
    return openSync(directory, DIRECTORY);
  } catch (thrown) {
    const isNone = (thrown as NodeJS.ErrnoException).code === 'ENOTDIR';
    const detail = isNone ? 'no directory is there: look what it is, and remove it' : '';
    throw fileError('lock', directory, thrown, detail);
  }
}

/** Closing the fd releases the lock. */
function held(directory: string, fd: number): Lock {
  let isHeld = true;
  return {
    holds: () => isHeld && isStillThere(directory, fd),
    release: () => {
      if (isHeld) closeSync(fd);
      isHeld = false;
    },
  };
}

/** `pid 812, innermap agent`; empty where the holder is in another pid namespace or gone already. */
function holderOf(directory: Stats): string {
  const place = `${deviceText(directory.dev)}:${directory.ino}`;
  const line = textOf('/proc/locks')
    .split('\n')
    .find(text => text.includes(' FLOCK ') && !text.includes('->') && text.includes(` ${place} `));
  const pid = Number(line?.trim().split(/\s+/)[4] ?? 0);
  if (!(pid > 0)) return '';
  const command = commandOf(textOf(`/proc/${pid}/cmdline`));
  return command === '' ? `pid ${pid}` : `pid ${pid}, ${command}`;
}

/** As /proc/locks writes it: major and minor in hex, from the dev_t of user space. */
function deviceText(device: number): string {
  const major = ((device >>> 8) & 0xfff) | (Math.floor(device / 2 ** 32) & ~0xfff);
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  return `${hex(major)}:${hex(minor)}`;
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0');
}

/** Without the interpreter, its options and the script's path: what the user typed, about. */
function commandOf(line: string): string {
  const [program = '', ...rest] = line.split('\0').filter(argument => argument !== '');
  const isNode = /^node(js)?$/.test(basename(program));
  const script = isNode ? rest.findIndex(argument => !argument.startsWith('-')) : -1;
  const command = script < 0 ? [program, ...rest] : rest.slice(script);
  const [name = '', ...args] = command;
  return [basename(name).replace(/\.[cm]?js$/, ''), ...args].join(' ').slice(0, 200).trim();
}
