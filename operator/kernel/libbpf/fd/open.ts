import { readlinkSync, statSync } from 'node:fs';
import { KernelError } from '../../error.ts';
import { ERRNO, kernelError } from '../errno.ts';
import { NO_MAP, OBJECT_NAME } from '../library/symbols.ts';
import type { Library } from '../library.ts';
import { OwnedMap, textUntilNul } from '../maps.ts';
import { denialText } from '../rights.ts';

/** Owns the fd: closes it where it is no map of ours. */
export function adoptFd(library: Library, fd: number, label: string): OwnedMap {
  try {
    const map = new OwnedMap(library, fd, label);
    map.known();
    return map;
  } catch (error) {
    library.close(fd);
    throw error;
  }
}

/** Nothing is awaited between a call that writes it and its use. */
const object = new Uint8Array(OBJECT_NAME);

export function openPin(library: Library, pin: string): OwnedMap {
  const fd = library.objectGet(pin, object);
  if (fd < 0) throw openingError(pin, fd, textUntilNul(object));
  return adoptFd(library, fd, pin);
}

export function openId(library: Library, id: number): OwnedMap {
  const fd = library.mapFdById(id);
  const label = `map ${id}`;
  if (fd < 0) throw kernelError('open', label, fd, fd === -ERRNO.EPERM ? 'ids need CAP_SYS_ADMIN' : '');
  return adoptFd(library, fd, label);
}

/** `object`: what is at the pin where that is no map. */
export function openingError(pin: string, answer: number, object: string): KernelError {
  return answer === NO_MAP
    ? new KernelError('use', pin, 'EINVAL', `it is no map but ${object}`)
    : kernelError('open', pin, answer, openingText(pin, answer));
}

function openingText(pin: string, answer: number): string {
  if (answer === -ERRNO.EPERM) return denialText();
  if (answer === -ERRNO.ELOOP) return linkText(pin);
  return answer === -ERRNO.EACCES ? ownerText(pin) : '';
}

function linkText(pin: string): string {
  try {
    return `a symlink to ${readlinkSync(pin)} is there, and is not followed: remove it, or name the pin itself`;
  } catch {
    return '';
  }
}

function ownerText(pin: string): string {
  try {
    const stats = statSync(pin);
    if (!stats.isFile()) return 'it is no pin of a map';
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
    return `it belongs to uid ${stats.uid} with mode ${mode}, which needs CAP_DAC_OVERRIDE`;
  } catch {
    return '';
  }
}
