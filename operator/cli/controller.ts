import { CONTEXT, duration, KUBECONFIG, LOG } from './arguments/options.ts';
import {
  type Command,
  type ControllerCommandOptions,
  type Given,
  type Ports,
  UsageError,
} from './command.ts';

/** Where the chart puts it, unless told otherwise. */
const NAMESPACE = 'innermap-system';
const AGENT_PODS = 'app.kubernetes.io/name=innermap-operator,app.kubernetes.io/component=agent';

export const CONTROLLER: Command = {
  name: 'controller',
  summary: 'sum up in a cluster’s statuses what its nodes report',
  usage: '',
  operands: { least: 0, most: 0 },
  options: [
    KUBECONFIG,
    CONTEXT,
    {
      name: 'namespace',
      short: 'n',
      value: 'NS',
      summary: `where the agents’ Pods and the Lease are (default: $POD_NAMESPACE, or ${NAMESPACE})`,
    },
    {
      name: 'agent-selector',
      value: 'SEL',
      fallback: AGENT_PODS,
      summary: 'agents’ Pods',
    },
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
    { name: 'listen', value: 'ADDRESS', summary: 'serve /metrics, /healthz and /readyz here, such as :9940' },
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
  const [kubeconfig, context, listen] = ['kubeconfig', 'context', 'listen'].map(name => given.text(name));
  const agentSelector = given.text('agent-selector')!;
  if (agentSelector.trim() === '')
    throw new UsageError(
      'Option --agent-selector cannot be empty: every Pod would be an agent',
      'controller',
    );
  const identity = given.text('identity') ?? env['POD_NAME'];
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(listen === undefined ? {} : { listen }),
    ...(identity === undefined ? {} : { identity }),
    namespace: given.text('namespace') ?? env['POD_NAMESPACE'] ?? NAMESPACE,
    agentSelector,
    leaderElection: !given.switched('no-leader-election'),
    relistJitterMs: duration(given, 'relist-jitter'),
    logLevel: given.text('log-level')!,
    logFormat: given.text('log-format') === 'json' ? 'json' : 'text',
  };
}
