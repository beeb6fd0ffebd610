import type { BuildRequest } from '../../kernel.ts';
import type { Pairs } from '../entries/write.ts';
import type { Host } from '../maps.ts';
import { TYPE_NUMBERS } from '../maptypes.ts';
import { NO_TYPES, type OwnedTypes } from '../types.ts';
import { Arena, textBytes } from './arena.ts';

/** Some milliseconds of work in C, and what stays in the cache between writing it here and reading it there. */
const MAPS = 256;
const ENTRY_BYTES = 256 << 10;
const STRING_BYTES = 64 << 10;

/** Words of struct innermap_request and struct innermap_answer (native/bulk/wave/wave.h). */
const REQUEST_WORDS = 15;
const ANSWER_WORDS = 4;

/** Steps that a map can fail at: enum innermap_step. */
export const STEP = { table: 0, create: 1, fill: 2, freeze: 3, id: 4, pin: 5 } as const;

/** One request, and where its result belongs. */
export interface BuildItem {
  readonly request: BuildRequest;
  readonly types: OwnedTypes | undefined;
  readonly pairs: Pairs;
  readonly index: number;
  /** Bytes that it takes of the kernel's memory at least. */
  readonly bytes: number;
}

/** What C answered for one request. */
export interface BuildAnswer {
  /** -errno where it failed. */
  readonly fd: number;
  readonly id: number;
  readonly step: number;
  /** Index of the entry or of the pin that was refused. */
  readonly at: number;
}

/** Requests that one call of C works on. */
export class BuildChunk {
  readonly items: BuildItem[] = [];
  readonly #requests = new Uint32Array(MAPS * REQUEST_WORDS);
  readonly #answers = new Int32Array(MAPS * ANSWER_WORDS);
  readonly #keys = new Arena(ENTRY_BYTES);
  readonly #values = new Arena(ENTRY_BYTES);
  readonly #strings = new Arena(STRING_BYTES);

  fits({ request, pairs }: BuildItem): boolean {
    return (
      this.items.length < MAPS &&
      this.#keys.fits(pairs.keys.length) &&
      this.#values.fits(pairs.values!.length) &&
      this.#strings.fits(stringBytes(request))
    );
  }

  put(item: BuildItem): void {
    const { request, pairs } = item;
    const { spec, pins } = request;
    const words = this.#requests;
    let at = this.items.length * REQUEST_WORDS;
    words[at++] = TYPE_NUMBERS[spec.type];
    words[at++] = spec.keySize;
    words[at++] = spec.valueSize;
    words[at++] = spec.maxEntries;
    words[at++] = spec.flags;
    words[at++] = request.freeze ? 1 : 0;
    words[at++] = pairs.count;
    words[at++] = this.#keys.put(pairs.keys);
    words[at++] = this.#values.put(pairs.values!);
    const strings = this.#strings;
    strings.grow(stringBytes(request));
    words[at++] = strings.putText(request.name);
    words[at++] = strings.size;
    strings.putText(pins.join('\0'));
    words[at++] = pins.length;
    const [btf, key, value] = item.types?.words ?? NO_TYPES;
    words[at++] = btf;
    words[at++] = key;
    words[at] = value;
    this.items.push(item);
  }

  /** Off the event loop. */
  async build({ library, possibleCpus }: Host): Promise<void> {
    const sizes = [this.items.length, this.#keys.size, this.#values.size, this.#strings.size, possibleCpus];
    await library.buildMaps.later(
      this.#requests,
      this.#answers,
      this.#keys.bytes,
      this.#values.bytes,
      this.#strings.bytes,
      BigUint64Array.from(sizes, BigInt),
    );
  }

  answerOf(at: number): BuildAnswer {
    const answers = this.#answers;
    const from = at * ANSWER_WORDS;
    return {
      fd: answers[from]!,
      id: answers[from + 1]!,
      step: answers[from + 2]!,
      at: answers[from + 3]!,
    };
  }

  clear(): void {
    this.items.length = 0;
    for (const arena of [this.#keys, this.#values, this.#strings]) arena.clear();
  }
}

function stringBytes(request: BuildRequest): number {
  let bytes = textBytes(request.name);
  for (const pin of request.pins) bytes += textBytes(pin);
  return bytes;
}
