import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KernelState } from '../../api/status.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { KernelCounts } from '../counts.ts';
import { KernelError } from '../error.ts';
import type {
  BuildRequest,
  Edit,
  Failed,
  InnerAddress,
  InnerReading,
  Kernel,
  OpenMap,
  OuterEntries,
} from '../kernel.ts';
import type { Pins } from '../pins.ts';
import { BpfPins, requireBpffs } from './bpffs/pins.ts';
import { buildInners } from './build.ts';
import { editInner, identifyPins, readInners } from './contents.ts';
import { mayUseBpf, openFilesLimit } from './errno.ts';
import { FileTable } from './fd/table.ts';
import type { Library, LibraryCallCounts } from './library.ts';
import { bpfCounts, counted, openLibrary } from './library.ts';
import type { Host } from './maps.ts';
import { adoptFd, OwnedMap, openId, openPin } from './maps.ts';
import { Room } from './memory/room.ts';
import type { OuterBatches } from './outer.ts';
import { acceptsInner, createOuterMap, readOuter, removeKeys, replaceInners } from './outer.ts';
import { probeKernel } from './probe/probe.ts';
import { Templates } from './probe/template.ts';

export interface KernelOptions {
  /** Where the bpffs is mounted. */
  readonly bpffs: string;
  /** Another way to the kernel than the process's own: observed, in tests. */
  readonly library?: Library;
  /** The compiled native/template.bpf.c; found beside the program unless given. */
  readonly templateProgram?: string;
}

export interface RealKernel extends Kernel {
  /** How often each C function was called. */
  readonly calls: Readonly<LibraryCallCounts>;
  close(): void;
}

/** Room in the table of open files that is made while the kernel is probed: 128 KiB, enough for a wave of 16,000. */
const FILES_AT_START = 16_000;

/** Files that anything but inner maps may take: pins, sockets, the API server's connections. */
const MOST_RESERVED = 512;

/** The kernel of this machine. Throws with what to do where libbpf.so.1, the bpffs or CAP_BPF is missing. */
export function openKernel(options: KernelOptions): RealKernel {
  const root = resolve(options.bpffs);
  const { library, counts } = counted(options.library ?? openLibrary());
  requireBpffs(root);
  if (!mayUseBpf()) {
    throw new KernelError(
      'use bpf() with',
      root,
      'EPERM',
      'this process needs CAP_BPF: run it as root, or with that capability',
    );
  }
  return new LibbpfKernel(
    { library, possibleCpus: countPossibleCpus(), room: new Room() },
    {
      pins: new BpfPins(library, root),
      templates: new Templates(library, options.templateProgram),
      calls: counts,
    },
  );
}

interface Parts {
  readonly pins: Pins;
  readonly templates: Templates;
  readonly calls: LibraryCallCounts;
}

/** One function a method: what each does is in the file that is named after it. */
class LibbpfKernel implements RealKernel {
  readonly pins: Pins;
  readonly openMapsLimit: number;
  readonly possibleCpus: number;
  readonly calls: Readonly<LibraryCallCounts>;
  readonly #host: Host;
  readonly #templates: Templates;
  readonly #files: FileTable;
  #state: Promise<KernelState> | undefined;
  /** Until probed: a kernel without the batch tells so at once. */
  #batches: OuterBatches = { use: true };
  #isOpen = true;

  constructor(host: Host, { pins, templates, calls }: Parts) {
    const files = openFilesLimit();
    this.#host = host;
    this.#files = new FileTable(host.library);
    this.#templates = templates;
    this.pins = pins;
    this.calls = calls;
    this.possibleCpus = host.possibleCpus;
    this.openMapsLimit = Math.max(1, files - Math.min(MOST_RESERVED, Math.ceil(files / 4)));
  }

  counts(): KernelCounts {
    return bpfCounts(this.calls);
  }

  probe(): Promise<KernelState> {
    this.#state ??= this.#probe().catch((error: unknown) => {
      // Not remembered: memory or files may have been short
      this.#state = undefined;
      throw error;
    });
    return this.#state;
  }

  createOuter(outer: MapSpec, template: MapSpec, name: string): OpenMap {
    const fd = createOuterMap(this.#open(), { outer, template, name });
    return adoptFd(this.#host.library, fd, name);
  }

  async build(requests: readonly BuildRequest[]): Promise<readonly (OpenMap | KernelError)[]> {
    const host = this.#open();
    await this.#files.reserve(Math.min(requests.length, this.openMapsLimit));
    return buildInners(host, requests);
  }

  open(pin: string): OpenMap {
    return openPin(this.#open().library, pin);
  }

  openById(id: number): OpenMap {
    return openId(this.#open().library, id);
  }

  template(outer: OpenMap): MapSpec | undefined {
    this.#open();
    return this.#templates.of(outer.id);
  }

  accepts(outer: OpenMap, inner: MapSpec): boolean | undefined {
    return acceptsInner(this.#open(), ours(outer), inner);
  }

  async readOuter(outer: OpenMap): Promise<OuterEntries> {
    return readOuter(this.#open(), ours(outer));
  }

  async replace(outer: OpenMap, keys: Uint8Array, inners: readonly OpenMap[]): Promise<Failed> {
    return replaceInners(this.#open(), ours(outer), { keys, inners, batches: this.#batches });
  }

  async remove(outer: OpenMap, keys: Uint8Array): Promise<Failed> {
    return removeKeys(this.#open(), ours(outer), { keys, batches: this.#batches });
  }

  async identify(pins: readonly string[]): Promise<readonly (number | KernelError)[]> {
    return identifyPins(this.#open(), pins);
  }

  async readInner(addresses: readonly InnerAddress[]): Promise<readonly (InnerReading | KernelError)[]> {
    return readInners(this.#open(), addresses);
  }

  async edit(inner: OpenMap, edit: Edit): Promise<Failed> {
    return editInner(this.#open(), ours(inner), edit);
  }

  close(): void {
    this.#isOpen = false;
  }

  async #probe(): Promise<KernelState> {
    const [state] = await Promise.all([
      probeKernel(this.#open(), this.#templates),
      this.#files.reserve(Math.min(this.openMapsLimit, FILES_AT_START)),
    ]);
    this.#batches = { use: state.outerBatch === 'once' };
    return state;
  }

  #open(): Host {
    if (!this.#isOpen) throw new KernelError('use', 'the kernel', 'EBADF', 'it was closed');
    return this.#host;
  }
}

function ours(map: OpenMap): OwnedMap {
  if (map instanceof OwnedMap) return map;
  throw new KernelError('use', map.name, 'EINVAL', 'it was not opened by this kernel');
}

/** `0-3,8-11`: a per-CPU value has a place for each, whether it is there or not. */
function countPossibleCpus(): number {
  const ranges = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim().split(',');
  return ranges.reduce((sum, range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}
