import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';
import { innerMap, outerMap } from '../../e2e/agent/support/manifests.ts';
import type { Kubectl } from '../../e2e/cluster/plane/kubectl.ts';
import { declareCrowd } from '../../e2e/cluster/support/crowd.ts';
import { StatusWatch } from '../../e2e/cluster/support/statuswatch.ts';
import { mustAnswer, objectAt } from '../../e2e/must.ts';
import { type LocalCluster, startLocal } from '../../e2e/provider/local/local.ts';
import { agentOn, agentProcess, processesOf } from '../../e2e/scenarios/support/agents.ts';
import { ClusterFixture } from '../../e2e/scenarios/support/clusterfixture.ts';
import { SYSTEM } from '../../e2e/scenarios/support/logs.ts';
import { metricOf } from '../../e2e/scenarios/support/metrics.ts';
import { quantile } from '../measure.ts';
import { OUTER_NAME } from './declared.ts';
import { openOuter } from './outerfd.ts';
import { processorSeconds, startedAfter, statusMB } from './process.ts';
import type { Work } from './work.ts';

const WORKERS = ['worker-1', 'worker-2'];
/** Longer than the second in which an agent tells no more than once. */
const BETWEEN_CHANGES_MS = 1_200;
const PATIENCE_MS = 60_000;
const KEY = 7;
const LARGE = 'large';
const LARGE_INNER = { type: 'Hash', maxEntries: 128, key: 'u32', value: 'u32' };
const SETTLED_MS = 5_000;

/** The chart as it comes, on real nodes: what a user of kubectl sees, and what the agent takes in its pod. */
export const nodes: Work = async (_, { edits = 100, seconds = 60, maps = 10_000, entries = 100 }) => {
  const cluster = await startLocal(WORKERS);
  const fixture = await ClusterFixture.on(cluster, []);
  try {
    const { kubectl } = cluster;
    await put(kubectl, outerMap(OUTER_NAME));
    const startSeconds = await measuredStart(cluster);
    const times = await changes(cluster, edits);
    const idle = await idlePod(cluster, seconds);
    const loaded = await loadedPods(cluster, { maps, entries });
    return { ...times, ...idle, ...loaded, startSeconds, seconds: times['readyP50Ms']! / 1000 };
  } finally {
    await fixture.down();
  }
};

/** From before kubectl starts until every node's outer map has the new inner map, and until Ready says so. */
async function changes(cluster: LocalCluster, edits: number): Promise<Record<string, number>> {
  const kernel: number[] = [];
  const ready: number[] = [];
  const client: number[] = [];
  await put(cluster.kubectl, version(0));
  let generation = 0;
  const watch = await StatusWatch.open(cluster, 'innermaps', seen => {
    if (seen.isReady) generation = Math.max(generation, seen.generation);
  });
  await cluster.kubectl.must(['wait', '--for=condition=Ready', 'im/bench', '--timeout=50s']);
  const outers = cluster.nodes.map(node => openOuter(join(cluster.rootOf(node), 'sys/fs/bpf', OUTER_NAME)));
  for (let number = 1; number <= edits; number++) {
    await sleep(BETWEEN_CHANGES_MS);
    const before = outers.map(outer => outer(KEY));
    const start = performance.now();
    const applied = put(cluster.kubectl, version(number)).then(() => client.push(performance.now() - start));
    await until(() => outers.every((outer, at) => outer(KEY) !== before[at]));
    kernel.push(performance.now() - start);
    await until(() => generation > number);
    ready.push(performance.now() - start);
    await applied;
  }
  await watch.close();
  const [kernelMs, readyMs, kubectlMs] = [kernel, ready, client].map(all => all.toSorted((a, b) => a - b));
  return {
    kernelP50Ms: quantile(kernelMs!, 0.5),
    kernelP99Ms: quantile(kernelMs!, 0.99),
    readyP50Ms: quantile(readyMs!, 0.5),
    readyP99Ms: quantile(readyMs!, 0.99),
    kubectlP50Ms: quantile(kubectlMs!, 0.5),
  };
}

/** What the kernel says of an agent that has nothing to do. */
async function idlePod(cluster: LocalCluster, seconds: number): Promise<Record<string, number>> {
  const [node] = WORKERS;
  const pid = await agentProcess(cluster, node!);
  const proc = procOf(cluster, node!);
  const before = processorSeconds(pid, proc);
  await sleep(seconds * 1000);
  const after = processorSeconds(pid, proc);
  const groups = readFileSync(`${proc}/${pid}/cgroup`, 'utf8');
  return {
    rssMB: statusMB(pid, 'VmRSS', proc),
    podMB: Number(readFileSync(memoryFile(groups), 'utf8')) / 2 ** 20,
    idleSeconds: ((after - before) * 60) / seconds,
  };
}

/** All the InnerMaps come at once, each with its entries: what the processes have taken when every node holds them. */
async function loadedPods(cluster: LocalCluster, { maps, entries }: Shape): Promise<Record<string, number>> {
  const { kubectl } = cluster;
  await put(kubectl, outerMap(LARGE, { maxEntries: 2 * maps, inner: LARGE_INNER }));
  const all = Array.from({ length: maps }, (_, key) =>
    innerMap(`default/large-${key}`, { outerMap: LARGE, key }, pairsOf(key, entries)),
  );
  await declareCrowd(cluster, all);
  const declared = performance.now();
  const ask = async () => (await objectAt<States>(kubectl, 'nms'))?.items ?? [];
  await mustAnswer(`${maps} InnerMaps are on every node`, ask, {
    expected: states => states.every(state => heldBy(state) === maps),
    seconds: 180,
  });
  const lastSeconds = (performance.now() - declared) / 1000;
  await sleep(SETTLED_MS);
  const agents = await Promise.all(WORKERS.map(node => residentMB(cluster, 'innermap agent', node)));
  const controllers = await Promise.all(
    cluster.nodes.map(node => residentMB(cluster, 'innermap controller', node)),
  );
  return { lastSeconds, loadedRssMB: Math.max(...agents), controllerRssMB: Math.max(...controllers) };
}

/** No two inner maps have equal contents, which would be one map in the kernel. */
function pairsOf(map: number, count: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from({ length: count }, (_, key) => [key, map * count + key]));
}

interface Shape {
  readonly maps: number;
  readonly entries: number;
}

interface State {
  readonly status?: { readonly outerMaps: readonly { readonly name: string; readonly innerMaps: number }[] };
}

interface States {
  readonly items: readonly State[];
}

function heldBy({ status }: State): number {
  return status?.outerMaps.find(({ name }) => name === LARGE)?.innerMaps ?? 0;
}

/** Of the largest process with this title on a node; 0 where there is none. */
async function residentMB(cluster: LocalCluster, title: string, node: string): Promise<number> {
  const pids = await processesOf(cluster, node, title);
  return Math.max(0, ...pids.map(pid => statusMB(pid, 'VmRSS', procOf(cluster, node))));
}

function procOf(cluster: LocalCluster, node: string): string {
  return join(cluster.rootOf(node), 'proc');
}

/** What the cgroup of a process has taken, by /proc/PID/cgroup: version 1 where it has the memory controller. */
function memoryFile(groups: string): string {
  const old = /^\d+:memory:(.*)$/m.exec(groups)?.[1];
  if (old !== undefined) return join('/sys/fs/cgroup/memory', old, 'memory.usage_in_bytes');
  return join('/sys/fs/cgroup', /^0::(.*)$/m.exec(groups)?.[1] ?? '', 'memory.current');
}

/** A new pod of the agent: from the start of its process to the end of its first turn. */
async function measuredStart(cluster: LocalCluster): Promise<number> {
  const [node] = WORKERS;
  const { kubectl } = cluster;
  const old = await agentOn(kubectl, node!);
  await kubectl.must(['delete', 'pod', '-n', SYSTEM, old.metadata.name]);
  const ask = async (): Promise<number> => {
    const { metadata, status } = await agentOn(kubectl, node!);
    if (metadata.uid === old.metadata.uid || status.containerStatuses?.[0]?.ready !== true) return 0;
    // Idle, it turns again only after the resync's 30 s
    return metricOf(kubectl, node!, { name: 'innermap_last_turn_timestamp_seconds' });
  };
  const turned = await mustAnswer('the new agent’s first turn', ask, { expected: time => time > 0 });
  return turned - (await startOf(cluster, node!)) / 1000;
}

/** When the agent's process began, in milliseconds since 1970, to a hundredth of a second. */
async function startOf(cluster: LocalCluster, node: string): Promise<number> {
  const pid = await agentProcess(cluster, node);
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return Date.now() - (uptime - startedAfter(pid, procOf(cluster, node))) * 1000;
}

function version(number: number): object {
  return innerMap('default/bench', { outerMap: OUTER_NAME, key: KEY }, { 1: number });
}

async function put(kubectl: Kubectl, object: object): Promise<void> {
  await kubectl.must(['apply', '-f', '-'], JSON.stringify(object));
}

async function until(so: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !so(); await nextTick())
    if (performance.now() > end) throw new Error('Cannot wait longer for the nodes');
}
