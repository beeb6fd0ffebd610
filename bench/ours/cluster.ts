import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeMapStateStatus } from '../../operator/api/status.ts';
import { quantile } from '../measure.ts';
import {
  type Api,
  entriesOf,
  INNER_MAPS,
  makeInnerMaps,
  makeNode,
  makeOuterMap,
  nameOf,
  type Shape,
  STATES,
  startApi,
} from './api.ts';
import { OUTER_NAME } from './declared.ts';
import { openOuter } from './outerfd.ts';
import { type Running, startProcess, statusMB } from './process.ts';
import type { Places, Work } from './work.ts';

export const NODE = 'bench-node';
const LONGEST_WAIT_MS = 120_000;
/** As at a steady pace of five changes a second. */
const BETWEEN_CHANGES_MS = 200;

/** From the start of the agent to the last of the objects' contents in the kernel of an empty node, and until its state says so. */
export const load: Work = async ({ bpffs }: Places, { maps = 10_000, entries = 100 }) => {
  const shape = { maps, entries };
  const api = await startApi();
  try {
    await prepare(api, shape);
    const before = performance.now();
    const agent = startOn(api, bpffs);
    try {
      await until(() => agent.failed() ?? existsSync(join(bpffs, OUTER_NAME)));
      await until(() => agent.failed() ?? isThere(bpffs, maps - 1));
      const seconds = (performance.now() - before) / 1000;
      await untilTold(api, maps);
      const toldSeconds = (performance.now() - before) / 1000;
      await sleep(3_000);
      const [rssMB, peakMB] = [statusMB(agent.pid, 'VmRSS'), statusMB(agent.pid, 'VmHWM')];
      return { seconds, toldSeconds, rssMB, peakMB };
    } finally {
      await agent.stop();
    }
  } finally {
    await api.stop();
  }
};

/** From the answer to a PATCH to the first look that finds the new inner map in the kernel. */
export const change: Work = async ({ bpffs }: Places, { maps = 100, entries = 10, edits = 200 }) => {
  const shape = { maps, entries };
  const api = await startApi();
  try {
    await prepare(api, shape);
    const agent = startOn(api, bpffs);
    try {
      await untilTold(api, maps);
      const milliseconds = await changes(api, bpffs, { ...shape, edits });
      const [p50Ms, p99Ms] = [quantile(milliseconds, 0.5), quantile(milliseconds, 0.99)];
      return { seconds: p50Ms / 1000, p50Ms, p99Ms, worstMs: milliseconds.at(-1)! };
    } finally {
      await agent.stop();
    }
  } finally {
    await api.stop();
  }
};

async function changes(
  { cluster }: Api,
  bpffs: string,
  { maps, entries, edits }: Shape & { readonly edits: number },
): Promise<readonly number[]> {
  const outer = openOuter(join(bpffs, OUTER_NAME));
  const milliseconds: number[] = [];
  for (let number = 1; number <= edits; number++) {
    await sleep(BETWEEN_CHANGES_MS);
    const key = number % maps;
    const place = { ...INNER_MAPS, namespace: 'default', name: nameOf(key) };
    const before = outer(key);
    await cluster.patch(place, { spec: { entries: entriesOf(key, entries, number) } });
    const answered = performance.now();
    while (outer(key) === before)
      if (performance.now() - answered > LONGEST_WAIT_MS)
        throw new Error(`Cannot see the change of key ${key}`);
    milliseconds.push(performance.now() - answered);
  }
  return milliseconds.toSorted((one, other) => one - other);
}

export async function prepare(api: Api, shape: Shape): Promise<void> {
  await makeNode(api, NODE);
  await makeOuterMap(api, shape);
  await makeInnerMaps(api, shape);
}

export function startOn({ controlPlane }: Api, bpffs: string): Running {
  const { kubeconfig } = controlPlane;
  const words = [
    'agent',
    '--kubeconfig',
    kubeconfig,
    '--node',
    NODE,
    '--bpffs',
    bpffs,
    '--log-level',
    'warn',
  ];
  return startProcess(words);
}

/** All of the wave comes with one batch, but for its end: the last key is the last to come. */
function isThere(bpffs: string, key: number): boolean {
  try {
    return openOuter(join(bpffs, OUTER_NAME))(key) > 0;
  } catch {
    return false;
  }
}

async function untilTold({ cluster }: Api, maps: number): Promise<void> {
  for (const end = performance.now() + LONGEST_WAIT_MS; performance.now() < end; await sleep(10)) {
    const state = await cluster.get({ ...STATES, name: NODE }).catch(() => undefined);
    const status = state?.['status'] as NodeMapStateStatus | undefined;
    const [outer] = status?.outerMaps ?? [];
    if (outer?.innerMaps === maps && outer.programmedResourceVersion !== undefined) return;
  }
  throw new Error(`Cannot wait longer for the state of ${NODE}`);
}

async function until(ask: () => boolean): Promise<void> {
  for (const end = performance.now() + LONGEST_WAIT_MS; performance.now() < end; await sleep(2))
    if (ask()) return;
  throw new Error('Cannot wait longer for the agent');
}
