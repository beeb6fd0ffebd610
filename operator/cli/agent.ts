import { RELEASE_ANNOTATION } from '../api/metadata.ts';
import { present } from '../api/parse/section.ts';
import {
  BPFFS,
  BPFFS_ON_NODE,
  directoryOnNode,
  duration,
  LISTEN,
  LOG,
  NODE,
  nodeOptions,
  OWN_CLUSTER,
  outputOption,
  processOptions,
  RELEASE,
} from './arguments/options.ts';
import { type AgentOptions, type Command, EXIT, type Given, type Ports, UsageError } from './command.ts';
import { DEFAULT_REPORT, isReady, statusText } from './report/text.ts';

export const AGENT: Command = {
  name: 'agent',
  summary: 'keep this node’s outer maps as a cluster’s objects, or a folder of manifests, declare them',
  usage: '[--manifests DIR]',
  operands: { least: 0, most: 0 },
  options: [
    {
      name: 'manifests',
      value: 'DIR',
      repeated: true,
      summary: 'a folder, or a file, of OuterMaps and InnerMaps, instead of a cluster',
    },
    ...OWN_CLUSTER,
    { name: 'once', summary: 'one turn, then end: 0 all ready, 1 something is not' },
    BPFFS,
    BPFFS_ON_NODE,
    {
      name: 'resync',
      value: 'TIME',
      fallback: '30s',
      summary: 'compare the outer maps with the kernel this often',
    },
    {
      name: 'content-resync',
      value: 'TIME',
      fallback: '120s',
      summary: 'compare every entry of every inner map once in this time',
    },
    {
      name: 'report',
      value: 'FILE',
      fallback: DEFAULT_REPORT,
      summary: 'where to write what `status` shows (folder)',
    },
    {
      name: 'relist-jitter',
      value: 'TIME',
      fallback: '5s',
      summary: 'spread lists over this long when all agents must list again (cluster)',
    },
    LISTEN,
    ...NODE,
    RELEASE,
    ...LOG,
    outputOption('table', 'json'),
  ],
  notes: [
    'Without --manifests it reads the objects of the cluster whose pod it runs in, or that --kubeconfig names, and\nwrites the NodeMapState of its node; --node is then the name of the Node (in a pod: $NODE_NAME).',
    'Runs until SIGTERM or Ctrl-C, and leaves every map in place when it ends. A change of a manifest is in the\nkernel within moments; what somebody else changes in the kernel is found and repaired at the next resync.',
    'Needs root, or CAP_BPF and a bpffs that it may write to. --output is for --once. In a container, --bpffs-on-node\nis where programs of the node find the pins: status, messages and logs name paths below it.',
  ],
  examples: [
    {
      line: 'agent --kubeconfig ~/.kube/config --node node-a',
      says: 'as a cluster’s objects say, from outside a pod',
    },
    { line: 'agent --manifests ./maps', says: 'keep the kernel as the folder says' },
    { line: 'agent --manifests ./maps --once', says: 'program once, show what became of each map' },
    { line: 'agent --manifests ./maps --node-label zone=a', says: 'with a label that node selectors see' },
    {
      line: 'agent --manifests ./maps --release-removal 3f9a1c',
      says: 'let a removal go on that was held, by the token of its message',
    },
  ],
  run,
};

async function run(given: Given, ports: Ports): Promise<number> {
  const options = agentOptions(given, ports.terminal);
  if (!given.switched('once')) {
    if (given.text('output') === 'json')
      throw new UsageError('Option --output is for --once: add --once, or --log-format json', 'agent');
    return ports.runAgent(options);
  }
  const report = await ports.runOnce(options);
  const { terminal } = ports;
  if (given.text('output') === 'json') terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  else terminal.out(statusText(report, terminal));
  return isReady(report) ? EXIT.done : EXIT.attention;
}

function agentOptions(given: Given, { env }: Ports['terminal']): AgentOptions {
  const manifests = given.list('manifests');
  const isCluster = given.switched('kubeconfig') || given.switched('context');
  if (manifests.length > 0 && isCluster)
    throw new UsageError('Command agent takes --manifests or a cluster: leave one out', 'agent');
  if (manifests.length === 0 && given.list('node-label').length > 0)
    throw new UsageError('Option --node-label is for --manifests: a cluster’s Node has labels', 'agent');
  if (manifests.length === 0 && given.list('release-removal').length > 0)
    throw new UsageError(
      `Option --release-removal is for --manifests: in a cluster annotate the OuterMap, or the NodeMapState, with ${RELEASE_ANNOTATION}`,
      'agent',
    );
  const node = given.text('node') ?? (manifests.length === 0 ? env['NODE_NAME'] : undefined);
  return {
    ...processOptions(given),
    ...nodeOptions(given),
    ...present({ node }),
    bpffsOnNode: directoryOnNode(given),
    manifests,
    resyncMs: duration(given, 'resync'),
    contentResyncMs: duration(given, 'content-resync'),
    report: given.text('report')!,
  };
}
