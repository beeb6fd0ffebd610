import { printable } from '../api/text/printable.ts';
import { counted } from '../core/plan/print.ts';
import {
  BPFFS,
  CLUSTER,
  NODE,
  namespaceOption,
  nodeOptions,
  outputOption,
  RELEASE,
} from './arguments/options.ts';
import { planAgainst } from './cluster/plan.ts';
import type { ClusterAddress } from './cluster/ports.ts';
import { clusterMeant, NAME_A_CLUSTER } from './cluster/which.ts';
import {
  type Command,
  EXIT,
  type Given,
  type PlanOutcome,
  type Ports,
  type Terminal,
  UsageError,
} from './command.ts';
import { colourOf } from './terminal/colour.ts';
import { paintedDiff } from './terminal/diff.ts';
import { note } from './terminal/note.ts';
import { withProgress } from './terminal/progress.ts';

export const PLAN: Command = {
  name: 'plan',
  summary: 'show what would change, in this kernel or in a cluster; change nothing',
  usage: '[DIR|FILE…]',
  operands: { least: 0, most: Number.POSITIVE_INFINITY },
  options: [
    ...CLUSTER,
    namespaceOption('of InnerMaps whose manifests name none (default: the context’s)'),
    BPFFS,
    ...NODE,
    RELEASE,
    outputOption('text', 'json'),
  ],
  notes: [
    'Files alone: what an agent would do to this kernel. Files and a cluster (as kubectl innermap, or with --kubeconfig or\n--context): what applying them would change there, entry by entry, and what agents would refuse of it. A cluster\nalone: what its agent would do to this kernel as --node NAME, with the labels of that Node.',
    'Exit code: 0 nothing to do, 1 there are changes or held removals, 2 an agent would refuse something, or something\ncould not be read.',
    'Of this kernel it needs root, or CAP_BPF. Decides by the same code as the agent; writes nowhere.',
  ],
  examples: [
    { line: 'plan ./maps', says: 'what would change' },
    { line: 'plan ./maps --context prod', says: 'what applying them would change in a cluster' },
    { line: 'plan --kubeconfig admin.conf --node worker-1', says: 'what the cluster’s agent would do here' },
    { line: 'plan ./maps -o json', says: 'the same for a program to read' },
    { line: 'plan ./maps > /dev/null || echo stale', says: 'in a script' },
  ],
  run,
};

/** Options that say nothing about what files change in a cluster. */
const OF_THIS_KERNEL = [BPFFS, ...NODE, RELEASE].map(({ name }) => name);

async function run(given: Given, ports: Ports): Promise<number> {
  const { terminal } = ports;
  const address = clusterMeant(given, terminal, given.operands.length > 0 ? OF_THIS_KERNEL : []);
  if (address !== undefined && given.operands.length > 0) return planAgainst(given, ports, address);
  if (address === undefined && given.operands.length === 0)
    throw new UsageError(
      `Command plan needs DIR|FILE… here; for what a cluster's agent would do, ${NAME_A_CLUSTER}`,
      'plan',
    );
  const outcome = await outcomeOf(given, ports, address);
  const { changes, steps, refusals, warnings = [], held } = outcome;
  if (given.text('output') === 'json')
    terminal.out(`${JSON.stringify({ changes, steps, refusals, warnings, held }, null, 2)}\n`);
  else show(outcome, terminal);
  if (refusals.length > 0) return EXIT.error;
  return changes + held.length > 0 ? EXIT.attention : EXIT.done;
}

/** For this kernel, as files or as a cluster want it. */
function outcomeOf(given: Given, ports: Ports, address: ClusterAddress | undefined): Promise<PlanOutcome> {
  const label = address === undefined ? 'Reading manifests' : 'Reading the cluster';
  return withProgress(ports.terminal, label, progress =>
    address === undefined
      ? ports.plan({ ...nodeOptions(given), paths: given.operands, progress })
      : ports.inspect.planNode({ ...nodeOptions(given), address, progress }),
  );
}

function show(outcome: PlanOutcome, terminal: Terminal): void {
  const { bad } = colourOf(terminal, 'error');
  for (const { origin, message } of outcome.refusals)
    terminal.error(`${bad(printable(origin))}: ${printable(message)}\n`);
  for (const { origin, message } of outcome.warnings ?? []) note(terminal, `${origin}: ${message}`);
  terminal.out(paintedDiff(outcome.lines.map(printable), terminal));
  terminal.out(`${summary(outcome)}\n`);
}

function summary({ changes, refusals, held }: PlanOutcome): string {
  if (changes + refusals.length + held.length === 0) return 'Nothing to do: the kernel is as declared';
  const parts = [
    counted(changes, 'change'),
    ...(held.length === 0 ? [] : [`${counted(held.length, 'removal')} held`]),
    ...(refusals.length === 0 ? [] : [`${refusals.length} refused`]),
  ];
  return parts.join(', ');
}
