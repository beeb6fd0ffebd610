import { type LedgerLock, onlyWriter } from '../../../operator/agent/lock.ts';
import { emptyMemory } from '../../../operator/agent/memory.ts';
import type { Due } from '../../../operator/agent/observe/observe.ts';
import { type Agent, type Turn, turn } from '../../../operator/agent/turn.ts';
import type { Report } from '../../../operator/core/report/report.ts';
import { openForWriting } from '../../../operator/kernel/libbpf/fd/writers.ts';
import { openKernel, type RealKernel } from '../../../operator/kernel/libbpf/kernel.ts';
import { type Library, openLibrary } from '../../../operator/kernel/libbpf/library.ts';
import { folderSource } from '../../../operator/source/folder/folder.ts';
import type { Source } from '../../../operator/source/source.ts';
import { NODE_CLOCK } from '../../../operator/timing/clock.ts';
import type { LoadedAgentFixture } from '../../agent/support/loadedagent.ts';
import type { Manifest } from '../../agent/support/manifests.ts';

const FILE = 'maps.yaml';
/** A turn does not depend on it, and its scratch maps would be among what a test counts. */
const NOT_PROBED: Agent['kernelState'] = { release: '', outerBatch: 'once', gracePeriodMs: 0, features: {} };
const NOTHING_DUE: Due = { resync: false, contentShare: 0 };

/**
 * An agent in this process whose turns the test calls: from the folder to the kernel by the product's own parts.
 * A turn comes right after its change, as in `run`, and a test can have thousands of them.
 */
export class Acting {
  readonly kernel: RealKernel;
  readonly #fixture: LoadedAgentFixture;
  readonly #source: Source;
  readonly #agent: Agent;
  readonly #lock: LedgerLock;
  #changed: () => void = () => {};
  #previous: Report | undefined;

  /** The first turn is done when this resolves. */
  static async start(
    fixture: LoadedAgentFixture,
    manifests: readonly Manifest[],
    library = openLibrary(),
  ): Promise<Acting> {
    fixture.write(FILE, ...manifests);
    const kernel = openKernel({ bpffs: fixture.bpffs, library });
    const lock = await onlyWriter(kernel, () => {}, new AbortController().signal);
    const acting = new Acting(fixture, kernel, lock!);
    try {
      await acting.turn({ resync: true, contentShare: 1 });
      return acting;
    } catch (error) {
      await acting.close();
      throw error;
    }
  }

  private constructor(fixture: LoadedAgentFixture, kernel: RealKernel, lock: LedgerLock) {
    const { possibleCpus } = kernel;
    this.kernel = kernel;
    this.#fixture = fixture;
    this.#lock = lock;
    this.#source = folderSource({
      ...{ paths: [fixture.manifests], possibleCpus, releases: [] },
      isOpenForWriting: path => openForWriting(openLibrary(), path),
    });
    this.#source.onChange(() => this.#changed());
    this.#agent = {
      ...{
        source: this.#source,
        kernel,
        lock,
        kernelState: NOT_PROBED,
        memory: emptyMemory(),
        clock: NODE_CLOCK,
      },
      ...{ publisher: { publish: () => Promise.resolve() }, node: { name: 'here', labels: {}, bootID: '' } },
    };
  }

  async turn(due: Due = NOTHING_DUE): Promise<Turn> {
    const result = await turn(this.#agent, due, this.#previous);
    const failed = result.outcomes.flatMap(outcome => (outcome.ok ? [] : [outcome.message]));
    if (failed.length > 0) throw new Error(`Turn failed: ${failed.join('; ')}`);
    this.#previous = result.report;
    return result;
  }

  /** Writes the manifests anew, and turns as soon as the folder tells of it. */
  async apply(...manifests: readonly Manifest[]): Promise<Turn> {
    const changed = new Promise<void>(resolve => {
      this.#changed = resolve;
    });
    this.#fixture.write(FILE, ...manifests);
    await changed;
    return this.turn();
  }

  async close(): Promise<void> {
    await this.#source.close();
    this.#lock.release();
    this.kernel.close();
  }
}

/** One call that changes a map, and how many entries it is about. */
export interface Written {
  readonly call: keyof Library;
  readonly entries: number;
}

/** The same library; every call that could change a map or a pin is noted in `written`. */
export function noting(library: Library, written: Written[]): Library {
  const { mapUpdateBatch: update, mapDeleteBatch: remove, mapUpdateEach, mapDeleteEach } = library;
  const note = (call: keyof Library, entries: number): void => void written.push({ call, entries });
  const entriesOf = (count: unknown): number => (count as Uint32Array)[0]!;
  const batches: Partial<Library> = {
    mapUpdateBatch: before(update, (...args) => note('mapUpdateBatch', entriesOf(args[3]))),
    mapDeleteBatch: before(remove, (...args) => note('mapDeleteBatch', entriesOf(args[2]))),
    mapUpdateEach: before(mapUpdateEach, (...args) => note('mapUpdateEach', args[5])),
    mapDeleteEach: before(mapDeleteEach, (...args) => note('mapDeleteEach', args[4])),
  };
  const others = (
    ['mapCreate', 'mapUpdate', 'mapDelete', 'mapFreeze', 'objectPin', 'rename', 'unlink'] as const
  ).map(name => [name, before(library[name] as Plain, () => note(name, 1))] as const);
  return { ...library, ...batches, ...Object.fromEntries(others) };
}

type Plain = ((...args: never[]) => unknown) & { later?: (...args: never[]) => unknown };

function before<C extends Plain>(call: C, look: (...args: Parameters<C>) => void): C {
  const watched =
    (function_: (...args: never[]) => unknown) =>
    (...args: Parameters<C>): unknown => {
      look(...args);
      return function_(...(args as never[]));
    };
  const { later } = call;
  return Object.assign(watched(call), later === undefined ? {} : { later: watched(later) }) as unknown as C;
}
