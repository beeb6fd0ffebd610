import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AgentOptions, NodeOptions, PlanOptions, PlanOutcome, Ports } from './cli/command.ts';
import { runCommandLine } from './cli/run.ts';
import { standardTerminal } from './cli/terminal/standard.ts';
import type { Node } from './core/desired/desired.ts';
import { planLines, stepText } from './core/plan/print.ts';
import { objectName } from './core/report/fates.ts';
import type { Report } from './core/report/report.ts';
import { openKernel } from './kernel/libbpf/kernel.ts';
import { dryRun } from './loop/dryrun.ts';
import { onlyWriter } from './loop/lock.ts';
import { emptyMemory } from './loop/memory.ts';
import { run } from './loop/run.ts';
import { tellingLog } from './loop/telling.ts';
import { type Agent, turn } from './loop/turn.ts';
import { filePublisher } from './publish/file.ts';
import { folderSource } from './source/folder/folder.ts';
import { loadManifests } from './source/folder/load.ts';
import { createLog, type Log } from './support/log.ts';
import { INSPECT } from './wiring/inspect.ts';

/** Composition root: configuration → ports → run. Exit codes are the commands'. */
export async function main(args: readonly string[]): Promise<number> {
  return runCommandLine(args, ports());
}

function ports(): Ports {
  return {
    terminal: standardTerminal(version()),
    inspect: INSPECT,
    openKernel: bpffs => openKernel({ bpffs }),
    loadManifests: (paths, progress) => loadManifests(paths, { progress }),
    plan,
    runAgent,
    runOnce,
  };
}

function version(): string {
  const path = join(import.meta.dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

async function plan(options: PlanOptions): Promise<PlanOutcome> {
  const kernel = openKernel({ bpffs: options.bpffs });
  try {
    const { possibleCpus } = kernel;
    const { wanted } = await loadManifests(options.paths, { possibleCpus, progress: options.progress });
    const node = nodeOf(options);
    const { plan: planned, desired } = await dryRun({ ...wanted, releases: options.releases }, kernel, node);
    const rejected = desired.rejections.map(({ object, reason, message }) => ({
      origin: `${object.kind} ${objectName(object)}`,
      message: `${reason}, ${message}`,
    }));
    return {
      text: planLines(planned).join('\n'),
      changes: planned.steps.length,
      refusals: [...wanted.refusals, ...rejected],
      steps: planned.steps.map(step => ({
        verb: step.verb,
        outerMap: step.outer,
        text: stepText(step).slice(2),
      })),
    };
  } finally {
    kernel.close();
  }
}

function nodeOf(options: NodeOptions): Node & { readonly bootID: string } {
  const name = options.node ?? hostname();
  const bootID = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { name, labels: { 'kubernetes.io/hostname': name, ...options.labels }, bootID };
}

async function runOnce(options: AgentOptions): Promise<Report> {
  const log = logOf(options);
  let told: Report | undefined;
  const stop = new AbortController();
  await withAgent(options, log, stop.signal, async agent => {
    const result = await turn(agent, { resync: true, contentShare: 1 });
    tellingLog(log).turned(result);
    told = result.report;
  });
  return told!;
}

/** Until SIGTERM or SIGINT: the turn that runs is finished, all maps stay in place. */
async function runAgent(options: AgentOptions): Promise<number> {
  const log = logOf(options);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  try {
    await withAgent(options, log, stop.signal, agent => run(agent, options, tellingLog(log), stop.signal));
    log.info('Stopped, all maps stay in place');
    return 0;
  } finally {
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
  }
}

function logOf({ logLevel, logFormat }: AgentOptions): Log {
  return createLog({ level: logLevel, json: logFormat === 'json' });
}

/** Opens everything an agent needs, becomes the only writer, and closes all of it in the end. */
async function withAgent(
  options: AgentOptions,
  log: Log,
  stop: AbortSignal,
  use: (agent: Agent) => Promise<void>,
): Promise<void> {
  const { bpffs, report } = options;
  const kernel = openKernel({ bpffs });
  const waiting = (holder: string): void =>
    log.warn('Another agent works on this bpffs, waiting for it to end', { bpffs, holder });
  try {
    const lock = await onlyWriter(kernel, waiting, stop);
    if (lock === undefined) return;
    const publisher = filePublisher(report, error =>
      log.warn('Cannot write the report', { file: report, error: error.message }),
    );
    const { possibleCpus } = kernel;
    const source = folderSource({
      paths: options.manifests,
      possibleCpus,
      releases: options.releases,
      unwatched: (directory, error) =>
        log.warn('Cannot watch a directory, its changes are seen at a resync only', {
          directory,
          error: error.message,
        }),
    });
    try {
      await use(await agentOf(options, { kernel, publisher, source }, log));
    } finally {
      await source.close();
      lock.release();
    }
  } finally {
    kernel.close();
  }
}

type AgentPorts = Pick<Agent, 'kernel' | 'publisher' | 'source'>;

async function agentOf(options: AgentOptions, ports: AgentPorts, log: Log): Promise<Agent> {
  const kernelState = await ports.kernel.probe();
  const { release, outerBatch, gracePeriodMs } = kernelState;
  log.info('Kernel probed', { release, outerBatch, gracePeriodMs, bpffs: options.bpffs });
  const node = nodeOf(options);
  return { ...ports, node, kernelState, memory: emptyMemory(), clock: Date };
}
