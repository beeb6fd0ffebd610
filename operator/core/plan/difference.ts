import type { InnerType } from '../../api/outermap.ts';
import { equalRun } from '../bytes/bytes.ts';
import { KeyIndex } from '../bytes/keyindex.ts';
import { type Entries, sameEntries } from '../entries.ts';
import { isArray } from '../mapspec.ts';
import { prefixesOf } from '../scalar/cidr.ts';

/** How contents of one inner map are compared. */
export interface Comparison {
  readonly type: InnerType;
  readonly keySize: number;
  /** One value in the kernel's batch format, per-CPU copies included. */
  readonly stride: number;
  /** 0xff compared, 0x00 program-owned or padding; stride long. Absent: all compared. */
  readonly mask?: Uint8Array;
  /** 0x00 program-owned: kept where an entry is written. Padding is not: it becomes zero. */
  readonly owned?: Uint8Array;
  /** False: undeclared entries may stay. */
  readonly exact: boolean;
}

/** The writes that make the found contents the declared ones. */
export interface Difference {
  /** Values carry the found bytes where the program owns them. The missing ones come last. */
  readonly upserts: Entries;
  /** Keys one after the other. */
  readonly deletes: Uint8Array;
  /** Where the program owns bytes: 0 in `mask`; 1 in `entries` for an upsert that was found: the program may still write into it. */
  readonly kept?: { readonly mask: Uint8Array; readonly entries: Uint8Array };
  /** Declared and absent; present with another value; present and not declared. */
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
}

/** Undefined where the contents are as declared. */
export function difference(declared: Entries, found: Entries, by: Comparison): Difference | undefined {
  if (sameEntries(declared, found)) return undefined;
  const collected = isArray(by.type)
    ? arrayDifference(declared, found, by)
    : keyedDifference(declared, found, by);
  return collected.missing + collected.different + collected.extra === 0 ? undefined : collected;
}

function keyedDifference(declared: Entries, found: Entries, by: Comparison): Difference {
  const compared = ({ keys }: Entries) => (by.type === 'LPMTrie' ? prefixesOf(keys, by.keySize) : keys);
  const index = KeyIndex.of(compared(declared), by.keySize, declared.count);
  const keys = compared(found);
  const seen = new Int32Array(declared.count).fill(-1);
  const extra: number[] = [];
  for (let at = 0; at < found.count; at++) {
    const declaredAt = index.find(keys, at);
    if (declaredAt === -1) extra.push(at);
    else seen[declaredAt] = at;
  }
  const writes = new Writes(declared, found, by);
  for (let at = 0; at < declared.count; at++) writes.compare(at, seen[at]!);
  return writes.difference(by.exact ? extra : []);
}

/** All entries of an array exist. An undeclared one must be zero. */
function arrayDifference(declared: Entries, found: Entries, by: Comparison): Difference {
  const writes = new Writes(declared, found, by);
  const stated = new Uint8Array(found.count);
  const indexes = new DataView(declared.keys.buffer, declared.keys.byteOffset, declared.keys.byteLength);
  for (let at = 0; at < declared.count; at++) {
    const position = indexes.getUint32(4 * at, true);
    if (position < found.count) stated[position] = 1;
    writes.compare(at, position < found.count ? position : -1);
  }
  if (by.exact) for (let at = 0; at < found.count; at++) if (stated[at] === 0) writes.clear(at);
  return writes.difference([]);
}

/** Collects writes: indexes first, bytes once at the end. */
class Writes {
  readonly #declared: Entries;
  readonly #found: Entries;
  readonly #by: Comparison;
  readonly #zero: Uint8Array;
  /** Pairs of declared index (-1: zero) and found index (-1: none). */
  readonly #pairs: number[] = [];
  readonly #missing: number[] = [];
  #different = 0;
  #extra = 0;

  constructor(declared: Entries, found: Entries, by: Comparison) {
    this.#declared = declared;
    this.#found = found;
    this.#by = by;
    this.#zero = new Uint8Array(by.stride);
  }

  compare(declaredAt: number, foundAt: number): void {
    const { stride } = this.#by;
    if (foundAt === -1) this.#missing.push(declaredAt);
    else if (!this.#equal(this.#declared.values, declaredAt * stride, foundAt * stride)) {
      this.#different++;
      this.#pairs.push(declaredAt, foundAt);
    }
  }

  clear(foundAt: number): void {
    if (this.#equal(this.#zero, 0, foundAt * this.#by.stride)) return;
    this.#extra++;
    this.#pairs.push(-1, foundAt);
  }

  difference(extra: readonly number[]): Difference {
    const { keySize } = this.#by;
    const deletes = new Uint8Array(extra.length * keySize);
    extra.forEach((at, index) => {
      deletes.set(this.#found.keys.subarray(at * keySize, (at + 1) * keySize), index * keySize);
    });
    for (const at of this.#missing) this.#pairs.push(at, -1);
    const counted = {
      missing: this.#missing.length,
      different: this.#different,
      extra: this.#extra + extra.length,
    };
    return { upserts: this.#upserts(), deletes, ...counted, ...this.#kept() };
  }

  #kept(): Pick<Difference, 'kept'> {
    const { owned } = this.#by;
    if (owned === undefined) return {};
    const count = this.#pairs.length / 2;
    const entries = new Uint8Array(count);
    for (let at = 0; at < count; at++) entries[at] = this.#pairs[2 * at + 1] === -1 ? 0 : 1;
    return { kept: { mask: owned, entries } };
  }

  #equal(values: Uint8Array, at: number, foundAt: number): boolean {
    const { stride, mask } = this.#by;
    if (equalRun(values, at, this.#found.values, foundAt, stride)) return true;
    if (mask === undefined) return false;
    for (let byte = 0; byte < stride; byte++) {
      if (((values[at + byte]! ^ this.#found.values[foundAt + byte]!) & mask[byte]!) !== 0) return false;
    }
    return true;
  }

  #upserts(): Entries {
    const { keySize, stride } = this.#by;
    const count = this.#pairs.length / 2;
    const keys = new Uint8Array(count * keySize);
    const values = new Uint8Array(count * stride);
    for (let index = 0; index < count; index++) {
      const declaredAt = this.#pairs[2 * index]!;
      const foundAt = this.#pairs[2 * index + 1]!;
      const [from, at] = declaredAt === -1 ? [this.#found.keys, foundAt] : [this.#declared.keys, declaredAt];
      keys.set(from.subarray(at * keySize, (at + 1) * keySize), index * keySize);
      this.#value(values, index * stride, declaredAt, foundAt);
    }
    return { count, keys, values };
  }

  /** Writes the declared bytes, and the found ones where the program owns them. */
  #value(into: Uint8Array, at: number, declaredAt: number, foundAt: number): void {
    const { stride, owned } = this.#by;
    if (declaredAt !== -1)
      into.set(this.#declared.values.subarray(declaredAt * stride, (declaredAt + 1) * stride), at);
    if (owned === undefined || foundAt === -1) return;
    for (let byte = 0; byte < stride; byte++) {
      const kept = ~owned[byte]!;
      into[at + byte] = (into[at + byte]! & ~kept) | (this.#found.values[foundAt * stride + byte]! & kept);
    }
  }
}
