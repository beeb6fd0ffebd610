import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Entries } from '../operator/core/entries.ts';
import type { MapSpec } from '../operator/core/mapspec.ts';
import { KernelError } from '../operator/kernel/error.ts';
import type { Kernel, OpenMap } from '../operator/kernel/kernel.ts';
import { openKernel } from '../operator/kernel/libbpf/kernel.ts';
import { inScratch, removeOnSignals } from './scratch.ts';

const HELP = `npm run soak -- [--cycles N]

  Makes, fills, pins, inserts, removes and unpins N inner maps (1,000,000) through the agent's own kernel adapter,
  and checks that the kernel's maps and memory, and this process's descriptors and memory, are where they were.

Exit status: 0 they are, 1 something is left, 2 it could not run.
`;

/** As many inner maps are alive at once. */
const WAVE = 2_000;
/** Waves before the first reading: caches and pools fill once. */
const WARM_UP = 5;
/** Maps are freed some grace periods after their last reference went. */
const PATIENCE_SECONDS = 30;
/** What other programs of the machine and the allocator's own reserves may move meanwhile. */
const TOLERANCE_MB = 32;

const OUTER: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: WAVE, flags: 0 };
const INNER: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 };

const ENTRIES: Entries = { count: 8, keys: numbered(8), values: numbered(8) };

/** Everything that must be back where it was. */
interface Level {
  readonly maps: number;
  readonly descriptors: number;
  readonly kernelMB: number;
  readonly processMB: number;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cycles: { type: 'string', default: '1000000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const waves = Math.ceil(Number(values.cycles) / WAVE);
  if (values.help || !(waves > 0)) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  removeOnSignals();
  return inScratch(({ bpffs }) => soak(bpffs, waves));
}

async function soak(bpffs: string, waves: number): Promise<number> {
  const kernel = openKernel({ bpffs });
  const outer = kernel.createOuter(OUTER, INNER, 'soak');
  try {
    for (let number = 0; number < WARM_UP; number++) await wave(kernel, outer, bpffs);
    const before = await calm();
    const started = performance.now();
    for (let number = 1; number <= waves; number++) {
      await wave(kernel, outer, bpffs);
      progress(number, waves);
    }
    const seconds = (performance.now() - started) / 1000;
    const after = await settled(before);
    process.stdout.write(reportText(waves * WAVE, seconds, before, after));
    return risen(before, after).length === 0 ? 0 : 1;
  } finally {
    outer.close();
    kernel.close();
  }
}

/** A generation of inner maps: made, filled, pinned, inserted; then removed, unpinned and gone. */
async function wave(kernel: Kernel, outer: OpenMap, bpffs: string): Promise<void> {
  const keys = new Uint8Array(Uint32Array.from({ length: WAVE }, (_, key) => key).buffer);
  const pins = Array.from({ length: WAVE }, (_, key) => `${bpffs}/${key}`);
  const built = await kernel.build(
    pins.map((pin, key) => ({
      spec: INNER,
      name: 'soak',
      label: `soak/${key}`,
      entries: ENTRIES,
      freeze: key % 16 === 0,
      pins: [pin],
    })),
  );
  const inners = built.map(map => {
    if (map instanceof KernelError) throw map;
    return map;
  });
  refuseFailures(await kernel.replace(outer, keys, inners));
  for (const inner of inners) inner.close();
  refuseFailures(await kernel.remove(outer, keys));
  for (const pin of pins) kernel.pins.unlink(pin);
}

function numbered(count: number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: count }, (_, at) => at).buffer);
}

function refuseFailures(failed: ReadonlyMap<number, KernelError>): void {
  for (const error of failed.values()) throw error;
}

/** The level once the number of maps no longer falls: what went before is still being freed. */
async function calm(): Promise<Level> {
  let now = level();
  for (let second = 0; second < PATIENCE_SECONDS; second++) {
    await sleep(1000);
    const next = level();
    if (next.maps >= now.maps) return next;
    now = next;
  }
  return now;
}

/** The level after the last wave, once nothing has risen or patience has ended. */
async function settled(before: Level): Promise<Level> {
  let now = level();
  for (let second = 0; second < PATIENCE_SECONDS && risen(before, now).length > 0; second++) {
    await sleep(1000);
    now = level();
  }
  return now;
}

function risen(before: Level, after: Level): readonly (keyof Level)[] {
  const rise = (name: keyof Level) => after[name] - before[name];
  return [
    ...(['maps', 'descriptors'] as const).filter(name => rise(name) > 0),
    ...(['kernelMB', 'processMB'] as const).filter(name => rise(name) > TOLERANCE_MB),
  ];
}

function level(): Level {
  globalThis.gc?.();
  return {
    maps: (JSON.parse(execFileSync('bpftool', ['--json', 'map', 'show'], { encoding: 'utf8' })) as unknown[])
      .length,
    descriptors: readdirSync('/proc/self/fd').length,
    kernelMB: kernelMemory(),
    processMB: process.memoryUsage.rss() / (1024 * 1024),
  };
}

/** Where the kernel accounts eBPF maps and what belongs to them. */
function kernelMemory(): number {
  const lines = readFileSync('/proc/meminfo', 'utf8').split('\n');
  const fields = ['Slab', 'VmallocUsed', 'Percpu'].map(
    name => lines.find(line => line.startsWith(`${name}:`)) ?? '',
  );
  return fields.reduce((sum, line) => sum + Number.parseInt(line.split(/\s+/)[1] ?? '0', 10), 0) / 1024;
}

function progress(number: number, waves: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(
    `\rsoak: ${(number * WAVE).toLocaleString('en')} of ${(waves * WAVE).toLocaleString('en')}`,
  );
  if (number === waves) process.stderr.write('\n');
}

function reportText(cycles: number, seconds: number, before: Level, after: Level): string {
  const left = risen(before, after);
  const rows = (Object.keys(before) as (keyof Level)[]).map(name => {
    const [from, to] = [before[name], after[name]].map(value => value.toFixed(name.endsWith('MB') ? 1 : 0));
    return `${name.padEnd(12)} ${from!.padStart(10)} before ${to!.padStart(10)} after${left.includes(name) ? '   LEFT BEHIND' : ''}\n`;
  });
  return `${cycles.toLocaleString('en')} inner maps made and removed in ${seconds.toFixed(1)} s\n${rows.join('')}`;
}
