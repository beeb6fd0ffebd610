import type { KeyPins } from '../../kernel.ts';
import { type Pairs, part } from '../entries/write.ts';
import type { Library } from '../library.ts';
import { textsOf } from '../wave/arena.ts';

/**
 * Keys of one call, some rounds of those that are in flight at once (CREW_MOST of native/bulk/outer/crew.h, EACH_MOST of
 * innermap.h): a call that waits has one of libuv's few threads, and a process that ends waits for it.
 */
const MOST_OF_A_CALL = 4096;

/** Single updates of an outer map, many side by side. Answers 0 or -errno for each. */
export function updatesLater(library: Library, fd: number, pairs: Pairs): Promise<Int32Array> {
  return inParts(pairs, ({ count, keys, keySize, values = null }, answers) =>
    library.mapUpdateEach.later(fd, keys, keySize, values, answers, count),
  );
}

/** Single deletes, and the pin of each: a positive answer is the errno of an unlink. */
export function deletesLater(
  library: Library,
  fd: number,
  { pairs, pins }: { readonly pairs: Pairs; readonly pins: KeyPins | undefined },
): Promise<Int32Array> {
  return inParts(pairs, ({ count, keys, keySize }, answers, from) => {
    const texts = pins === undefined ? [] : [pins.directory, ...pinNames(pins, from, count)];
    const names = textsOf(texts);
    return library.mapDeleteEach.later(fd, keys, keySize, answers, count, names, names.length);
  });
}

function pinNames({ names }: KeyPins, from: number, count: number): readonly string[] {
  return names.slice(from, from + count).map(name => name ?? '');
}

/** Single lookups in an outer map, many side by side: `values` are written. */
export function lookupsLater(library: Library, fd: number, pairs: Pairs): Promise<Int32Array> {
  return inParts(pairs, ({ count, keys, keySize, values = null }, answers) =>
    library.mapLookupEach.later(fd, keys, keySize, values, answers, count),
  );
}

async function inParts(
  pairs: Pairs,
  call: (some: Pairs, answers: Int32Array, from: number) => Promise<unknown>,
): Promise<Int32Array> {
  const answers = new Int32Array(pairs.count);
  for (let from = 0; from < pairs.count; from += MOST_OF_A_CALL) {
    const to = Math.min(pairs.count, from + MOST_OF_A_CALL);
    await call(part(pairs, from, to), answers.subarray(from, to), from);
  }
  return answers;
}
