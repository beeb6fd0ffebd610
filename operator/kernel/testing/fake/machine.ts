import type { KernelState } from '../../../api/status.ts';
import { mapTypes, type TypedBtf } from '../../../core/btf/maptypes.ts';
import { hex } from '../../../core/bytes/hex.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { WORD_TYPES } from '../../../core/types/parser/words.ts';
import type { Errno } from '../../error.ts';
import type { Outside } from '../contract/fixture.ts';
import type { Directory } from './bpffs/tree.ts';
import { Tree } from './bpffs/tree.ts';
import { Watches } from './bpffs/watches.ts';
import type { FakeOperation } from './faults.ts';
import { Crash, Faults, wordsOf } from './faults.ts';
import { FakeKernel } from './kernel.ts';
import { FakeMap, type MadeMap } from './map.ts';
import type { FakeCapabilities } from './process.ts';
import { FakeProcess } from './process.ts';
import { bytesOfText } from './table.ts';

export interface FakeKernelOptions {
  readonly root?: string;
  readonly capabilities?: Partial<FakeCapabilities>;
  readonly openMapsLimit?: number;
  readonly possibleCpus?: number;
  readonly uid?: number;
}

/** A live map, as bpftool would show it. */
export interface LiveMap {
  readonly id: number;
  readonly name: string;
  readonly spec: MapSpec;
  readonly frozen: boolean;
}

/**
 * A machine in memory, whose kernel has the real one's rules and errnos: ids, references, bpffs, locks.
 * Every kernel opened on it is a process of its own, so that tests can restart an agent, and add a second one or a stranger.
 */
export class FakeMachine {
  /** Mutations tried so far, by all processes. A restart with nothing to do adds none. */
  mutations = 0;
  /** Directory → the holder of its flock. */
  readonly locks = new Map<Directory, FakeProcess>();
  readonly watches = new Watches();
  readonly tree = new Tree(path => this.watches.report(path));
  /** The types that maps were made with, and the BTF of the programs that use them, by the map's id. */
  readonly types = new Map<number, TypedBtf>();
  readonly users = new Map<number, readonly Uint8Array[]>();
  readonly state: KernelState | undefined;
  readonly #maps = new Map<number, FakeMap>();
  readonly #faults = new Faults();
  #hook: ((description: string) => void) | undefined;
  #lastId = 0;
  #lastPid = 1000;

  /** `state`: the answer of probe, by default the features of Linux 6.18. */
  constructor(options: { readonly state?: KernelState } = {}) {
    this.state = options.state;
  }

  /** Another process on this machine; its bpffs is mounted where it is not yet. */
  openKernel(options: FakeKernelOptions = {}): FakeKernel {
    const { root = '/sys/fs/bpf', possibleCpus = 2 } = options;
    this.#lastPid += 1;
    const process = new FakeProcess({
      pid: this.#lastPid,
      uid: options.uid ?? 0,
      capabilities: { bpf: true, sysAdmin: true, perfmon: true, dacOverride: true, ...options.capabilities },
      openMapsLimit: options.openMapsLimit ?? 1000,
    });
    this.tree.mount(root);
    return new FakeKernel({ machine: this, process, root, possibleCpus });
  }

  /** kill -9: the process does nothing more, and its fds, locks and watches are gone. */
  kill(kernel: FakeKernel): void {
    kernel.process.end();
  }

  /** The next `times` operations whose subject contains `where` fail with this errno. */
  failNext(operation: FakeOperation, errno: Errno, times = 1, where = ''): void {
    this.#faults.order({ operation, errno, times, where });
  }

  /** The mutation after the next `n` ones fails with this errno. Undefined ends the order. */
  failMutation(n: number | undefined, errno: Errno = 'ENOMEM'): void {
    this.#faults.orderMutation(n === undefined ? undefined : { left: n, errno });
  }

  /** Called before each mutation; an error that it throws stops the mutation, and a Crash its process. Undefined removes it. */
  onMutation(hook: ((description: string) => void) | undefined): void {
    this.#hook = hook;
  }

  liveMaps(): readonly LiveMap[] {
    return [...this.#maps.values()].map(({ id, name, spec, frozen }) => ({ id, name, spec, frozen }));
  }

  /** The contents that programs see through a pinned outer map: outer key → inner key → value, all in hex. */
  dump(pin: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
    const node = this.tree.find(pin);
    if (typeof node === 'string' || node.kind !== 'pin') throw new Error(`No pin at ${pin}`);
    const inners = node.map.outer?.inners() ?? [];
    const sorted = inners.map(([place, inner]): [string, FakeMap] => [hex(bytesOfText(place)), inner]).sort();
    return Object.fromEntries(sorted.map(([key, inner]) => [key, contentsOf(inner)]));
  }

  /** The whole bpffs: path → `directory`, `map <id>` or `record <text>`. */
  files(): Readonly<Record<string, string>> {
    const files = [...this.tree.walk()].map(([path, node]) => {
      if (node.kind === 'pin') return [path, `map ${node.map.id}`];
      return [path, node.kind === 'link' ? `record ${node.target}` : 'directory'];
    });
    return Object.fromEntries(files);
  }

  /** What somebody else does to the bpffs at a root. */
  outside(root: string): Outside {
    const { tree } = this;
    return {
      chmod: (path, mode) => void tree.setMode(path, mode),
      chown: (path, uid) => {
        tree.directory(path).owner = uid;
      },
      modeOf: path => tree.directory(path).mode,
      unmount: () => tree.unmount(root),
      mount: () => tree.mount(root),
    };
  }

  openFds(kernel: FakeKernel): number {
    return kernel.process.openFds;
  }

  /** The services of the machine to the parts of a fake kernel. */
  map(id: number): FakeMap | undefined {
    return this.#maps.get(id);
  }

  make(made: Omit<MadeMap, 'id'>): FakeMap {
    this.#lastId += 1;
    const map = new FakeMap({ id: this.#lastId, ...made }, ({ id }) => this.#maps.delete(id));
    this.#maps.set(map.id, map);
    if (made.spec.type.endsWith('Storage')) this.types.set(map.id, storageTypes(made.spec));
    return map;
  }

  /** A reading: fails where a test ordered it. */
  look(process: FakeProcess, operation: FakeOperation, subject: string): Errno | undefined {
    process.assertRunning();
    process.count(operation);
    return this.#faults.take(operation, subject);
  }

  /** A mutation: announced, counted, failed where a test ordered it, else done. */
  mutate(by: FakeProcess, what: FakeMutation, apply: () => Errno | undefined): Errno | undefined {
    by.assertRunning();
    this.mutations += 1;
    by.count(what.operation);
    try {
      this.#hook?.(`${wordsOf(what.operation)} ${what.subject}`);
    } catch (error) {
      if (error instanceof Crash) by.stop(error);
      throw error;
    }
    return this.#faults.takeMutation(what.operation, what.subject) ?? apply();
  }
}

/** The kernel makes none without. */
function storageTypes({ valueSize }: MapSpec): TypedBtf {
  const value = { kind: 'bytes', size: valueSize, alignment: 1 } as const;
  return mapTypes({ type: 'Hash', key: WORD_TYPES.get('int32_t')!, value }).current;
}

export interface FakeMutation {
  readonly operation: FakeOperation;
  readonly subject: string;
}

function contentsOf(map: FakeMap): Record<string, string> {
  const { count, keys, values } = map.table.entries();
  const { keySize } = map.spec;
  const pairs = Array.from({ length: count }, (_, index): [string, string] => [
    hex(keys, index * keySize, (index + 1) * keySize),
    hex(values, index * map.stride, (index + 1) * map.stride),
  ]);
  return Object.fromEntries(pairs.sort());
}
