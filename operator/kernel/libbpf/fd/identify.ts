import { timesSliced } from '../../../timing/sliced.ts';
import type { KernelError } from '../../error.ts';
import type { MapIdentity } from '../../kernel.ts';
import { kernelError } from '../errno.ts';
import { OBJECT_NAME } from '../library/symbols.ts';
import type { Library } from '../library.ts';
import { textUntilNul } from '../maps.ts';
import { CALLS_AT_ONCE, inParallel } from '../parallel.ts';
import { textsOf } from '../wave/arena.ts';
import { openingError } from './open.ts';

type Answer = MapIdentity | KernelError;

/** Pins of one call: two milliseconds. */
const PINS = 512;

/** struct innermap_identity: the answer, the id, the name. */
const IDENTITY_WORDS = 2 + OBJECT_NAME / 4;

/** Opens, reads what tells it from others, and closes: off the event loop. */
export async function identifyPins(library: Library, pins: readonly string[]): Promise<readonly Answer[]> {
  const identities = new Array<Answer>(pins.length);
  await inParallel(Math.ceil(pins.length / PINS), CALLS_AT_ONCE, async part => {
    const from = part * PINS;
    const some = pins.slice(from, from + PINS);
    const words = await identitiesOf(library, some);
    await timesSliced(some.length, at => {
      identities[from + at] = answerOf(some[at]!, words.subarray(at * IDENTITY_WORDS));
    });
  });
  return identities;
}

async function identitiesOf(library: Library, pins: readonly string[]): Promise<Uint32Array> {
  const paths = textsOf(pins);
  const words = new Uint32Array(pins.length * IDENTITY_WORDS);
  const answer = await library.identify.later(paths, paths.length, pins.length, words);
  if (answer < 0) throw kernelError('identify', 'pins', answer);
  return words;
}

function answerOf(pin: string, words: Uint32Array): Answer {
  const answer = words[0]! | 0;
  const name = textUntilNul(new Uint8Array(words.buffer, words.byteOffset + 8, OBJECT_NAME));
  return answer < 0 ? openingError(pin, answer, name) : { id: words[1]!, name };
}
