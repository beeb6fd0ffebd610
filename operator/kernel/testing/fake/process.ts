import { MAP_FLAGS } from '../../../api/outermap.ts';
import type { MapTypes } from '../../../core/btf/maptypes.ts';
import type { KernelCounts } from '../../counts.ts';
import { noCounts } from '../../counts.ts';
import type { Errno } from '../../error.ts';
import { KernelError } from '../../error.ts';
import type { OpenMap, OpenTypes } from '../../kernel.ts';
import type { Lock } from '../../pins.ts';
import { bpfCallOf, Crash, type FakeOperation } from './faults.ts';
import type { FakeMap } from './map.ts';

/** The rights of a fake process; it has all by default. */
export interface FakeCapabilities {
  readonly bpf: boolean;
  readonly sysAdmin: boolean;
  readonly perfmon: boolean;
  readonly dacOverride: boolean;
}

export interface FakeProcessOptions {
  readonly pid: number;
  readonly uid: number;
  readonly capabilities: FakeCapabilities;
  readonly openMapsLimit: number;
}

/** Fds beyond openMapsLimit that RLIMIT_NOFILE still has room for: outer maps, readings. */
const RESERVED_FDS = 64;

/** The part of a process that the kernel knows: its fds, its locks, its rights. */
export class FakeProcess {
  readonly pid: number;
  readonly uid: number;
  readonly capabilities: FakeCapabilities;
  readonly openMapsLimit: number;
  readonly #fds = new Map<number, FakeMap>();
  readonly #types = new Set<OpenTypes>();
  readonly #freeFds: number[] = [];
  readonly #atEnd = new Set<() => void>();
  readonly #counts = noCounts();
  #ended: Crash | undefined;

  constructor(options: FakeProcessOptions) {
    this.pid = options.pid;
    this.uid = options.uid;
    this.capabilities = options.capabilities;
    this.openMapsLimit = options.openMapsLimit;
  }

  get openFds(): number {
    return this.#fds.size + this.#types.size;
  }

  get counts(): KernelCounts {
    return this.#counts;
  }

  count(operation: FakeOperation): void {
    const call = bpfCallOf(operation);
    if (call !== undefined) this.#counts[call] += 1;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Throws where the process has ended. */
  assertRunning(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** From now on the process does nothing; its fds stay until `end`. */
  stop(crash: Crash): void {
    this.#ended ??= crash;
  }

  /** The kernel closes the fds, locks and watches of the process. */
  end(): void {
    this.stop(new Crash('its end'));
    for (const release of this.#atEnd) release();
    this.#atEnd.clear();
    for (const map of this.#fds.values()) map.release();
    this.#fds.clear();
  }

  /** Does `release` at the end of the process, or when the returned function is called. */
  hold(release: () => void): () => void {
    const once = () => {
      if (this.#atEnd.delete(once)) release();
    };
    this.#atEnd.add(once);
    return once;
  }

  lock({ release, isThere }: { release: () => void; isThere: () => boolean }): Lock {
    let isHeld = true;
    const unlock = this.hold(() => {
      isHeld = false;
      release();
    });
    return {
      holds: () => isHeld && isThere(),
      release: () => {
        if (!this.ended) unlock();
      },
    };
  }

  /** `flags`: of the creation, whose fd alone BPF_F_RDONLY and BPF_F_WRONLY restrict. */
  openMap(map: FakeMap, flags = 0): FakeOpenMap | Errno {
    if (this.#fds.size >= this.openMapsLimit + RESERVED_FDS) return 'EMFILE';
    const fd = this.#freeFds.pop() ?? this.#fds.size + 3;
    this.#fds.set(fd, map.hold());
    return new FakeOpenMap(this, { fd, map, flags });
  }

  openTypes(of: MapTypes): OpenTypes {
    const types: OpenTypes = { of, close: () => this.#types.delete(types) };
    this.#types.add(types);
    return types;
  }

  /** Throws where they were closed. */
  typesOf(types: OpenTypes): MapTypes {
    if (this.#types.has(types)) return types.of;
    throw new KernelError('use', 'types', 'EBADF', 'they were closed');
  }

  closeFd(fd: number): void {
    const map = this.#fds.get(fd);
    if (map === undefined) return;
    this.#fds.delete(fd);
    this.#freeFds.push(fd);
    map.release();
  }
}

export class FakeOpenMap implements OpenMap {
  readonly process: FakeProcess;
  readonly id: number;
  readonly name: string;
  readonly spec: FakeMap['spec'];
  readonly #fd: number;
  readonly #map: FakeMap;
  readonly #flags: number;
  #closed = false;

  constructor(process: FakeProcess, opened: { fd: number; map: FakeMap; flags: number }) {
    this.process = process;
    this.id = opened.map.id;
    this.name = opened.map.name;
    this.spec = opened.map.spec;
    this.#fd = opened.fd;
    this.#map = opened.map;
    this.#flags = opened.flags;
  }

  get fd(): number {
    this.#assertOpen();
    return this.#fd;
  }

  /** The map behind the fd; throws after close. */
  get map(): FakeMap {
    this.#assertOpen();
    return this.#map;
  }

  get writable(): boolean {
    return !this.map.frozen && (this.#flags & MAP_FLAGS.ReadOnly) === 0;
  }

  get readable(): boolean {
    return (this.#flags & MAP_FLAGS.WriteOnly) === 0;
  }

  frozen(): boolean {
    this.process.assertRunning();
    return this.map.frozen;
  }

  close(): void {
    if (this.#closed || this.process.ended) return;
    this.#closed = true;
    this.process.closeFd(this.#fd);
  }

  #assertOpen(): void {
    if (this.#closed) throw new KernelError('use', this.name, 'EBADF', 'it was closed');
  }
}
