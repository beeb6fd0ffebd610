import type { Kubectl } from '../../cluster/plane/kubectl.ts';
import { mustAnswer } from '../../must.ts';
import type { Provider } from '../../provider/provider.ts';
import { SYSTEM } from './logs.ts';
import { type Pod, podsOf } from './pods.ts';

const AGENTS = { namespace: SYSTEM, label: 'app.kubernetes.io/component=agent' };
/** How the agent calls itself (bin/innermap.js). */
const TITLE = 'innermap agent';

export async function agentOn(kubectl: Kubectl, node: string): Promise<Pod> {
  const [pod] = await podsOf(kubectl, { ...AGENTS, fields: `spec.nodeName=${node}` });
  if (pod === undefined) throw new Error(`Cannot find the agent's pod on ${node}: there is none`);
  return pod;
}

export function restartsOf({ status }: Pod): number {
  return status.containerStatuses?.[0]?.restartCount ?? 0;
}

/** Name and restarts of every agent's pod. */
export async function agentPods(kubectl: Kubectl): Promise<readonly { name: string; restarts: number }[]> {
  const pods = await podsOf(kubectl, AGENTS);
  return pods.map(pod => ({ name: pod.metadata.name, restarts: restartsOf(pod) }));
}

/** What the kernel says of the rights of every process of this title: fields of /proc/PID/status, and how its root is mounted. */
export async function rightsOf(
  provider: Provider,
  title: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const found = await Promise.all(
    provider.nodes.map(async node =>
      Promise.all((await processesOf(provider, node, title)).map(pid => rights(provider, node, pid))),
    ),
  );
  return found.flat();
}

async function rights(
  provider: Provider,
  node: string,
  pid: number,
): Promise<Readonly<Record<string, string>>> {
  const [status, mounts] = await Promise.all(
    ['status', 'mounts'].map(async file => (await provider.run(node, ['cat', `/proc/${pid}/${file}`])).out),
  );
  const fields = status!.split('\n').map(line => line.split(/:?\s+/));
  const root = mounts!.split('\n').find(line => line.split(' ')[1] === '/');
  return {
    ...Object.fromEntries(fields.map(([name, value]) => [name, value ?? ''])),
    root: root?.split(' ')[3]?.split(',')[0] ?? '',
  };
}

/** The processes with this title, as the node numbers them. */
export async function processesOf(
  provider: Provider,
  node: string,
  title: string,
): Promise<readonly number[]> {
  const { out } = await provider.run(node, ['pgrep', '-f', `^${title}`]);
  return out.trim().split('\n').filter(Boolean).map(Number);
}

/** Its process, as the node sees it. */
export async function agentProcess(provider: Provider, node: string): Promise<number> {
  const pids = await processesOf(provider, node, TITLE);
  if (pids.length !== 1)
    throw new Error(`Cannot tell the agent's process on ${node}: there are ${pids.length}`);
  return pids[0]!;
}

/** At once, as by the kernel; the kubelet starts it again. */
export async function killAgent(provider: Provider, node: string): Promise<void> {
  await provider.run(node, ['kill', '-KILL', String(await agentProcess(provider, node))]);
}

/** Waits until the kubelet has started it again so often. */
export async function mustHaveRestarted(kubectl: Kubectl, node: string, times: number): Promise<void> {
  await mustAnswer(`the agent on ${node} has restarted ${times} times`, () => agentOn(kubectl, node), {
    expected: pod => restartsOf(pod) >= times && pod.status.containerStatuses?.[0]?.ready === true,
    seconds: 60,
  });
}
