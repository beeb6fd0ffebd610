import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { run } from '../../native/stage.ts';
import type { Entries } from '../../operator/core/entries.ts';
import type { MapSpec } from '../../operator/core/mapspec.ts';
import { KernelError } from '../../operator/kernel/error.ts';
import type { Failed, OpenMap } from '../../operator/kernel/kernel.ts';
import { openKernel, type RealKernel } from '../../operator/kernel/libbpf/kernel.ts';
import { type LoadedAgentFixture, useLoadedAgent } from '../agent/support/loadedagent.ts';

const CYCLES = 100_000;
const WAVE = 2_000;
/** Waves before the first look: pools and caches fill once. */
const WARM_UP = 5;
/** Other programs of this machine move it as well. A leak of one inner map a cycle would be some 400 MB. */
const TOLERANCE_MB = 64;
const PATIENCE_SECONDS = 20;

const OUTER: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: WAVE, flags: 0 };
const INNER: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 };
const ENTRIES: Entries = { count: 8, keys: numbers(8), values: numbers(8) };
/** Of this run alone: others make maps meanwhile. */
const NAME = `cycle${process.pid}`.slice(0, 15);

describe(`${CYCLES.toLocaleString('en')} inner maps made and deleted`, function () {
  this.timeout(120_000);
  const fixture = useLoadedAgent();

  it('the kernel’s maps and memory, and this process’s files and memory are where they were', async () => {
    const cycling = new Cycling(fixture());
    try {
      for (let wave = 0; wave < WARM_UP; wave++) await cycling.wave();
      const before = await settled(({ maps }) => maps === 0);
      const start = performance.now();
      for (let wave = 0; wave < CYCLES / WAVE; wave++) await cycling.wave();
      const seconds = (performance.now() - start) / 1000;
      const after = await settled(level => risen(before, level).length === 0);
      console.log(
        `      ${seconds.toFixed(1)} s; before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`,
      );
      expect(risen(before, after), JSON.stringify({ before, after })).to.deep.equal([]);
    } finally {
      cycling.close();
    }
  });
});

/** Makes, fills, seals, pins, inserts, removes, unpins. */
class Cycling {
  readonly #kernel: RealKernel;
  readonly #outer: OpenMap;
  readonly #pins: readonly string[];

  constructor(fixture: LoadedAgentFixture) {
    this.#kernel = openKernel({ bpffs: fixture.bpffs });
    this.#outer = this.#kernel.createOuter(OUTER, INNER, 'cycles');
    this.#pins = Array.from({ length: WAVE }, (_, at) => fixture.pin(`cycle-${at}`));
  }

  async wave(): Promise<void> {
    const given = { spec: INNER, name: NAME, entries: ENTRIES };
    const requests = this.#pins.map((pin, at) => ({
      ...given,
      pins: [pin],
      label: `a/${at}`,
      freeze: at % 16 === 0,
    }));
    const inners = (await this.#kernel.build(requests)).map(map => {
      if (map instanceof KernelError) throw map;
      return map;
    });
    const keys = numbers(WAVE);
    throwFirst(await this.#kernel.replace(this.#outer, keys, inners));
    for (const inner of inners) inner.close();
    throwFirst(await this.#kernel.remove(this.#outer, keys));
    for (const pin of this.#pins) this.#kernel.pins.unlink(pin);
  }

  close(): void {
    this.#outer.close();
    this.#kernel.close();
  }
}

interface Level {
  readonly maps: number;
  readonly files: number;
  readonly kernelMB: number;
  readonly processMB: number;
}

function level(): Level {
  globalThis.gc?.();
  return {
    maps: mapsNamed(NAME),
    files: readdirSync('/proc/self/fd').length,
    kernelMB: kernelMemory(),
    processMB: Math.round(process.memoryUsage.rss() / 1024 / 1024),
  };
}

/** The kernel frees maps some grace periods after their last reference went. */
async function settled(expected: (level: Level) => boolean): Promise<Level> {
  let now = level();
  for (let second = 0; second < PATIENCE_SECONDS && !expected(now); second++) {
    await sleep(1000);
    now = level();
  }
  return now;
}

function risen(before: Level, after: Level): readonly string[] {
  const limits = { maps: 0, files: 0, kernelMB: TOLERANCE_MB, processMB: TOLERANCE_MB };
  const names = Object.keys(limits) as (keyof Level)[];
  return names.filter(name => after[name] - before[name] > limits[name]);
}

function mapsNamed(name: string): number {
  const maps = JSON.parse(run('bpftool', '-j', 'map', 'show')) as readonly { readonly name?: string }[];
  return maps.filter(map => map.name === name).length;
}

/** Where the kernel accounts eBPF maps and what belongs to them. */
function kernelMemory(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const kilobytes = ['Slab', 'VmallocUsed', 'Percpu'].map(field =>
    Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0),
  );
  return Math.round(kilobytes.reduce((sum, each) => sum + each, 0) / 1024);
}

function numbers(count: number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: count }, (_, at) => at).buffer);
}

function throwFirst(failed: Failed): void {
  for (const error of failed.values()) throw error;
}
