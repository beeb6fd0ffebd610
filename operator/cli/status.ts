import { readFileSync } from 'node:fs';
import type { Report } from '../core/report/report.ts';
import { CLUSTER, directory, namespaceOption, outputOption } from './arguments/options.ts';
import { clusterStatus } from './cluster/status.ts';
import { clusterMeant, NAME_A_CLUSTER, refuseClusterOptions } from './cluster/which.ts';
import { type Command, EXIT, type Given, type Ports, type Terminal, UsageError } from './command.ts';
import { type AgentPresence, agentPresence, asOfText } from './report/presence.ts';
import { DEFAULT_REPORT, isReady, statusText } from './report/text.ts';
import { ageText } from './terminal/age.ts';
import { colourOf } from './terminal/colour.ts';

export const STATUS: Command = {
  name: 'status',
  summary: 'show how nodes and outer maps stand: of a cluster, or the agent’s last report here',
  usage: '[OUTER]',
  operands: { least: 0, most: 1 },
  options: [
    ...CLUSTER,
    namespaceOption('only InnerMaps of this namespace'),
    { name: 'all', summary: 'also nodes that are ready, and lists of any length' },
    {
      name: 'report',
      value: 'FILE',
      fallback: DEFAULT_REPORT,
      summary: 'the file that this node’s agent writes',
    },
    { name: 'bpffs', value: 'DIR', summary: 'where that agent works (default: where its report says)' },
    outputOption('table', 'json'),
  ],
  notes: [
    'As kubectl innermap, or with --kubeconfig or --context: outer maps and on how many nodes they are as declared, then\nwhat is not well: nodes, held removals and how to release them, failures, InnerMaps. A node that was started anew, or\nwhose agent is silent, is Unknown, whatever it told before. Else: the last report of the folder agent on this node;\nit counts only while an agent holds the lock of its bpffs, which root may ask.',
    'Exit code: 0 everything is ready, 1 something is not, or no agent runs, 2 there is no report, or no cluster, that can\nbe read.',
  ],
  examples: [
    { line: 'status', says: 'what is not ready' },
    { line: 'status tenants --context prod', says: 'of one outer map, in the cluster of a context' },
    { line: 'status --kubeconfig ~/.kube/edge --all', says: 'every node of another cluster' },
    { line: 'status -o json', says: 'all of it, for a program to read' },
    { line: 'status --report /tmp/status.json', says: 'of an agent started with --report' },
  ],
  run,
};

async function run(given: Given, ports: Ports): Promise<number> {
  const address = clusterMeant(given, ports.terminal, ['report', 'bpffs']);
  if (address !== undefined) return clusterStatus(given, ports, address);
  refuseClusterOptions(given, 'status', 'namespace', 'all');
  const [outer] = given.operands;
  if (outer === undefined) return reportStatus(given, ports);
  throw new UsageError(`Command status cannot take ${outer} without a cluster: ${NAME_A_CLUSTER}`, 'status');
}

/** The status that the agent of this machine reported. */
function reportStatus(given: Given, ports: Ports): number {
  const { terminal } = ports;
  const path = given.text('report')!;
  const report = readReport(path, terminal.program);
  const presence = agentPresence(
    given.text('bpffs') === undefined ? report : { bpffs: directory(given) },
    ports,
  );
  if (given.text('output') === 'json')
    terminal.out(`${JSON.stringify({ ...report, ...presence }, null, 2)}\n`);
  else terminal.out(shownReport(report, presence, terminal));
  const rebooted = writtenBeforeBoot(report);
  if (rebooted)
    terminal.error(
      `${colourOf(terminal, 'error').warn('Warning:')} the node was started anew since: its maps are gone until an agent runs\n`,
    );
  return isReady(report) && !rebooted && presence.agent === 'runs' ? EXIT.done : EXIT.attention;
}

function shownReport(report: Report, presence: AgentPresence, terminal: Terminal): string {
  const { state, turn } = report;
  const age = ageText(terminal.now() - Date.parse(turn.startedAt));
  const headline = `Node ${state.node.name}: last change reported ${age} ago, turn ${turn.number}, kernel ${state.kernel.release}`;
  const text = statusText(report, terminal, asOfText(presence, age));
  return `${colourOf(terminal, 'out').faint(headline)}\n\n${text}`;
}

function readReport(path: string, program: string): Report {
  const report = parsed(textOf(path, program));
  if (report !== undefined) return report;
  throw new Error(
    `Cannot read report ${path}: it is not an agent's report; name the right file with --report`,
  );
}

function textOf(path: string, program: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    const advice =
      code === 'ENOENT'
        ? `no agent has written it; start one with \`${program} agent --manifests DIR\`, or name its file with --report`
        : 'name a file that can be read with --report';
    throw new Error(`Cannot read report ${path}: ${code}, ${advice}`);
  }
}

/** Undefined for anything but a report. The items of its lists are not checked: the agent wrote them. */
function parsed(text: string): Report | undefined {
  try {
    const report = JSON.parse(text) as Report;
    const lists = [report.outerMaps, report.innerMaps, report.refusals, report.state.conditions];
    const isReport =
      lists.every(Array.isArray) &&
      typeof report.state.node.name === 'string' &&
      typeof report.state.kernel.release === 'string' &&
      Number.isFinite(Date.parse(report.turn.startedAt));
    return isReport ? report : undefined;
  } catch {
    return undefined;
  }
}

/** A reboot empties the kernel, but not a disk that --report may name. */
function writtenBeforeBoot(report: Report): boolean {
  const { bootID } = report.state.node;
  try {
    return bootID !== '' && bootID !== readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return false;
  }
}
