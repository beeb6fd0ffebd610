import { type Given, type Ports, UsageError } from '../command.ts';
import { AGENT_PODS, type AgentPod, type ClusterAddress } from './ports.ts';
import { kubectlOptions } from './which.ts';

/** Where the chart mounts the node's bpffs in its agent. */
const BPFFS_IN_POD = '/bpffs';

/** `kubectl innermap get --node NODE [OUTER [KEY]]`: the node's own agent reads its kernel. */
export async function getFromNode(given: Given, ports: Ports, address: ClusterAddress): Promise<number> {
  const node = given.text('node') ?? '';
  if (node === '')
    throw new UsageError(
      'Command get needs --node NAME in a cluster: the node whose kernel to read (of this machine’s: innermap get)',
      'get',
    );
  const pod = await agentOn(ports, address, { node, namespace: given.text('namespace') });
  return ports.inspect.kubectl([
    ...kubectlOptions(address),
    ...['exec', '-n', pod.namespace, pod.name, '-c', pod.container, '--'],
    ...['innermap', 'get', '--bpffs', BPFFS_IN_POD],
    ...(pod.bpffsOnNode === undefined ? [] : ['--bpffs-on-node', pod.bpffsOnNode]),
    ...['-o', given.text('output')!, '--', ...given.operands],
  ]);
}

async function agentOn(
  { inspect }: Ports,
  address: ClusterAddress,
  { node, namespace }: { readonly node: string; readonly namespace: string | undefined },
): Promise<AgentPod> {
  const [pod] = await inspect.agentPods(address, node, namespace);
  if (pod === undefined)
    throw new Error(
      `Cannot read the kernel of node ${node}: no agent Pod is there${namespace === undefined ? '' : ` in namespace ${namespace}`}; \`kubectl get pods -A -o wide -l ${AGENT_PODS}\` lists them`,
    );
  if (pod.notReadyFor === undefined) return pod;
  throw new Error(
    `Cannot read the kernel of node ${node}: its agent Pod is not Ready; \`kubectl logs -n ${pod.namespace} ${pod.name}\` may say why`,
  );
}
