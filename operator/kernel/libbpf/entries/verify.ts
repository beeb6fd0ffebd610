import { sameButMaxEntries } from '../../../core/mapspec.ts';
import { Slice } from '../../../timing/sliced.ts';
import type { Expectation } from '../../kernel.ts';
import { kernelError } from '../errno.ts';
import type { Host } from '../maps.ts';
import { strideOf, TYPE_NUMBERS } from '../maptypes.ts';
import { CALLS_AT_ONCE, inParallel } from '../parallel.ts';
import { Arena, textsOf } from '../wave/arena.ts';
import { pairsOf } from './write.ts';

/** Inner maps of one call, and the bytes of their entries: some milliseconds. A larger map has a call of its own. */
const MOST = { maps: 256, bytes: 512 * 1024 };

/** Words of struct innermap_expectation. */
const WORDS = 7;
const NO_PIN = 0xffffffff;

/** Opens, reads, compares and closes, in parts and off the event loop. */
export async function verifyInners(
  host: Host,
  expected: readonly Expectation[],
  mask: Uint8Array | undefined,
): Promise<Uint8Array> {
  const same = new Uint8Array(expected.length);
  const slice = new Slice();
  let next = 0;
  await inParallel(CALLS_AT_ONCE, CALLS_AT_ONCE, async () => {
    const arenas = { keys: new Arena(MOST.bytes), values: new Arena(MOST.bytes), mask: mask ?? null };
    while (next < expected.length) {
      const from = next;
      next = partEnd(host, expected, from);
      const part = expected.slice(from, next);
      same.set(await verifyPart(host, part, arenas), from);
      if (slice.over()) await slice.rest();
    }
  });
  return same;
}

/** At least one map; all of a part have one layout. */
function partEnd({ possibleCpus }: Host, expected: readonly Expectation[], from: number): number {
  const { spec } = expected[from]!;
  const entryBytes = spec.keySize + strideOf(spec, possibleCpus);
  let bytes = 0;
  let end = from;
  for (; end < expected.length && end - from < MOST.maps; end += 1) {
    const one = expected[end]!;
    bytes += one.entries.count * entryBytes;
    if (end > from && (bytes > MOST.bytes || !sameButMaxEntries(one.spec, spec))) break;
  }
  return end;
}

interface Buffers {
  readonly keys: Arena;
  readonly values: Arena;
  readonly mask: Uint8Array | null;
}

async function verifyPart(
  { library, possibleCpus }: Host,
  part: readonly Expectation[],
  { keys, values, mask }: Buffers,
): Promise<Uint8Array> {
  const { spec } = part[0]!;
  const { type, keySize, valueSize, flags } = spec;
  const stride = strideOf(spec, possibleCpus);
  const paths = textsOf(part.flatMap(({ address }) => ('pin' in address ? [address.pin] : [])));
  const each = new Uint32Array(part.length * WORDS);
  keys.clear();
  values.clear();
  let [path, from] = [0, 0];
  for (const [at, { address, id, spec, frozen, exact, entries }] of part.entries()) {
    const pin = 'pin' in address ? path : NO_PIN;
    if (pin !== NO_PIN) path = paths.indexOf(0, path) + 1;
    pairsOf({ label: 'inner maps', spec }, entries, possibleCpus);
    each.set([pin, id, spec.maxEntries, frozen ? 1 : 0, exact ? 1 : 0, from, entries.count], at * WORDS);
    keys.put(entries.keys);
    values.put(entries.values);
    from += entries.count;
  }
  const sizes = [TYPE_NUMBERS[type], keySize, valueSize, flags, stride];
  const all = Uint32Array.of(part.length, paths.length, from, ...sizes);
  const same = new Uint8Array(part.length);
  const answer = await library.verify.later(all, each, paths, keys.bytes, values.bytes, mask, same);
  if (answer < 0) throw kernelError('verify', 'inner maps', answer);
  return same;
}
