import { MAP_FLAGS } from '../../../api/outermap.ts';
import type { Entries } from '../../../core/entries.ts';
import { NO_ENTRIES } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { Errno } from '../../error.ts';
import type { PlaceRange } from '../../kernel.ts';

/** The contents of one map, by the rules of its type. */
export interface Table {
  upsert(key: Uint8Array, value: Uint8Array): Errno | undefined;
  delete(key: Uint8Array): Errno | undefined;
  /** The present value; undefined where there is none. */
  lookup(key: Uint8Array): Uint8Array | undefined;
  /** Copies, in unspecified order. */
  entries(): Entries;
}

/** `stride`: bytes of one value in the batch format. */
export function tableOf(spec: MapSpec, stride: number, possibleCpus: number): Table {
  switch (spec.type) {
    case 'Hash':
    case 'PerCPUHash':
      return new KeyedTable(spec, stride, { full: 'E2BIG' });
    case 'LRUHash':
    case 'LRUPerCPUHash':
      return new KeyedTable(spec, stride, { full: 'evict', holds: heldByLRU(spec, possibleCpus) });
    case 'LPMTrie':
      return new KeyedTable(spec, stride, { full: 'ENOSPC', canonical: maskedPrefix });
    case 'Array':
    case 'PerCPUArray':
      return new IndexedTable(spec, stride);
    default:
      return PROGRAMS_ONLY;
  }
}

/** Some are kept free for each CPU; with lists of its own, a CPU that writes has its share alone (kernel/bpf/bpf_lru_list.c). */
function heldByLRU({ maxEntries, flags }: MapSpec, possibleCpus: number): number {
  if ((flags & MAP_FLAGS.NoCommonLRU) !== 0) return Math.max(1, Math.floor(maxEntries / possibleCpus));
  return maxEntries - Math.floor(maxEntries / 40);
}

interface KeyRules {
  /** The errno of an insert into a full map; 'evict': the longest unwritten entry makes room. */
  readonly full: 'E2BIG' | 'ENOSPC' | 'evict';
  /** Entries when it is full; absent: maxEntries. */
  readonly holds?: number;
  /** The identity of a key; undefined for a key that the map refuses. Absent: all bytes. */
  readonly canonical?: (key: Uint8Array) => Uint8Array | undefined;
}

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

class KeyedTable implements Table {
  readonly #spec: MapSpec;
  readonly #stride: number;
  readonly #rules: KeyRules;
  readonly #entries = new Map<string, Entry>();

  constructor(spec: MapSpec, stride: number, rules: KeyRules) {
    this.#spec = spec;
    this.#stride = stride;
    this.#rules = rules;
  }

  upsert(key: Uint8Array, value: Uint8Array): Errno | undefined {
    const place = this.#placeOf(key);
    if (place === undefined) return 'EINVAL';
    if (!this.#entries.has(place) && this.#entries.size >= (this.#rules.holds ?? this.#spec.maxEntries)) {
      if (this.#rules.full !== 'evict') return this.#rules.full;
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    if (this.#rules.full === 'evict') this.#entries.delete(place);
    this.#entries.set(place, { key: key.slice(), value: value.slice() });
    return undefined;
  }

  delete(key: Uint8Array): Errno | undefined {
    const place = this.#placeOf(key);
    if (place === undefined) return 'EINVAL';
    return this.#entries.delete(place) ? undefined : 'ENOENT';
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    const place = this.#placeOf(key);
    return place === undefined ? undefined : this.#entries.get(place)?.value;
  }

  /** In reverse order of insertion, so that tests find callers that expect their own order. */
  entries(): Entries {
    const count = this.#entries.size;
    const keys = new Uint8Array(count * this.#spec.keySize);
    const values = new Uint8Array(count * this.#stride);
    let index = count;
    for (const entry of this.#entries.values()) {
      index -= 1;
      keys.set(entry.key, index * this.#spec.keySize);
      values.set(entry.value, index * this.#stride);
    }
    return { count, keys, values };
  }

  #placeOf(key: Uint8Array): string | undefined {
    const canonical = this.#rules.canonical === undefined ? key : this.#rules.canonical(key);
    return canonical === undefined ? undefined : textOfBytes(canonical);
  }
}

/** Every entry is there from the start, zero; none can be deleted. */
class IndexedTable implements Table {
  readonly #spec: MapSpec;
  readonly #stride: number;
  readonly #written = new Map<number, Uint8Array>();

  constructor(spec: MapSpec, stride: number) {
    this.#spec = spec;
    this.#stride = stride;
  }

  upsert(key: Uint8Array, value: Uint8Array): Errno | undefined {
    const index = wordAt(key, 0);
    if (index >= this.#spec.maxEntries) return 'E2BIG';
    this.#written.set(index, value.slice());
    return undefined;
  }

  delete(): Errno {
    return 'EINVAL';
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    const index = wordAt(key, 0);
    return index < this.#spec.maxEntries
      ? (this.#written.get(index) ?? new Uint8Array(this.#stride))
      : undefined;
  }

  entries(): Entries {
    const count = this.#spec.maxEntries;
    const keys = new Uint8Array(Uint32Array.from({ length: count }, (_, index) => index).buffer);
    const values = new Uint8Array(count * this.#stride);
    for (const [index, value] of this.#written) values.set(value, index * this.#stride);
    return { count, keys, values };
  }
}

/** Queues, ring buffers, socket maps …: user space writes no entries that the operator could declare. */
const PROGRAMS_ONLY: Table = {
  upsert: () => 'ENOTSUPP',
  delete: () => 'ENOTSUPP',
  lookup: () => undefined,
  entries: () => NO_ENTRIES,
};

/** An LPM key is its prefix length in host order and as many bits of the data; undefined where it is longer than the data. */
function maskedPrefix(key: Uint8Array): Uint8Array | undefined {
  const length = wordAt(key, 0);
  if (length > (key.length - 4) * 8) return undefined;
  const masked = key.slice();
  for (let at = 4; at < masked.length; at += 1) {
    const bits = Math.min(8, Math.max(0, length - (at - 4) * 8));
    masked[at] = masked[at]! & (0xff << (8 - bits));
  }
  return masked;
}

/** Runs of `size` bytes. The real kernel would read beyond the buffer; the fake throws. */
export function runsOf(bytes: Uint8Array, size: number, count: number): readonly Uint8Array[] {
  if (bytes.length !== count * size) throw new RangeError(`${bytes.length} bytes are not ${count} × ${size}`);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

export function wordAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

/** One character per byte: half the length of hex, and as fast a key of a Map. */
export function textOfBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export function isAmong({ from, count }: PlaceRange, key: Uint8Array): boolean {
  const index = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
  return index >= from && index < from + count;
}

export function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0));
}
