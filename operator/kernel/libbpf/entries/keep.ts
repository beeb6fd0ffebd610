import type { MapSpec } from '../../../core/mapspec.ts';
import { Slice } from '../../../timing/sliced.ts';
import type { Kept } from '../../kernel.ts';
import { ANY } from '../library/symbols.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { strideOf } from '../maptypes.ts';
import { Refill } from './refill.ts';
import { isPassing, type Pairs, part, requireBytes, TRIES } from './write.ts';

/** Entries, and which bytes of those that are there stay as programs wrote them. */
export interface Keeping {
  readonly pairs: Pairs;
  readonly kept: Kept;
}

/** Entries of one call on the event loop: below 1 ms. */
const NOW_ENTRIES = 256;

/** Flags of innermap.h: by a program of ours; an absent prefix is not looked up. */
const BY_PROGRAM = 1;
const IS_TRIE = 2;

/**
 * A program gets a pointer to one value of these. Of a per-CPU type it would get its own processor's; a trie answers an
 * absent prefix with the one around it, which it then would write into. An LRU map takes elements from entries at any
 * update of another key, and gives them to that key at once (kernel/bpf/hashtab.c, prealloc_lru_pop): the store would be
 * into its value. In a hash that takes a program that deletes just this key in this moment, and inserts another.
 */
const WRITTEN_BY_PROGRAM: ReadonlySet<MapSpec['type']> = new Set(['Hash', 'Array'] as const);

/** Writes entries and leaves the kept bytes of those that are there. Returns index → -errno of the refused entries. */
export async function writeKeeping(
  host: Host,
  map: OwnedMap,
  keeping: Keeping,
): Promise<Map<number, number>> {
  const { count, stride } = keeping.pairs;
  requireBytes(map.label, 'mask', keeping.kept.mask.length, stride);
  requireBytes(map.label, 'found entries', keeping.kept.entries.length, count);
  const answers = new Int32Array(count);
  const call = count > NOW_ENTRIES ? host.library.mapEdit.later : host.library.mapEdit;
  const whole = count > 0 ? await call(...argumentsOf(map, keeping, answers)) : 0;
  if (whole < 0 && answers.every(answer => answer === 0)) answers.fill(whole);
  const failed = new Map<number, number>();
  const refill = new Refill();
  const slice = new Slice();
  for (const [index, first] of answers.entries()) {
    if (first === 0) continue;
    if (slice.over()) await slice.rest();
    let answer = first;
    for (let tries = 1; isPassing(answer) && tries < TRIES; tries += 1)
      answer = putKeeping(host, map, { ...keeping, index });
    for (let tried = 1; await refill.isDue(answer, tried); tried = 0)
      answer = putKeeping(host, map, { ...keeping, index });
    if (answer < 0) failed.set(index, answer);
  }
  return failed;
}

/**
 * Whether a program of ours writes into this map: tried on an entry of zeros, which it gets. Not where the value was read
 * and written; what a passing lack of memory refuses is no such case.
 */
export function writesByProgram({ library, possibleCpus }: Host, map: OwnedMap): boolean {
  const { keySize } = map.spec;
  const stride = strideOf(map.spec, possibleCpus);
  const [keys, values] = [new Uint8Array(keySize), new Uint8Array(stride)];
  const kept = { mask: new Uint8Array(stride).fill(0xff), entries: Uint8Array.of(1) };
  const keeping = { pairs: { count: 1, keys, keySize, values, stride }, kept };
  library.mapUpdate(map.fd, keys, values, ANY);
  const answers = new Int32Array(1);
  return library.mapEdit(...argumentsOf(map, keeping, answers)) <= 0;
}

/** One of them. Returns 0 or -errno. */
export function putKeeping(
  { library }: Host,
  map: OwnedMap,
  { pairs, kept, index }: Keeping & { readonly index: number },
): number {
  const answers = new Int32Array(1);
  const one = part(pairs, index, index + 1);
  const entries = kept.entries.subarray(index, index + 1);
  const whole = library.mapEdit(...argumentsOf(map, { pairs: one, kept: { ...kept, entries } }, answers));
  return whole < 0 && answers[0] === 0 ? whole : answers[0]!;
}

function argumentsOf({ fd, spec: { type } }: OwnedMap, { pairs, kept }: Keeping, answers: Int32Array) {
  const flags = (WRITTEN_BY_PROGRAM.has(type) ? BY_PROGRAM : 0) | (type === 'LPMTrie' ? IS_TRIE : 0);
  const { count, keySize, stride, keys } = pairs;
  const buffers = [keys, pairs.values!, kept.mask, kept.entries] as const;
  const lengths = [...buffers, answers].map(({ byteLength }) => byteLength);
  return [fd, Uint32Array.of(count, keySize, stride, flags, ...lengths), ...buffers, answers] as const;
}
