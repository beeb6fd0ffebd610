import { asOnNode, type Bpffs } from '../core/report/onnode.ts';
import {
  BPFFS,
  BPFFS_ON_NODE,
  CLUSTER,
  directory,
  directoryOnNode,
  namespaceOption,
  outputOption,
} from './arguments/options.ts';
import { getFromNode } from './cluster/get.ts';
import { clusterMeant, refuseClusterOptions } from './cluster/which.ts';
import { type Command, EXIT, type Given, type Ports, UsageError } from './command.ts';
import { getInnerMap } from './get/innermap.ts';
import { getKeys } from './get/keys.ts';
import { getOuterMaps } from './get/outermaps.ts';

export const GET: Command = {
  name: 'get',
  summary: 'show what the kernel holds now, decoded by the declared types',
  usage: '[OUTER [KEY]]',
  operands: { least: 0, most: 2 },
  options: [
    ...CLUSTER,
    { name: 'node', value: 'NAME', summary: 'of this node of the cluster, by its agent' },
    namespaceOption('where the agents are (default: wherever they are)'),
    BPFFS,
    BPFFS_ON_NODE,
    outputOption('table', 'yaml', 'json'),
  ],
  notes: [
    'Without arguments: the outer maps that this operator made or adopted here. With OUTER: its keys. With OUTER and\nKEY: the entries of the inner map there; -o yaml gives them as an InnerMap.',
    'Reads the kernel, never a manifest. Needs root, or CAP_BPF: then inner maps that others made are read through the outer\nmap, but for large ones and those of per-CPU types and LPMTrie, which need CAP_SYS_ADMIN.',
    'With --node, as kubectl innermap or with --kubeconfig or --context: the same in the Pod of that node’s agent, by\nkubectl exec, with its output and exit code. Needs kubectl, and the right to exec into the Pod.',
  ],
  examples: [
    { line: 'get', says: 'which outer maps there are' },
    { line: 'get tenants', says: 'the keys of one' },
    { line: 'get tenants 10.1.0.7', says: 'the entries of one inner map' },
    { line: 'get tenants 10.1.0.7 -o yaml', says: 'the same as a manifest' },
    { line: 'get flows port=443,proto=6', says: 'where the key is a struct' },
    { line: 'get tenants 10.1.0.7 --node worker-1 --context prod', says: 'what a node’s kernel holds' },
    { line: 'get offsets -- -5', says: 'where the key begins with a dash' },
  ],
  run,
};

async function run(given: Given, ports: Ports): Promise<number> {
  const [outer, key] = given.operands;
  if (outer === '' || key === '') throw new UsageError('OUTER and KEY cannot be empty', 'get');
  const address = clusterMeant(given, ports.terminal, ['bpffs', 'bpffs-on-node']);
  if (address !== undefined) return getFromNode(given, ports, address);
  refuseClusterOptions(given, 'get', 'node', 'namespace');
  const bpffs = { root: directory(given), onNode: directoryOnNode(given) };
  try {
    await getHere(given, ports, bpffs);
  } catch (error) {
    if (error instanceof Error) error.message = asOnNode(bpffs, error.message);
    throw error;
  }
  return EXIT.done;
}

async function getHere(given: Given, { openKernel, terminal }: Ports, bpffs: Bpffs): Promise<void> {
  const [outer, key] = given.operands;
  const kernel = openKernel(bpffs.root);
  const view = { kernel, bpffs, output: given.text('output')!, terminal };
  try {
    if (outer === undefined) await getOuterMaps(view);
    else if (key === undefined) await getKeys(view, outer);
    else await getInnerMap(view, outer, key);
  } finally {
    kernel.close();
  }
}
