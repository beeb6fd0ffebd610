import type { Errno } from '../../../error.ts';
import { KernelError } from '../../../error.ts';
import type { OpenMap } from '../../../kernel.ts';
import { type Lock, type PinKind, type Pins, PRIVATE_MODE, RECORD_BESIDE } from '../../../pins.ts';
import type { FakeOperation } from '../faults.ts';
import { wordsOf } from '../faults.ts';
import type { FakeMachine } from '../machine.ts';
import type { FakeProcess } from '../process.ts';
import { FakeOpenMap } from '../process.ts';
import { type Directory, emptyDirectory, type Node } from './tree.ts';

/** The limit that Pins promises; a symlink's target could have 95 bytes more. */
const LONGEST_RECORD = 4000;

/** The mode that the kernel gives a new pin. */
export const FIRST_MODE = 0o600;

export class FakePins implements Pins {
  readonly root: string;
  readonly #machine: FakeMachine;
  readonly #process: FakeProcess;

  constructor(machine: FakeMachine, process: FakeProcess, root: string) {
    this.root = root;
    this.#machine = machine;
    this.#process = process;
  }

  requireMounted(): void {
    refuse('mounted', this.root, this.#machine.look(this.#process, 'mounted', this.root));
    if (!this.#machine.tree.isMounted(this.root)) throw failure('mounted', this.root, 'EINVAL');
  }

  list(directory: string): readonly string[] {
    return [...this.kinds(directory).keys()];
  }

  kinds(directory: string): ReadonlyMap<string, PinKind> {
    refuse('list', directory, this.#machine.look(this.#process, 'list', directory));
    const node = this.#machine.tree.find(directory);
    if (node === 'ENOENT' || node === 'ENOTDIR') return new Map();
    if (typeof node === 'string') throw failure('list', directory, node);
    return node.kind === 'directory'
      ? new Map([...node.entries].reverse().map(([name, { kind }]) => [name, kind]))
      : new Map();
  }

  async listing(directory: string): Promise<Uint8Array> {
    return Buffer.from([...this.kinds(directory)].map(([name, kind]) => `${kind[0]}${name}\0`).join(''));
  }

  exists(path: string): boolean {
    return this.#look(path) !== undefined;
  }

  isDirectory(path: string): boolean {
    return this.#look(path)?.kind === 'directory';
  }

  makeDirectory(path: string, mode = 0o755): void {
    this.#process.assertRunning();
    const found = this.#machine.tree.find(path);
    if (typeof found !== 'string') {
      if (found.kind !== 'directory') throw failure('makeDirectory', path, 'EEXIST');
      return;
    }
    this.requireMounted();
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (found === 'ENOENT' && parent.length > this.root.length) this.makeDirectory(parent, mode);
    this.#mutate('makeDirectory', path, () =>
      this.#machine.tree.add(path, emptyDirectory(this.#process.uid, mode)),
    );
  }

  removeDirectory(path: string): void {
    this.#process.assertRunning();
    if (this.#machine.tree.find(path) === 'ENOENT') return;
    this.#mutate('removeDirectory', path, () => this.#machine.tree.removeDirectory(path));
  }

  /** The mode is a step of its own: a crash between the two leaves a pin that only its owner may open. */
  pin(map: OpenMap, path: string, mode: number): void {
    this.#process.assertRunning();
    refuse('pin', path, pinMap({ machine: this.#machine, process: this.#process }, map, path));
    if (mode === FIRST_MODE) return;
    const subject = path;
    const errno = this.#machine.mutate(this.#process, { operation: 'chmod', subject }, () =>
      this.#machine.tree.setMode(path, mode),
    );
    if (errno !== undefined) this.unlink(path);
    refuse('chmod', path, errno);
  }

  rename(from: string, to: string): void {
    this.#mutate('rename', `${from} to ${to}`, () => this.#machine.tree.rename(from, to));
  }

  unlink(path: string): void {
    this.#process.assertRunning();
    const node = this.#machine.tree.find(path);
    if (node === 'ENOENT' || node === 'ENOTDIR') return;
    this.#mutate('unlink', path, () => this.#machine.tree.unlink(path));
  }

  /** Writes beside it, then renames over it: a crash between the two leaves the name beside. */
  writeRecord(path: string, text: string): void {
    this.requireMounted();
    const { length } = new TextEncoder().encode(text);
    if (length > LONGEST_RECORD) throw failure('writeRecord', path, 'ENAMETOOLONG');
    if (length === 0 || text.includes('\0')) throw failure('writeRecord', path, 'EINVAL');
    const beside = `${path}${RECORD_BESIDE}`;
    this.unlink(beside);
    this.#mutate('writeRecord', beside, () => this.#machine.tree.add(beside, { kind: 'link', target: text }));
    try {
      this.rename(beside, path);
    } catch (error) {
      if (!this.#process.ended) this.unlink(beside);
      throw error;
    }
  }

  readRecord(path: string): string | undefined {
    refuse('readRecord', path, this.#machine.look(this.#process, 'readRecord', path));
    const node = this.#machine.tree.find(path);
    if (node === 'ENOENT' || node === 'ENOTDIR') return undefined;
    if (typeof node === 'string') throw failure('readRecord', path, node);
    if (node.kind !== 'link') throw failure('readRecord', path, 'EINVAL');
    return node.target;
  }

  lock(directory: string): Lock | { readonly heldBy: string } {
    refuse('lock', directory, this.#machine.look(this.#process, 'lock', directory));
    const { tree, locks } = this.#machine;
    const node: Node | Errno = tree.find(directory);
    if (typeof node === 'string') throw failure('lock', directory, node);
    if (node.kind !== 'directory') throw failure('lock', directory, 'ENOTDIR');
    this.#makePrivate(directory, node);
    const heldBy = this.holder(directory);
    if (heldBy !== undefined) return { heldBy };
    locks.set(node, this.#process);
    const isThere = () => tree.find(directory) === node;
    return this.#process.lock({ release: () => locks.delete(node), isThere });
  }

  /** `pid 1001, innermap agent` */
  holder(directory: string): string | undefined {
    this.#process.assertRunning();
    const node = this.#machine.tree.find(directory);
    const holder = typeof node !== 'string' && node.kind === 'directory' && this.#machine.locks.get(node);
    return holder ? `pid ${holder.pid}, innermap agent` : undefined;
  }

  #makePrivate(path: string, directory: Directory): void {
    const isWritable = (directory.mode & 0o022) !== 0;
    if (directory.owner !== this.#process.uid || isWritable) throw failure('lock', path, 'EPERM');
    if ((directory.mode & 0o077) === 0) return;
    this.#mutate('chmod', path, () => this.#machine.tree.setMode(path, PRIVATE_MODE));
  }

  watch(directories: readonly string[], changed: () => void): () => void {
    this.#process.assertRunning();
    return this.#process.hold(this.#machine.watches.add(directories, changed));
  }

  #look(path: string): Node | undefined {
    refuse('exists', path, this.#machine.look(this.#process, 'exists', path));
    const node = this.#machine.tree.find(path);
    if (node === 'ENOENT' || node === 'ENOTDIR') return undefined;
    if (typeof node === 'string') throw failure('exists', path, node);
    return node;
  }

  #mutate(operation: FakeOperation, subject: string, apply: () => Errno | undefined): void {
    refuse(operation, subject, this.#machine.mutate(this.#process, { operation, subject }, apply));
  }
}

/** BPF_OBJ_PIN: the same for pins.pin and for a build's last step. */
export function pinMap(
  by: { readonly machine: FakeMachine; readonly process: FakeProcess },
  map: OpenMap,
  path: string,
): Errno | undefined {
  const { map: pinned } = ours(map);
  const node: Node = { kind: 'pin', map: pinned, owner: by.process.uid, mode: FIRST_MODE };
  return by.machine.mutate(by.process, { operation: 'pin', subject: path }, () =>
    by.process.capabilities.bpf ? by.machine.tree.add(path, node) : 'EPERM',
  );
}

/** The fake's own handle: one of another kernel is a mistake of the test. */
export function ours(map: OpenMap): FakeOpenMap {
  if (!(map instanceof FakeOpenMap)) throw new Error(`Cannot use map ${map.name}: no fake kernel opened it`);
  return map;
}

export function failure(operation: FakeOperation, subject: string, errno: Errno): KernelError {
  return new KernelError(wordsOf(operation), subject, errno);
}

function refuse(operation: FakeOperation, subject: string, errno: Errno | undefined): void {
  if (errno !== undefined) throw failure(operation, subject, errno);
}
