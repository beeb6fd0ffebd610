import { forEachSliced, Slice } from '../../../timing/sliced.ts';
import { KernelError } from '../../error.ts';
import type { BuildRequest, OpenTypes } from '../../kernel.ts';
import { pinFailure } from '../bpffs/pins.ts';
import { failureText, pairsOf } from '../entries/write.ts';
import { asValue, ERRNO, kernelError } from '../errno.ts';
import { creationError, type Host, OwnedMap } from '../maps.ts';
import { isStorage } from '../maptypes.ts';
import { leastBytes } from '../memory/size.ts';
import { CALLS_AT_ONCE } from '../parallel.ts';
import { neededTypes, OwnedTypes } from '../types.ts';
import { type BuildAnswer, BuildChunk, type BuildItem, STEP } from './chunk.ts';
import { MadePins } from './madepins.ts';

type Built = OwnedMap | KernelError;

/**
 * Builds inner maps in chunks: requests are taken one by one, and the next chunk is written while C works on those before. `reserve` makes
 * room for so many files.
 */
export async function buildInners(
  host: Host,
  requests: Iterable<BuildRequest | undefined>,
  reserve: (maps: number) => Promise<void>,
): Promise<readonly Built[]> {
  const wave = new Wave(host, reserve);
  const slice = new Slice();
  try {
    for (const request of requests) {
      if (slice.over()) await slice.rest();
      const waiting = request === undefined ? undefined : wave.add(request);
      if (waiting !== undefined) await waiting;
    }
    await wave.end();
  } catch (error) {
    await wave.abandon();
    throw error;
  }
  return wave.results;
}

/** The chunks of one wave, and its results. */
class Wave {
  readonly results: Built[] = [];
  readonly #host: Host;
  readonly #reserve: (maps: number) => Promise<void>;
  readonly #working = new Set<Promise<void>>();
  readonly #free: BuildChunk[] = [];
  readonly #loaded = new Map<number, OwnedTypes>();
  readonly #pins = new MadePins();
  #chunk = new BuildChunk();
  #count = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(host: Host, reserve: (maps: number) => Promise<void>) {
    this.#host = host;
    this.#reserve = reserve;
  }

  /** A promise where the request has to wait for others. */
  add(request: BuildRequest): undefined | Promise<void> {
    const index = this.#count++;
    const { possibleCpus, room } = this.#host;
    try {
      const pairs = pairsOf(request, request.entries, possibleCpus);
      const bytes = leastBytes(request.spec, pairs.count, possibleCpus);
      const item = { request, types: this.#typesOf(request), pairs, index, bytes };
      if (!this.#chunk.fits(item) || !room.takes(bytes)) return this.#addLater(item);
      this.#put(item);
    } catch (error) {
      this.results[index] = asValue(error);
    }
    return undefined;
  }

  /** What does not fit below the memory limit beside others may fit once they are made, and need less than they might have. */
  async #addLater(item: BuildItem): Promise<void> {
    if (this.#chunk.items.length > 0) await this.#start();
    const { room } = this.#host;
    while (!room.takes(item.bytes)) {
      if (this.#working.size === 0) {
        this.results[item.index] = creationError(creationOf(item), -ERRNO.ENOMEM);
        return;
      }
      await Promise.race(this.#working);
    }
    this.#put(item);
  }

  #put(item: BuildItem): void {
    this.#host.room.begin(item.bytes);
    this.#chunk.put(item);
  }

  /** Given, or loaded once for all of one size that the kernel makes with types alone. */
  #typesOf({ types, spec, label }: BuildRequest): OwnedTypes | undefined {
    if (types !== undefined) return ourTypes(types);
    if (!isStorage(spec.type)) return undefined;
    const loaded = this.#loaded.get(spec.valueSize) ?? neededTypes(this.#host.library, { spec, label })!;
    this.#loaded.set(spec.valueSize, loaded);
    return loaded;
  }

  async end(): Promise<void> {
    if (this.#chunk.items.length > 0) await this.#start();
    await Promise.all(this.#working);
    this.#closeTypes();
    this.#rethrow();
  }

  /** Nobody gets what was built: its pins and fds go, and what was to be made counts no more. */
  async abandon(): Promise<void> {
    await Promise.all(this.#working);
    this.#closeTypes();
    this.#host.room.end(bytesOf(this.#chunk));
    await this.#pins.remove();
    await forEachSliced(this.results, built => {
      if (built instanceof OwnedMap) built.close();
    });
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #closeTypes(): void {
    for (const types of this.#loaded.values()) types.close();
    this.#loaded.clear();
  }

  /** Gives the chunk to C and takes an empty one; waits while C has enough to do. */
  async #start(): Promise<void> {
    const chunk = this.#chunk;
    await this.#reserve(this.#count);
    const task = this.#build(chunk)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#working.delete(task));
    this.#working.add(task);
    if (this.#working.size >= CALLS_AT_ONCE) await Promise.race(this.#working);
    this.#chunk = this.#free.pop() ?? new BuildChunk();
    this.#rethrow();
  }

  async #build(chunk: BuildChunk): Promise<void> {
    try {
      await chunk.build(this.#host);
    } finally {
      this.#host.room.end(bytesOf(chunk));
    }
    for (const [at, item] of chunk.items.entries()) {
      const result = resultOf(this.#host, item, chunk.answerOf(at));
      this.results[item.index] = result;
      if (result instanceof OwnedMap) this.#pins.add(item.request.pins);
    }
    chunk.clear();
    this.#free.push(chunk);
  }
}

function ourTypes(types: OpenTypes): OwnedTypes {
  if (types instanceof OwnedTypes) return types;
  throw new KernelError('use', 'types', 'EINVAL', 'they were not loaded by this kernel');
}

/** Of the maps that it makes, at least. */
function bytesOf({ items }: BuildChunk): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}

function resultOf({ library }: Host, item: BuildItem, answer: BuildAnswer): Built {
  return answer.fd < 0 ? failureOf(item, answer) : OwnedMap.withId(library, answer, item.request.label);
}

function creationOf({
  request: { spec, name, label },
  types,
}: BuildItem): Parameters<typeof creationError>[0] {
  return { spec, name, label, ...(types === undefined ? {} : { types }) };
}

function failureOf(item: BuildItem, { fd: answer, step, at }: BuildAnswer): KernelError {
  const { request } = item;
  const { label, entries, pins } = request;
  switch (step) {
    case STEP.create:
      return creationError(creationOf(item), answer);
    case STEP.fill: {
      const place = `entry ${at} of ${entries.count}`;
      const text = failureText(request, answer);
      return kernelError('fill inner map', label, answer, text === '' ? place : `${place}: ${text}`);
    }
    case STEP.pin:
      return kernelError('pin inner map', label, answer, pinFailure(pins[at]!, answer));
    default:
      return kernelError(OPERATIONS[step] ?? 'build inner map', label, answer);
  }
}

const OPERATIONS: Readonly<Record<number, string>> = {
  [STEP.freeze]: 'freeze inner map',
  [STEP.id]: 'read the id of',
};
