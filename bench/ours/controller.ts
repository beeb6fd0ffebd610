import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '../../operator/controller/run.ts';
import { SimulatedCluster } from '../../operator/controller/testing/cluster.ts';
import { OBJECTS, stateOf } from '../../operator/controller/testing/fixture.ts';
import { yieldToEventLoop } from '../../operator/timing/sliced.ts';
import type { Work } from './work.ts';

const LONGEST_WAIT_MS = 120_000;
/** A wave's reports come within so many seconds. */
const WAVE_SECONDS = 10;
const LOG = { error: console.error, warn: console.error, info: () => {} };

/**
 * The controller on a simulated cluster of thousands of nodes and InnerMaps, all of which are changed at once: every
 * node then reports once. Told are the seconds of CPU, the simulated server's own included; the status writes; and how
 * long after the last report the last status was right.
 */
export const controller: Work = async (_, { nodes = 5_000, maps = 10_000, entries = 100, selectors = 0 }) => {
  const cluster = new SimulatedCluster();
  const names = Array.from({ length: nodes }, (_, at) => `node-${at}`);
  await fill(cluster, names, { maps, entries, selectors });
  const stop = new AbortController();
  const folds: number[] = [];
  const running = new Controller({
    ...{ cluster, namespace: 'innermap-system', agentSelector: '', identity: 'bench' },
    ...{ leaderElection: false, log: LOG },
    observer: { wrote: () => {}, folded: seconds => folds.push(seconds) },
  });
  const done = running.run(stop.signal);
  await until(() => isAllReady(cluster));
  const idle = memory();
  const stall = watchStalls();
  const before = { cpu: process.cpuUsage(), at: performance.now() };
  cluster.patches.length = 0;
  folds.length = 0;
  await change(cluster, { maps, entries, selectors });
  await reportAll(cluster, names);
  const reportedAt = performance.now();
  await until(() => isAllReady(cluster));
  const { user, system } = process.cpuUsage(before.cpu);
  const measured = {
    seconds: (user + system) / 1e6,
    wallSeconds: (performance.now() - before.at) / 1000,
    delaySeconds: (performance.now() - reportedAt) / 1000,
    writes: cluster.patches.length,
    folds: folds.length,
    longestFoldMs: Math.max(...folds) * 1000,
    stallMs: stall(),
    idleMB: idle,
    rssMB: memory(),
  };
  stop.abort();
  await done;
  return measured;
};

interface Shape {
  readonly maps: number;
  readonly entries: number;
  /** So many nodeSelectors, each of which leaves out some nodes; 0: none. */
  readonly selectors: number;
}

async function fill(cluster: SimulatedCluster, names: readonly string[], shape: Shape): Promise<void> {
  for (const [at, name] of names.entries()) {
    cluster.put(
      'nodes',
      OBJECTS.node(name, { 'kubernetes.io/hostname': name, zone: 'a', group: groupOf(at) }),
    );
    cluster.put('pods', OBJECTS.pod(name));
  }
  cluster.put('outermaps', OBJECTS.outerMap('tenants'));
  await change(cluster, shape, 1);
  for (const name of names) cluster.put('nodemapstates', stateOf(cluster, name));
}

/** One table for all: what the simulated server keeps is not what is measured. */
async function change(
  cluster: SimulatedCluster,
  { maps, entries, selectors }: Shape,
  value = 2,
): Promise<void> {
  const rows = Array.from({ length: entries }, (_, row) => `${row},${value}`);
  const table = ['key,value', ...rows].join('\n');
  for (let map = 0; map < maps; map++) {
    if (map % 20 === 0) await yieldToEventLoop();
    cluster.put(
      'innermaps',
      OBJECTS.innerMap(`map-${map}`, { key: map, table, ...selectorOf(map, selectors) }),
    );
  }
}

const GROUPS = 200;

function groupOf(at: number): string {
  return `g${at % GROUPS}`;
}

/** Selectors that choose nearly all nodes are the dearest. */
function selectorOf(map: number, selectors: number): object {
  if (selectors === 0) return {};
  const values = [groupOf(map % selectors)];
  return { nodeSelector: { matchExpressions: [{ key: 'group', operator: 'NotIn', values }] } };
}

/** Every node in its turn, evenly. */
async function reportAll(cluster: SimulatedCluster, names: readonly string[]): Promise<void> {
  const began = performance.now();
  const everyMs = (WAVE_SECONDS * 1000) / names.length;
  for (const [at, name] of names.entries()) {
    const wait = began + at * everyMs - performance.now();
    if (wait > 1) await sleep(wait);
    cluster.put('nodemapstates', stateOf(cluster, name));
  }
}

function isAllReady(cluster: SimulatedCluster): boolean {
  for (const { metadata, ['status']: status } of cluster.objects('innermaps')) {
    const { observedGeneration, conditions } = (status ?? {}) as {
      readonly observedGeneration?: number;
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
    const ready = conditions?.find(({ type }) => type === 'Ready');
    if (observedGeneration !== metadata.generation || ready?.status !== 'True') return false;
  }
  return true;
}

async function until(so: () => boolean): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MS;
  while (!so()) {
    if (performance.now() > end) throw new Error('Cannot measure: the statuses were never right');
    await sleep(20);
  }
}

/** Answers the longest time for which the event loop stood still. */
function watchStalls(): () => number {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 1);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return longest;
  };
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1e6;
}
