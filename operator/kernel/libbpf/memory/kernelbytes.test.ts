import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { isOlder } from '../../../agent/kernelage.ts';
import { type FilledMap, kernelBytes } from '../../../core/layout/kernelbytes.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { OWN } from '../../../testing/own.ts';
import { onRealKernel, Scratch } from '../scratch.test.ts';
import { textOf } from './cgroup.ts';

/** So many maps of one kind, as a cgroup counts in pages. */
const COUNT = 20;

const hash: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 1000, flags: 0 };
const trie: MapSpec = { type: 'LPMTrie', keySize: 8, valueSize: 4, maxEntries: 10_000, flags: 1 };
/** Maps, and the entries that are written into each. */
const MAPS: readonly (readonly [MapSpec, number])[] = [
  [hash, 0],
  [{ ...hash, maxEntries: 65_536 }, 1],
  [{ ...hash, flags: 1 }, 1000],
  [{ ...hash, flags: 1, maxEntries: 10_000, valueSize: 64 }, 10_000],
  [{ ...hash, flags: 1, maxEntries: 65_536 }, 10],
  [{ ...hash, type: 'LRUHash' }, 0],
  [{ ...hash, type: 'Array', valueSize: 8 }, 0],
  [trie, 1000],
  [trie, 10_000],
  [{ ...trie, keySize: 20, valueSize: 64 }, 1000],
  [{ type: 'RingBuf', keySize: 0, valueSize: 0, maxEntries: 65_536, flags: 0 }, 0],
];

onRealKernel('kernelBytes and the kernel', () => {
  it('within a sixth of what the cgroup counts for maps of each type', async function () {
    const group = Group.make();
    if (group === undefined) this.skip();
    const scratch = new Scratch();
    const kernel = scratch.open();
    try {
      for (const [spec, entries] of MAPS) {
        const before = await group.settled();
        const requests = Array.from({ length: COUNT }, (_, at) => ({
          ...{ spec, name: 'libbpf_bytes', label: spec.type, freeze: false, pins: [scratch.path(`m${at}`)] },
          entries: filled(spec, entries),
        }));
        const maps = await kernel.build(requests);
        const took = ((await group.settled()) - before) / COUNT;
        const { possibleCpus } = kernel;
        const reckoned = nearest(took, reckonings({ spec, entries, possibleCpus }));
        expect(reckoned, `${spec.type} of ${entries} in ${spec.maxEntries}`).to.be.within(
          took * (5 / 6),
          took * (7 / 6),
        );
        for (const [at, map] of maps.entries()) {
          if (map instanceof Error) throw map;
          map.close();
          kernel.pins.unlink(scratch.path(`m${at}`));
        }
      }
    } finally {
      scratch.close();
      await group.leave();
    }
  }).timeout(120_000);
});

/**
 * What kernelBytes says; before 6.13 (3d8dc43eb2a3, which some stable kernels have) nodes of a trie that only part prefixes
 * have no value, so there it may be half that of a trie without values, too.
 */
function reckonings(map: FilledMap): readonly number[] {
  const usual = kernelBytes(map);
  if (map.spec.type !== 'LPMTrie' || !isOlder(release(), '6.13')) return [usual];
  return [usual, (usual + kernelBytes({ ...map, spec: { ...map.spec, valueSize: 0 } })) / 2];
}

function nearest(wanted: number, all: readonly number[]): number {
  return all.reduce((one, two) => (Math.abs(two - wanted) < Math.abs(one - wanted) ? two : one));
}

function filled({ type, keySize, valueSize }: MapSpec, count: number) {
  const keys = new Uint8Array(count * keySize);
  const view = new DataView(keys.buffer);
  for (let at = 0; at < count; at += 1) {
    // Prefixes of full length, spread: each parts from another at a node of its own
    if (type === 'LPMTrie') view.setUint32(at * keySize, (keySize - 4) * 8, true);
    view.setUint32(at * keySize + (type === 'LPMTrie' ? 4 : 0), at * 7919, false);
  }
  return { count, keys, values: new Uint8Array(count * valueSize) };
}

/** A cgroup that this process is in meanwhile. */
class Group {
  readonly #directory: string;
  readonly #before: string;
  readonly #isOld: boolean;

  static make(): Group | undefined {
    const isOld = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes');
    const controllers = textOf('/sys/fs/cgroup/cgroup.subtree_control').split(/\s/);
    return isOld || controllers.includes('memory') ? new Group(isOld) : undefined;
  }

  private constructor(isOld: boolean) {
    const root = isOld ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
    const line = isOld ? /^\d+:memory:(.*)$/m : /^0::(.*)$/m;
    this.#isOld = isOld;
    this.#before = join(root, line.exec(textOf('/proc/self/cgroup'))?.[1] ?? '/');
    this.#directory = join(root, `${OWN}-bytes-${process.pid}`);
    mkdirSync(this.#directory);
    enter(this.#directory);
  }

  /** Kernel memory once it does not shrink any more: what was let go is freed after grace periods. */
  async settled(): Promise<number> {
    let last = this.#bytes();
    for (let same = 0; same < 5; ) {
      await sleep(40);
      const now = this.#bytes();
      same = now === last ? same + 1 : 0;
      last = now;
    }
    return last;
  }

  async leave(): Promise<void> {
    enter(this.#before);
    for (;;)
      try {
        rmdirSync(this.#directory);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
        await sleep(20);
      }
  }

  #bytes(): number {
    if (this.#isOld) return Number(readFileSync(join(this.#directory, 'memory.kmem.usage_in_bytes'), 'utf8'));
    return Number(/^kernel (\d+)$/m.exec(readFileSync(join(this.#directory, 'memory.stat'), 'utf8'))?.[1]);
  }
}

function enter(directory: string): void {
  writeFileSync(join(directory, 'cgroup.procs'), String(process.pid));
}
