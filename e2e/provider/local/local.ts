import { join } from 'node:path';
import { authorityOf, clientCertificate } from '../../cluster/plane/certificates.ts';
import { startControlPlaneIn } from '../../cluster/plane/controlplane.ts';
import { certified, writeKubeconfig } from '../../cluster/plane/kubeconfig.ts';
import { clusterParts } from '../../cluster/plane/programs.ts';
import { State } from '../../cluster/plane/state.ts';
import type { Provider } from '../provider.ts';
import { Bridge } from './bridge.ts';
import { LocalNode, type NodeParts } from './node.ts';

const MONITOR_GRACE = '20s';
/** The kubelets' certificates and addresses are no names; webhooks and API services are asked at their pods. */
const API_SERVER_FLAGS = ['--kubelet-preferred-address-types=InternalIP', '--enable-aggregator-routing=true'];

/** As on a cluster of kubeadm: pods that do not tolerate it stay away. */
const CONTROL_PLANE = {
  name: 'control',
  taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
};

/** Its nodes are processes of this machine. */
export interface LocalCluster extends Provider {
  /** A node's file system, as this machine sees it. */
  rootOf(node: string): string;
}

/** From nothing to kubelets that start: 5 seconds, where the programs are built. Needs root. */
export async function startLocal(workers: readonly string[]): Promise<LocalCluster> {
  const parts = await clusterParts();
  const network = Bridge.opener(join(parts, 'relay'));
  const plane = await startControlPlaneIn(network, { apiServerFlags: API_SERVER_FLAGS });
  const shared = { state: new State(), plane, parts };
  const nodes = new Map<string, LocalNode>();
  const down = async () => {
    await shared.state.leave();
    await plane.stop();
  };
  try {
    startControllers(shared);
    const all = [CONTROL_PLANE, ...workers.map(name => ({ name, taints: [] }))];
    for (const [at, node] of all.entries()) nodes.set(node.name, new LocalNode(shared, node, at + 1));
    await Promise.all([...nodes.values()].map(node => node.start()));
  } catch (error) {
    const logs = shared.state.tails();
    await down();
    throw new Error(`Cannot start the local cluster: ${(error as Error).message}\n${logs}`);
  }
  return provider(shared, nodes, down);
}

function provider(
  { plane, state }: NodeParts,
  nodes: ReadonlyMap<string, LocalNode>,
  down: () => Promise<void>,
): LocalCluster {
  const of = (name: string): LocalNode => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`Cannot find node ${name}: there are ${[...nodes.keys()]}`);
    return node;
  };
  return {
    name: 'local',
    kubeconfig: plane.kubeconfig,
    kubectl: plane.kubectl,
    nodes: [...nodes.keys()],
    workers: [...nodes.keys()].filter(node => node !== CONTROL_PLANE.name),
    load: async archive => {
      await Promise.all([...nodes.values()].map(node => node.load(archive)));
    },
    rootOf: node => of(node).root,
    run: (node, command, input) => of(node).run(command, input),
    stopNode: node => of(node).stop(),
    startNode: node => of(node).start(),
    cutNode: async (node, isCut) => of(node).cut(isCut),
    killKubelet: node => of(node).killKubelet(),
    stopServer: () => plane.stopServer(),
    startServer: () => plane.startServer(),
    logs: async () =>
      `${plane.logs()}\n${state.tails()}\n${[...nodes.values()].map(node => node.logs()).join('\n')}`,
    down,
  };
}

/** With the bridge's own programs beside the API server: there is one of each, so none waits to lead. */
function startControllers({ state, plane, parts }: NodeParts): void {
  const { directory } = state;
  const authority = authorityOf(plane.certificates);
  const start = (name: string, user: string, flags: readonly string[]): void => {
    const pair = clientCertificate(authority, name, `/CN=system:${user}`);
    const file = join(directory, `${name}.kubeconfig`);
    const config = { url: plane.address, user: certified(pair), authority: authority.certificate };
    const all = [`--kubeconfig=${writeKubeconfig(file, config)}`, '--leader-elect=false', ...flags];
    const [program = '', ...words] = plane.network.inside([join(parts, name), ...all]);
    state.start(name, program, words);
  };
  start('kube-scheduler', 'kube-scheduler', []);
  start('kube-controller-manager', 'kube-controller-manager', [
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${plane.certificates.tokenKey}`,
    `--root-ca-file=${authority.certificate}`,
    `--node-monitor-grace-period=${MONITOR_GRACE}`,
    // Elsewhere it makes /usr/libexec/kubernetes on this machine
    `--flex-volume-plugin-dir=${join(directory, 'plugins')}`,
  ]);
}
