import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KernelState } from '../../api/status.ts';
import { KernelError } from '../error.ts';
import type { Kernel, OpenMap } from '../kernel.ts';
import { pinsOn, requireBpffs } from './bpffs/pins.ts';
import { editInner, readInners } from './contents.ts';
import { editPlace } from './entries/place.ts';
import { verifyInners } from './entries/verify.ts';
import { openFilesLimit } from './errno.ts';
import { identifyPins } from './fd/identify.ts';
import { adoptFd, openId, openPin } from './fd/open.ts';
import { fileTable } from './fd/table.ts';
import { mapTypes, typesOfUsers } from './fd/types.ts';
import type { Library, LibraryCallCounts } from './library.ts';
import { bpfCounts, counted, openLibrary } from './library.ts';
import type { Host } from './maps.ts';
import { labelOf, OwnedMap } from './maps.ts';
import { Room } from './memory/room.ts';
import { createOuterMap } from './outer/create.ts';
import { readOuter } from './outer/read.ts';
import { acceptsInner } from './outer/trial.ts';
import { OuterWays } from './outer/ways.ts';
import { removeKeys, replaceInners } from './outer/write.ts';
import { probeKernel } from './probe/probe.ts';
import { Templates } from './probe/template.ts';
import { mayUseBpf } from './rights.ts';
import { loadTypes } from './types.ts';
import { asExpected } from './walk/expected.ts';
import { buildInners } from './wave/build.ts';
import { settleAll } from './wave/settle.ts';

export interface KernelOptions {
  /** Where the bpffs is mounted. */
  readonly bpffs: string;
  /** The C functions; tests pass observed ones. */
  readonly library?: Library;
  /** The compiled native/template.bpf.c; found beside the program unless given. */
  readonly templateProgram?: string;
}

export interface RealKernel extends Kernel {
  /** How often each C function was called. */
  readonly calls: Readonly<LibraryCallCounts>;
  close(): void;
}

/** Files that the probe reserves room for in the table of open files: 128 KiB. */
const FILES_AT_START = 16_000;

/** Files for everything but inner maps: pins, sockets, the API server's connections. */
const MOST_RESERVED = 512;

/** The kernel of this machine. Where libinnermap.so, the bpffs or CAP_BPF is missing, the error says how to get it. */
export function openKernel(options: KernelOptions): RealKernel {
  const root = resolve(options.bpffs);
  const { library, counts } = counted(options.library ?? openLibrary());
  requireBpffs(root);
  if (!mayUseBpf()) {
    const detail = 'this process needs CAP_BPF: run it as root, or with that capability';
    throw new KernelError('use bpf() with', root, 'EPERM', detail);
  }
  const host = { library, possibleCpus: countPossibleCpus(), room: new Room(), ways: new OuterWays() };
  const own = { pins: pinsOn(library, root), calls: counts };
  return kernelOn(host, new Templates(library, options.templateProgram), own);
}

/** Each method is one function of another file. */
function kernelOn(host: Host, templates: Templates, own: Pick<RealKernel, 'pins' | 'calls'>): RealKernel {
  const { library, possibleCpus } = host;
  const limit = openFilesLimit();
  const openMapsLimit = Math.max(1, limit - Math.min(MOST_RESERVED, Math.ceil(limit / 4)));
  const reserve = fileTable(library);
  let isOpen = true;
  const opened = (): Host => {
    if (isOpen) return host;
    throw new KernelError('use', 'the kernel', 'EBADF', 'it was closed');
  };
  const probe = async (): Promise<KernelState> => {
    const reserved = reserve(Math.min(openMapsLimit, FILES_AT_START));
    const [found] = await Promise.all([probeKernel(opened(), templates), reserved]);
    return found;
  };
  return {
    ...{ ...own, possibleCpus, openMapsLimit },
    counts: bpfCounts(library),
    probe: once(probe),
    loadTypes: (types, label) => loadTypes(opened().library, types, label),
    createOuter: (outer, template, name) =>
      adoptFd(library, createOuterMap(opened(), { outer, template, name }), name),
    build: async requests => {
      opened();
      return buildInners(host, requests, maps => reserve(Math.min(maps, openMapsLimit)));
    },
    open: pin => openPin(opened().library, pin),
    openById: id => openId(opened().library, id),
    template: outer => opened() && templates.of(outer.id, labelOf(outer)),
    typesOf: id => mapTypes(opened().library, id),
    typesOfUsers: map => typesOfUsers(opened().library, map.id),
    accepts: async (outer, inner) => acceptsInner(opened(), ours(outer), inner),
    readOuter: async (outer, places) => readOuter(opened(), ours(outer), places),
    replace: async (outer, keys, inners) => replaceInners(opened(), ours(outer), { keys, inners }),
    settle: async (directory, settlings, closing = []) =>
      settleAll(opened(), { directory, settlings, closing: closing.map(ours) }),
    remove: async (outer, keys, pins) => removeKeys(opened(), ours(outer), { keys, pins }),
    identify: async pins => identifyPins(opened().library, pins),
    readInner: async addresses => readInners(opened(), addresses),
    asExpected: async (outer, expected) => asExpected(opened(), ours(outer), expected),
    verify: async (expected, mask) => verifyInners(opened(), expected, mask),
    editAt: async (place, edit) => editPlace(opened(), { ...place, outer: ours(place.outer) }, edit),
    edit: async (inner, edit) => editInner(opened(), ours(inner), edit),
    close: () => {
      isOpen = false;
    },
  };
}

/** Remembers the result, but no failure: memory or files may have been short. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work().catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}

function ours(map: OpenMap): OwnedMap {
  if (map instanceof OwnedMap) return map;
  throw new KernelError('use', map.name, 'EINVAL', 'it was not opened by this kernel');
}

/** `0-3,8-11`: a per-CPU value has a place for each, also for absent ones. */
function countPossibleCpus(): number {
  const ranges = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim().split(',');
  return ranges.reduce((sum, range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}
