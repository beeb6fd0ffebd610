import type { Kubectl } from '../../cluster/kubectl.ts';
import { NAMESPACE } from './ground.ts';

const AGENTS = 'app.kubernetes.io/component=agent';

/** The agent's pod on a node: its name. */
export async function agentOn(kubectl: Kubectl, node: string): Promise<string> {
  const on = ['--field-selector', `spec.nodeName=${node}`, '-o', 'jsonpath={.items[0].metadata.name}'];
  return kubectl.must(['get', 'pods', '-n', NAMESPACE, '-l', AGENTS, ...on]);
}
