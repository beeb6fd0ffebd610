import { setTimeout as sleep } from 'node:timers/promises';
import type { InnerMapStatus } from '../../operator/api/status.ts';
import { type Api, INNER_MAPS, inParallel, makeAgentPod, nameOf, startApi } from './api.ts';
import { NODE, prepare, startOn } from './cluster.ts';
import { startProcess, statusMB } from './process.ts';
import type { Places, Work } from './work.ts';

const ADDRESS = '127.0.0.1:19941';
const LONGEST_WAIT_MS = 240_000;

/**
 * Agent and controller start together on a cluster full of InnerMaps: until every one of them says Ready. Then as many bare
 * patches of statuses, as the same API server answers them to a client that does nothing else.
 */
export const statuses: Work = async ({ bpffs }: Places, { maps = 10_000, entries = 100 }) => {
  const api = await startApi();
  try {
    await prepare(api, { maps, entries });
    await makeAgentPod(api, NODE);
    const before = performance.now();
    const agent = startOn(api, bpffs);
    const controller = startProcess(controllerWords(api));
    try {
      await until(async () => agent.failed() ?? controller.failed() ?? (await writes()) >= maps);
      const seconds = (performance.now() - before) / 1000;
      const written = await writes();
      await mustBeReady(api, maps);
      const rssMB = statusMB(controller.pid, 'VmRSS');
      await Promise.all([agent.stop(), controller.stop()]);
      const bareSeconds = await barePatches(api, maps);
      return { seconds, bareSeconds, ratio: seconds / bareSeconds, writes: written, rssMB };
    } finally {
      await Promise.all([agent.stop(), controller.stop()]);
    }
  } finally {
    await api.stop();
  }
};

function controllerWords({ controlPlane: { kubeconfig } }: Api): readonly string[] {
  const options = ['--no-leader-election', '--listen', ADDRESS, '--log-level', 'error'];
  return ['controller', '--kubeconfig', kubeconfig, ...options];
}

/** Statuses of InnerMaps that the controller has written. */
async function writes(): Promise<number> {
  const text = await fetch(`http://${ADDRESS}/metrics`).then(
    answer => answer.text(),
    () => '',
  );
  const line = text.split('\n').find(each => /status_writes_total\{.*InnerMap.*code="200"/.test(each));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function mustBeReady({ cluster }: Api, maps: number): Promise<void> {
  const { items } = await cluster.page(INNER_MAPS, {});
  const ready = items.filter(object =>
    (object['status'] as InnerMapStatus | undefined)?.conditions.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    ),
  );
  if (ready.length !== maps)
    throw new Error(`Cannot count ${maps} ready InnerMaps: there are ${ready.length}`);
}

async function barePatches({ cluster }: Api, maps: number): Promise<number> {
  const before = performance.now();
  await inParallel(maps, key =>
    cluster.patch(
      { ...INNER_MAPS, namespace: 'default', name: nameOf(key), subresource: 'status' },
      { status: { entries: 0 } },
    ),
  );
  return (performance.now() - before) / 1000;
}

async function until(so: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + LONGEST_WAIT_MS; performance.now() < end; await sleep(50))
    if (await so()) return;
  throw new Error('Cannot wait longer for the statuses');
}
