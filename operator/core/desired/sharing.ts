import { type Entries, sameEntries } from '../entries.ts';
import { sameButMaxEntries } from '../mapspec.ts';
import { every, type Steps } from '../steps.ts';
import type { DesiredInner } from './compile.ts';

/** Keys that one inner map stands at, at most: its pins are made in one piece of work. */
const MOST_KEYS = 10_000;

/** Comparing or reading so many entries takes as long as the rest of the verdict on one inner map. */
const ENTRIES = 500;

/**
 * The inner maps that may be one in the kernel, by their places: those with equal contents together, in the order of the
 * first. Contents are compared where a few bytes of them are equal, and read whole where only those are: so it costs
 * little where nothing is equal, and grows with the number of bytes whatever they are.
 */
export function* sharing(inners: readonly DesiredInner[]): Steps<readonly (readonly number[])[]> {
  const shares: number[][] = [];
  const alike = new Alike(inners, shares);
  const due = every();
  for (const [place, inner] of inners.entries()) {
    if (due(1 + inner.entries.count / ENTRIES)) yield;
    const share = inner.isShareable ? alike.shareOf(place) : undefined;
    if (share === undefined) shares.push([place]);
    else share.push(place);
  }
  return shares;
}

/** Whether an inner map made for one is right for the other. */
export function sameContents(a: DesiredInner, b: DesiredInner): boolean {
  const sameSpec = sameButMaxEntries(a.spec, b.spec) && a.spec.maxEntries === b.spec.maxEntries;
  return a.sealed === b.sealed && sameSpec && sameEntries(a.entries, b.entries);
}

/** Contents of one hash that are compared: who makes more of them shares less. */
const COMPARED = 4;

class Alike {
  readonly #inners: readonly DesiredInner[];
  readonly #shares: readonly number[][];
  /** Sample → the first share with it. The further ones are found by their hash. */
  readonly #first = new Map<number, number>();
  readonly #hashed = new Map<number, number[]>();

  constructor(inners: readonly DesiredInner[], shares: number[][]) {
    this.#inners = inners;
    this.#shares = shares;
  }

  /** The share to join; undefined where the inner map at this place is the first of the next share. */
  shareOf(place: number): number[] | undefined {
    const inner = this.#inners[place]!;
    const sample = sampleOf(inner.entries);
    const first = this.#first.get(sample);
    const next = this.#shares.length;
    if (first === undefined || this.#isEqual(inner, first)) {
      const share = this.#withRoom(first);
      if (share === undefined) this.#first.set(sample, next);
      return share;
    }
    const hash = hashOf(inner.entries);
    const hashed = this.#hashed.get(hash) ?? [];
    const at = hashed.findIndex(share => this.#isEqual(inner, share));
    const share = this.#withRoom(hashed[at]);
    if (share !== undefined) return share;
    if (at >= 0) hashed[at] = next;
    else if (hashed.length < COMPARED) hashed.push(next);
    this.#hashed.set(hash, hashed);
    return undefined;
  }

  #withRoom(share: number | undefined): number[] | undefined {
    const places = share === undefined ? undefined : this.#shares[share]!;
    return places === undefined || places.length >= MOST_KEYS ? undefined : places;
  }

  #isEqual(inner: DesiredInner, share: number): boolean {
    return sameContents(this.#inners[this.#shares[share]![0]!]!, inner);
  }
}

/** Words of a sample, from keys and values each. */
const SAMPLED = 6;

function sampleOf({ count, keys, values }: Entries): number {
  let hash = count;
  for (const bytes of [keys, values]) {
    const stride = Math.max(4, Math.floor(bytes.length / SAMPLED));
    for (let at = 0; at + 4 <= bytes.length; at += stride) hash = mixed(hash, wordAt(bytes, at));
  }
  return hash;
}

function hashOf({ count, keys, values }: Entries): number {
  let hash = count;
  for (const bytes of [keys, values]) {
    const end = bytes.length - (bytes.length % 4);
    for (let at = 0; at < end; at += 4) hash = mixed(hash, wordAt(bytes, at));
    for (let at = end; at < bytes.length; at++) hash = mixed(hash, bytes[at]!);
  }
  return hash;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}
