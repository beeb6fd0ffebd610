import { join } from 'node:path';
import koffi from 'koffi';
import type { BpfCall, KernelCounts } from '../counts.ts';
import { BPF_CALLS } from '../counts.ts';
import { KernelError } from '../error.ts';
import { besideProgram } from './library/beside.ts';
import type { CSymbol, SymbolName } from './library/symbols.ts';
import { INNERMAP, LIBBPF, LIBC, SYMBOL_NAMES, SYMBOLS } from './library/symbols.ts';

const INNERMAP_FILE = join('native', 'build', 'libinnermap.so');
const INNERMAP_ADVICE =
  'it is built where a C compiler is: install one (apt-get install gcc libc6-dev make) and run npm run build';

/** An int of C: below 0 it is -errno. */
type Answer = number;
/** An address that C returns and takes back; null where there is none. */
export type Address = bigint | null;
export type Bytes = Uint8Array | Uint32Array | Int32Array | BigUint64Array | null;

/** A function that is called at once, or off the event loop: `later` keeps its arguments alive until it answers. */
export interface Call<Arguments extends readonly unknown[]> {
  (...args: Arguments): Answer;
  later(...args: Arguments): Promise<Answer>;
}

/** The C functions of symbols.ts as plain functions: every call of the kernel goes through them. */
export interface Library {
  readonly mapCreate: Call<
    [type: number, name: string, keySize: number, valueSize: number, maxEntries: number, options: Bytes]
  >;
  readonly buildMaps: Call<
    [requests: Bytes, answers: Bytes, keys: Bytes, values: Bytes, strings: Bytes, sizes: Bytes]
  >;
  readonly settlePins: Call<[settlings: Bytes, settled: Bytes, fds: Bytes, paths: Bytes, sizes: Bytes]>;
  readonly mapUpdate: Call<[fd: number, key: Bytes, value: Bytes, flags: number]>;
  readonly mapLookup: Call<[fd: number, key: Bytes, value: Bytes]>;
  readonly mapDelete: Call<[fd: number, key: Bytes]>;
  readonly mapNextKey: (fd: number, key: Bytes, next: Bytes) => Answer;
  readonly mapUpdateBatch: Call<[fd: number, keys: Bytes, values: Bytes, count: Bytes]>;
  readonly mapLookupBatch: Call<
    [fd: number, from: Bytes, next: Bytes, keys: Bytes, values: Bytes, count: Bytes]
  >;
  readonly mapDeleteBatch: Call<[fd: number, keys: Bytes, count: Bytes]>;
  readonly mapUpdateEach: Call<
    [fd: number, keys: Bytes, keySize: number, fds: Bytes, answers: Bytes, count: number]
  >;
  readonly mapLookupEach: Call<
    [fd: number, keys: Bytes, keySize: number, ids: Bytes, answers: Bytes, count: number]
  >;
  readonly mapDeleteEach: Call<
    [fd: number, keys: Bytes, keySize: number, answers: Bytes, count: number, names: Bytes, size: number]
  >;
  /** `shape`, `mask`, `found` and `answers`: innermap.h. Answers how many values were read and then written whole. */
  readonly mapEdit: Call<
    [fd: number, shape: Bytes, keys: Bytes, values: Bytes, mask: Bytes, found: Bytes, answers: Int32Array]
  >;
  readonly mapPlace: Call<[outer: number, ...buffers: Bytes[]]>;
  readonly mapIsFrozen: (fd: number) => Answer;
  readonly mapFreeze: (fd: number) => Answer;
  readonly mapFdById: (id: number) => Answer;
  readonly objectInfo: (fd: number, info: Bytes, length: Bytes) => Answer;
  readonly objectPin: (fd: number, path: string) => Answer;
  readonly list: Call<[path: string, bytes: Bytes, size: number, used: Uint32Array]>;
  readonly objectGet: (path: string, object: Bytes) => Answer;
  readonly identify: Call<[paths: Bytes, size: number, count: number, identities: Bytes]>;
  readonly verify: Call<
    [all: Bytes, each: Bytes, paths: Bytes, keys: Bytes, values: Bytes, mask: Bytes, same: Bytes]
  >;
  readonly btfById: (id: number, data: Bytes, size: Uint32Array) => Answer;
  readonly btfOfUsers: (map: number, ids: Uint32Array, room: number) => Answer;
  readonly btfLoad: (data: Bytes, size: number) => Answer;
  readonly digest: Call<[sizes: Bytes, mask: Bytes, counts: Bytes, entries: Bytes, digests: BigUint64Array]>;
  readonly compare: Call<
    [
      outer: number,
      sizes: Bytes,
      mask: Bytes,
      keys: Bytes,
      counts: Bytes,
      digests: BigUint64Array,
      same: Bytes,
    ]
  >;
  readonly copy: Call<
    [
      outer: number,
      sizes: Bytes,
      mask: Bytes | null,
      keys: Bytes,
      room: number,
      entries: Bytes,
      counts: Int32Array,
    ]
  >;
  /** Writes the calls of bpf() since the library was loaded, as u64, in the order of BPF_CALLS. */
  readonly counts: (counts: BigUint64Array) => void;
  readonly programFileOpen: (path: string, options: Bytes) => Address;
  readonly programFileLoad: (object: Address) => Answer;
  readonly programFileClose: (object: Address) => void;
  readonly programFind: (object: Address, name: string) => Address;
  readonly iteratorAttach: (program: Address, options: Bytes) => Address;
  readonly linkFd: (link: Address) => Answer;
  readonly linkDestroy: (link: Address) => Answer;
  readonly iteratorCreate: (linkFd: number) => Answer;
  readonly close: (fd: number) => Answer;
  /** F_DUPFD: the lowest free fd that is not below `least`. `later` answers -1 where it fails, without its errno. */
  readonly duplicate: Call<[fd: number, command: number, least: number]>;
  readonly control: (fd: number, command: number, argument: number) => Answer;
  readonly flock: (fd: number, operation: number) => Answer;
  readonly mkdir: (path: string, mode: number) => Answer;
  readonly rmdir: (path: string) => Answer;
  readonly rename: (from: string, to: string) => Answer;
  readonly unlink: (path: string) => Answer;
  readonly symlink: (target: string, path: string) => Answer;
  readonly chmod: (path: string, mode: number) => Answer;
}

/** How often each function was called. */
export type LibraryCallCounts = Record<SymbolName, number>;

type Plain = (...args: unknown[]) => unknown;
type Both = Plain & { readonly later: (...args: unknown[]) => Promise<unknown> };

/** Calls off the event loop at once: more wait here. libuv has four threads, and files and names need one, too. */
const MOST_IN_FLIGHT = 3;
/** koffi gives a call's place back after its callback, inside which the next call starts: it takes one more. */
const KOFFI_PLACES = MOST_IN_FLIGHT + 1;

let shared: Library | undefined;

/** libinnermap.so and libc, loaded on first use and once per process. libbpf.so.1 is loaded when one of its functions is called. */
export function openLibrary(): Library {
  shared ??= loadLibrary();
  return shared;
}

/** The same library; `onCall` runs before every call. */
export function observed(library: Library, onCall: (name: string, mutating: boolean) => void): Library {
  return wrapped(library, name => {
    const { mutates = false }: CSymbol = SYMBOLS[name];
    return () => onCall(name, mutates);
  });
}

/** The same library with every call counted. */
export function counted(library: Library): { readonly library: Library; readonly counts: LibraryCallCounts } {
  const counts = Object.fromEntries(SYMBOL_NAMES.map(name => [name, 0])) as LibraryCallCounts;
  const count = (name: SymbolName) => () => {
    counts[name] += 1;
  };
  return { library: wrapped(library, count), counts };
}

/** Calls of bpf() from now on, by its commands. */
export function bpfCounts({ counts }: Library): () => KernelCounts {
  const read = (): BigUint64Array => {
    const numbers = new BigUint64Array(BPF_CALLS.length);
    counts(numbers);
    return numbers;
  };
  const before = read();
  return () => {
    const now = read();
    const made = BPF_CALLS.map((call, at) => [call, Number(now[at]! - before[at]!)]);
    return Object.fromEntries(made) as Record<BpfCall, number>;
  };
}

function wrapped(library: Library, before: (name: SymbolName) => () => void): Library {
  const entries = SYMBOL_NAMES.map(name => {
    const call = library[name] as Both;
    const announce = before(name);
    const later = (...args: unknown[]): Promise<unknown> => {
      announce();
      return call.later(...args);
    };
    return [name, Object.assign(announcing(call, announce), { later })];
  });
  return Object.fromEntries(entries) as unknown as Library;
}

/**
 * Seven parameters, as no function takes more; koffi drops the surplus ones. A rest parameter would make an array for each
 * of a million calls.
 */
function announcing(call: Plain, announce: () => void): Plain {
  return (a, b, c, d, e, f, g) => {
    announce();
    return call(a, b, c, d, e, f, g);
  };
}

function loadLibrary(): Library {
  // Each call in flight beyond the resident pools maps a stack and a heap of its own: 31 µs instead of 8
  koffi.config({ resident_async_pools: KOFFI_PLACES, max_async_calls: KOFFI_PLACES });
  const innermap = loaded(besideProgram(INNERMAP_FILE) ?? INNERMAP_FILE, INNERMAP_ADVICE);
  // As the process itself finds its functions: what was preloaded comes before libc
  const libc = koffi.load(null);
  const ofInnermap = bound(INNERMAP, prototype => {
    const call = functionOf(innermap, prototype);
    return Object.assign(call, { later: offLoop(call) });
  });
  const ofLibc = bound(LIBC, prototype => {
    const call = libc.func(prototype);
    return Object.assign(withErrno(call), { later: offLoop(call) });
  });
  return { ...ofInnermap, ...ofLibc, ...bound(LIBBPF, onDemand()) } as unknown as Library;
}

/** Where it has no such function it was built for another version of this program. */
function functionOf(innermap: ReturnType<typeof koffi.load>, prototype: string): Asynchronous & Plain {
  try {
    return innermap.func(prototype);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const detail = `it is of another version, run npm run build: ${reason}`;
    throw new KernelError('load', INNERMAP_FILE, 'EINVAL', detail);
  }
}

function bound(
  symbols: Readonly<Record<string, CSymbol>>,
  bind: (prototype: string) => Plain,
): Record<string, Plain> {
  return Object.fromEntries(Object.entries(symbols).map(([name, { prototype }]) => [name, bind(prototype)]));
}

/** Functions of libbpf: it is loaded by the first call of one. Where it is missing that throws a KernelError. */
function onDemand(): (prototype: string) => Plain {
  let libbpf: ReturnType<typeof koffi.load> | undefined;
  const load = (): ReturnType<typeof koffi.load> => {
    if (libbpf !== undefined) return libbpf;
    libbpf = loaded('libbpf.so.1', 'install libbpf1 (apt-get install libbpf1) or libbpf 1.x of your system');
    // By default it prints its warnings to stderr
    libbpf.func('void *libbpf_set_print(void *print)')(null);
    return libbpf;
  };
  return prototype => {
    let call: Plain | undefined;
    return (...args) => {
      call ??= load().func(prototype);
      return call(...args);
    };
  };
}

function loaded(file: string, advice: string): ReturnType<typeof koffi.load> {
  try {
    return koffi.load(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KernelError('load', file, 'ENOENT', `${advice}: ${reason}`);
  }
}

/** libc returns -1 and sets errno, which koffi.errno() holds right after a synchronous call. None takes more than three arguments. */
function withErrno(call: Plain): Plain {
  return (a, b, c) => {
    const answer = call(a, b, c);
    return answer === -1 ? -koffi.errno() : answer;
  };
}

type Asynchronous = { async: (...args: unknown[]) => void };

let inFlight = 0;
const waiting: (() => void)[] = [];
/** Arguments of calls in flight: koffi does not keep their buffers alive. */
const held = new Set<readonly unknown[]>();

function offLoop(call: Asynchronous): (...args: unknown[]) => Promise<number> {
  return (...args) =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        inFlight -= 1;
        held.delete(args);
        waiting.shift()?.();
      };
      const start = (): void => {
        inFlight += 1;
        held.add(args);
        try {
          call.async(...args, (error: unknown, answer: number) => {
            end();
            if (error === null || error === undefined) resolve(answer);
            else reject(error);
          });
        } catch (error) {
          // It may have been started by another call's callback, which nothing catches for
          end();
          reject(error);
        }
      };
      if (inFlight < MOST_IN_FLIGHT) start();
      else waiting.push(start);
    });
}
