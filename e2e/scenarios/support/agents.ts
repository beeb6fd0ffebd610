import type { Kubectl } from '../../cluster/kubectl.ts';
import { mustAnswer } from '../../must.ts';
import type { Provider } from '../../provider/provider.ts';
import { SYSTEM } from './logs.ts';

const AGENTS = 'app.kubernetes.io/component=agent';
/** How the agent calls itself (bin/innermap.js). */
const TITLE = 'innermap agent';

/** The agent's pod on a node, as far as tests look at it. */
export interface AgentPod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly ready: boolean;
      readonly state: Readonly<Record<string, { readonly startedAt?: string } | undefined>>;
      readonly lastState: Readonly<Record<string, { readonly reason?: string } | undefined>>;
    }[];
  };
}

export async function agentOn(kubectl: Kubectl, node: string): Promise<AgentPod> {
  const on = ['--field-selector', `spec.nodeName=${node}`, '-o', 'json'];
  const out = await kubectl.must(['get', 'pods', '-n', SYSTEM, '-l', AGENTS, ...on]);
  const { items } = JSON.parse(out) as { readonly items: readonly AgentPod[] };
  if (items[0] === undefined) throw new Error(`Cannot find the agent's pod on ${node}: there is none`);
  return items[0];
}

export function restartsOf({ status }: AgentPod): number {
  return status.containerStatuses?.[0]?.restartCount ?? 0;
}

/** Its process, as the node sees it. */
export async function agentProcess(provider: Provider, node: string): Promise<number> {
  const { out } = await provider.run(node, ['pgrep', '-f', `^${TITLE}`]);
  const pids = out.trim().split('\n').filter(Boolean).map(Number);
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
