import type { Errno } from '../../error.ts';
import { KernelError } from '../../error.ts';
import type { OpenMap } from '../../kernel.ts';
import type { Lock, Pins } from '../../pins.ts';
import type { FakeOperation } from '../faults.ts';
import { wordsOf } from '../faults.ts';
import type { FakeMachine } from '../machine.ts';
import type { FakeProcess } from '../process.ts';
import { FakeOpenMap } from '../process.ts';
import type { Node } from './tree.ts';

/** A symlink's target, PATH_MAX less its end. */
const LONGEST_TARGET = 4095;

/** What the kernel gives a pin before anybody changes it. */
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

  list(directory: string): readonly string[] {
    refuse('list', directory, this.#machine.look(this.#process, 'list', directory));
    const node = this.#machine.tree.find(directory);
    if (node === 'ENOENT') return [];
    if (typeof node === 'string') throw failure('list', directory, node);
    if (node.kind !== 'directory') throw failure('list', directory, 'ENOTDIR');
    return [...node.entries.keys()].reverse();
  }

  exists(path: string): boolean {
    this.#process.assertRunning();
    return typeof this.#machine.tree.find(path) !== 'string';
  }

  makeDirectory(path: string): void {
    this.#process.assertRunning();
    const found = this.#machine.tree.find(path);
    if (typeof found !== 'string') {
      if (found.kind !== 'directory') throw failure('makeDirectory', path, 'EEXIST');
      return;
    }
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent.length > this.root.length) this.makeDirectory(parent);
    this.#mutate('makeDirectory', path, () =>
      this.#machine.tree.add(path, { kind: 'directory', entries: new Map() }),
    );
  }

  removeDirectory(path: string): void {
    this.#mutate('removeDirectory', path, () => this.#machine.tree.removeDirectory(path));
  }

  pin(map: OpenMap, path: string, mode: number): void {
    this.#process.assertRunning();
    refuse('pin', path, pinMap({ machine: this.#machine, process: this.#process }, map, path));
    if (mode === FIRST_MODE) return;
    this.#mutate('chmod', path, () => {
      const node = this.#machine.tree.find(path);
      if (typeof node === 'string') return node;
      if (node.kind === 'pin') node.mode = mode;
      return undefined;
    });
  }

  rename(from: string, to: string): void {
    this.#mutate('rename', `${from} to ${to}`, () => this.#machine.tree.rename(from, to));
  }

  unlink(path: string): void {
    this.#process.assertRunning();
    if (this.#machine.tree.find(path) === 'ENOENT') return;
    this.#mutate('unlink', path, () => this.#machine.tree.unlink(path));
  }

  /** Beside it first, then over it: a crash between the two leaves what is beside. */
  writeRecord(path: string, text: string): void {
    this.#process.assertRunning();
    const beside = `${path}-new`;
    const { length } = new TextEncoder().encode(text);
    if (length === 0) throw failure('writeRecord', path, 'ENOENT');
    if (length > LONGEST_TARGET) throw failure('writeRecord', path, 'ENAMETOOLONG');
    this.unlink(beside);
    this.#mutate('writeRecord', beside, () => this.#machine.tree.add(beside, { kind: 'link', target: text }));
    this.rename(beside, path);
  }

  readRecord(path: string): string | undefined {
    refuse('readRecord', path, this.#machine.look(this.#process, 'readRecord', path));
    const node = this.#machine.tree.find(path);
    if (node === 'ENOENT') return undefined;
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
    const holder = locks.get(node);
    if (holder !== undefined) return { heldBy: `pid ${holder.pid}, innermap agent` };
    locks.set(node, this.#process);
    return this.#process.lock(() => locks.delete(node));
  }

  watch(directories: readonly string[], changed: () => void): () => void {
    this.#process.assertRunning();
    return this.#process.hold(this.#machine.watches.add(directories, changed));
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
