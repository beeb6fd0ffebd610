import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { KernelError } from '../../error.ts';
import type { MapIdentity } from '../../kernel.ts';
import { ERRNO, kernelError } from '../errno.ts';
import type { Library } from '../library.ts';
import { idOf, nameRead, OwnedMap } from '../maps.ts';
import { denialText } from '../rights.ts';

/** Owns the fd: closes it where it is no map of ours. */
export function adoptFd(library: Library, fd: number, label: string): OwnedMap {
  try {
    requireMap(library, fd, label);
    const map = new OwnedMap(library, fd, label);
    map.known();
    return map;
  } catch (error) {
    library.close(fd);
    throw error;
  }
}

export function openPin(library: Library, pin: string): OwnedMap {
  refuseLink(pin);
  return adoptFd(library, getPin(library, pin), pin);
}

/** What tells the map at a pin from others. */
export function identityAt(library: Library, pin: string): MapIdentity {
  const fd = getPin(library, pin);
  try {
    requireMap(library, fd, pin);
    return { id: idOf(library, fd, pin), name: nameRead() };
  } finally {
    library.close(fd);
  }
}

function getPin(library: Library, pin: string): number {
  const fd = library.objectGet(pin);
  if (fd < 0) throw kernelError('open', pin, fd, openingText(pin, fd));
  return fd;
}

export function openId(library: Library, id: number): OwnedMap {
  const fd = library.mapFdById(id);
  const label = `map ${id}`;
  if (fd < 0) throw kernelError('open', label, fd, fd === -ERRNO.EPERM ? 'ids need CAP_SYS_ADMIN' : '');
  return adoptFd(library, fd, label);
}

const nothing = new Uint32Array(1);
const token = new Uint32Array(1);

/**
 * A pin may be of a program or a link, and its info would be read as a map's. A batch lookup of no entries answers EINVAL
 * for those, and for every fd before 5.6: then the link in /proc decides.
 */
function requireMap(library: Library, fd: number, label: string): void {
  nothing[0] = 0;
  if (library.mapLookupBatch(fd, null, token, null, null, nothing) !== -ERRNO.EINVAL) return;
  const object = readlinkSync(`/proc/self/fd/${fd}`);
  if (object === 'anon_inode:bpf-map') return;
  throw new KernelError('use', label, 'EINVAL', `it is no map but ${object.replace('anon_inode:', '')}`);
}

/** BPF_OBJ_GET follows a symlink to any map that this process may open, whoever put it there. */
function refuseLink(pin: string): void {
  const target = linkTarget(pin);
  if (target === undefined) return;
  const detail = `a symlink to ${target} is there, and is not followed: remove it, or name the pin itself`;
  throw new KernelError('open', pin, 'ELOOP', detail);
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    // BPF_OBJ_GET says why
    return undefined;
  }
}

function openingText(pin: string, answer: number): string {
  if (answer === -ERRNO.EPERM) return denialText();
  return answer === -ERRNO.EACCES ? ownerText(pin) : '';
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
