import type { Errno } from '../../../error.ts';
import type { FakeMap } from '../map.ts';

export interface Directory {
  readonly kind: 'directory';
  readonly entries: Map<string, Node>;
  owner: number;
  mode: number;
}

export function emptyDirectory(owner: number, mode: number): Directory {
  return { kind: 'directory', entries: new Map(), owner, mode };
}

export interface Pinned {
  readonly kind: 'pin';
  readonly map: FakeMap;
  readonly owner: number;
  mode: number;
}

/** A symlink: only its target counts. */
export interface Link {
  readonly kind: 'link';
  readonly target: string;
}

export type Node = Directory | Pinned | Link;

/** The place of a name that exists or could exist. */
interface Place {
  readonly directory: Directory;
  readonly name: string;
}

const LONGEST_NAME = 255;

/** The bpffs mounts of a machine, with the errnos of Linux 6.18 (kernel/bpf/inode.c, fs/namei.c). */
export class Tree {
  readonly #mounts = new Map<string, Directory>();
  readonly #changed: (path: string) => void;

  constructor(changed: (path: string) => void) {
    this.#changed = changed;
  }

  /** As systemd mounts one. */
  mount(root: string): void {
    if (!this.#mounts.has(root)) this.#mounts.set(root, emptyDirectory(0, 0o700));
  }

  /** Pins go with their bpffs. */
  unmount(root: string): void {
    for (const [path, node] of this.walk())
      if (path.startsWith(`${root}/`) && node.kind === 'pin') node.map.release();
    this.#mounts.delete(root);
  }

  isMounted(root: string): boolean {
    return this.#mounts.has(root);
  }

  find(path: string): Node | Errno {
    const found = this.#rootOf(path);
    if (found === undefined) return 'ENOENT';
    let node: Node = found.directory;
    for (const name of found.names) {
      if (node.kind !== 'directory') return node.kind === 'pin' ? 'ENOTDIR' : 'ENOENT';
      const next: Node | undefined = node.entries.get(name);
      if (next === undefined) return nameErrno(name) ?? 'ENOENT';
      node = next;
    }
    return node;
  }

  directory(path: string): Directory {
    const node = this.find(path);
    if (typeof node === 'string' || node.kind !== 'directory') throw new Error(`No directory at ${path}`);
    return node;
  }

  /** Makes an entry; nothing may hold the node before. */
  add(path: string, node: Node): Errno | undefined {
    const place = this.#placeOf(path);
    if (typeof place === 'string') return place;
    if (place.directory.entries.has(place.name)) return 'EEXIST';
    place.directory.entries.set(place.name, node);
    if (node.kind === 'pin') node.map.hold();
    this.#changed(path);
    return undefined;
  }

  setMode(path: string, mode: number): Errno | undefined {
    const node = this.find(path);
    if (typeof node === 'string') return node;
    if (node.kind !== 'link') node.mode = mode;
    return undefined;
  }

  unlink(path: string): Errno | undefined {
    const node = this.find(path);
    if (typeof node === 'string') return node;
    if (node.kind === 'directory') return 'EISDIR';
    this.#take(path);
    if (node.kind === 'pin') node.map.release();
    return undefined;
  }

  removeDirectory(path: string): Errno | undefined {
    const node = this.find(path);
    if (typeof node === 'string') return node;
    if (node.kind !== 'directory') return 'ENOTDIR';
    if (this.#mounts.has(path)) return 'EBUSY';
    if (node.entries.size > 0) return 'ENOTEMPTY';
    this.#take(path);
    return undefined;
  }

  /** In the order of do_renameat2: both parents, both names, then the node there. */
  rename(from: string, to: string): Errno | undefined {
    const places = [this.#parentOf(from), this.#parentOf(to)] as const;
    const unreachable = places.find(place => typeof place === 'string');
    if (unreachable !== undefined) return unreachable;
    if (this.#rootOf(from)?.root !== this.#rootOf(to)?.root) return 'EXDEV';
    const node = this.find(from);
    if (typeof node === 'string') return node;
    const place = this.#placeOf(to);
    if (typeof place === 'string') return place;
    if (to.startsWith(`${from}/`)) return 'EINVAL';
    if (from.startsWith(`${to}/`)) return 'ENOTEMPTY';
    const replaced = place.directory.entries.get(place.name);
    if (replaced === node) return undefined;
    const refused = replaced === undefined ? undefined : replaceErrno(node, replaced);
    if (refused !== undefined) return refused;
    this.#take(from);
    place.directory.entries.set(place.name, node);
    if (replaced?.kind === 'pin') replaced.map.release();
    this.#changed(to);
    return undefined;
  }

  /** Everything below the mounts: path and node, parents first, names in order. */
  *walk(): Generator<readonly [string, Node]> {
    for (const [root, directory] of this.#mounts) yield* walkBelow(root, directory);
  }

  #take(path: string): void {
    const place = this.#placeOf(path);
    if (typeof place === 'string') throw new Error(`${path} was there a moment ago`);
    place.directory.entries.delete(place.name);
    this.#changed(path);
  }

  #placeOf(path: string): Place | Errno {
    const place = this.#parentOf(path);
    return typeof place === 'string' ? place : (nameErrno(place.name) ?? place);
  }

  /** The directory of a name, valid or not. */
  #parentOf(path: string): Place | Errno {
    const found = this.#rootOf(path);
    if (found === undefined) return 'EPERM';
    const name = found.names.at(-1);
    if (name === undefined) return 'EEXIST';
    const directory = this.find([found.root, ...found.names.slice(0, -1)].join('/'));
    if (typeof directory === 'string') return directory;
    if (directory.kind !== 'directory') return directory.kind === 'pin' ? 'ENOTDIR' : 'ENOENT';
    return { directory, name };
  }

  #rootOf(path: string): { root: string; directory: Directory; names: readonly string[] } | undefined {
    const inside = [...this.#mounts].filter(([root]) => path === root || path.startsWith(`${root}/`));
    const longest = inside.sort(([a], [b]) => b.length - a.length)[0];
    if (longest === undefined) return undefined;
    const [root, directory] = longest;
    const names = path
      .slice(root.length)
      .split('/')
      .filter(name => name !== '');
    return { root, directory, names };
  }
}

function* walkBelow(path: string, directory: Directory): Generator<readonly [string, Node]> {
  for (const [name, node] of [...directory.entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield [`${path}/${name}`, node];
    if (node.kind === 'directory') yield* walkBelow(`${path}/${name}`, node);
  }
}

/** bpf_lookup refuses the dot before simple_lookup counts. */
function nameErrno(name: string): Errno | undefined {
  if (name.includes('.')) return 'EPERM';
  return new TextEncoder().encode(name).length > LONGEST_NAME ? 'ENAMETOOLONG' : undefined;
}

function replaceErrno(node: Node, replaced: Node): Errno | undefined {
  if (node.kind === 'directory') {
    if (replaced.kind !== 'directory') return 'ENOTDIR';
    return replaced.entries.size > 0 ? 'ENOTEMPTY' : undefined;
  }
  return replaced.kind === 'directory' ? 'EISDIR' : undefined;
}
