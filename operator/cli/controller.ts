import { present } from '../api/parse/section.ts';
import { LISTEN, LOG, OWN_CLUSTER, processOptions } from './arguments/options.ts';
import { AGENT_PODS } from './cluster/ports.ts';
import {
  type Command,
  type ControllerCommandOptions,
  type Given,
  type Ports,
  UsageError,
} from './command.ts';

/** Where the chart puts it by default. */
const NAMESPACE = 'innermap-system';

export const CONTROLLER: Command = {
  name: 'controller',
  summary: 'sum up in a cluster’s statuses what its nodes report',
  usage: '',
  operands: { least: 0, most: 0 },
  options: [
    ...OWN_CLUSTER,
    {
      name: 'namespace',
      short: 'n',
      value: 'NS',
      summary: `where the agents’ Pods and the Lease are (default: $POD_NAMESPACE, or ${NAMESPACE})`,
    },
    { name: 'agent-selector', value: 'SEL', fallback: AGENT_PODS, summary: 'agents’ Pods' },
    {
      name: 'identity',
      value: 'NAME',
      summary: 'name of this process among those that may lead (default: $POD_NAME, or the host’s name)',
    },
    { name: 'no-leader-election', summary: 'write without a Lease: only where no other controller runs' },
    {
      name: 'relist-jitter',
      value: 'TIME',
      fallback: '5s',
      summary: 'spread lists over this long when they must be asked for again',
    },
    LISTEN,
    ...LOG,
  ],
  notes: [
    'Runs until SIGTERM. Several may run: one leads by a Lease, the others take over within 15 seconds. It touches no kernel\nand no node, and needs no rights but to read, to write statuses and events, and its Lease.',
    'Exit code: 0 stopped, 2 it could not start, or another took its Lease.',
  ],
  examples: [
    { line: 'controller', says: 'in a pod, as the chart deploys it' },
    { line: 'controller --kubeconfig ~/.kube/config --no-leader-election', says: 'from outside, alone' },
  ],
  run: (given, ports) => ports.runController(controllerOptions(given, ports.terminal)),
};

function controllerOptions(given: Given, { env }: Ports['terminal']): ControllerCommandOptions {
  const agentSelector = given.text('agent-selector')!;
  if (agentSelector.trim() === '')
    throw new UsageError(
      'Option --agent-selector cannot be empty: every Pod would be an agent',
      'controller',
    );
  return {
    ...processOptions(given),
    ...present({ identity: given.text('identity') ?? env['POD_NAME'] }),
    namespace: given.text('namespace') ?? env['POD_NAMESPACE'] ?? NAMESPACE,
    agentSelector,
    leaderElection: !given.switched('no-leader-election'),
  };
}
