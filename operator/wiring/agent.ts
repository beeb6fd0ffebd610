import { onlyWriter } from '../agent/lock.ts';
import { emptyMemory } from '../agent/memory.ts';
import { run, type TurnListener } from '../agent/run.ts';
import { type Agent, turn } from '../agent/turn.ts';
import { turnLog } from '../agent/turnlog.ts';
import type { AgentOptions } from '../cli/command.ts';
import { asOnNode } from '../core/report/onnode.ts';
import type { Report } from '../core/report/report.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { openKernel } from '../kernel/libbpf/kernel.ts';
import type { Lock } from '../kernel/pins.ts';
import type { Publisher } from '../publish/publish.ts';
import type { Source } from '../source/source.ts';
import { createLog, type Log } from '../support/log.ts';
import { folderSite } from './folder.ts';
import { nodeOf } from './node.ts';
import type { Observed } from './observed.ts';
import { untilSignal } from './signals.ts';
import { Waiting } from './waiting.ts';

/** Where an agent reads what is wanted and tells what is true. */
export interface AgentAdapters {
  readonly source: Source;
  readonly publisher: Publisher;
  /** Streams of a cluster. */
  readonly watches?: { readonly restarts: number; readonly hasSynced: boolean };
  /** Requests to a cluster. */
  readonly calls?: () => readonly { readonly verb: string; readonly code: string; readonly count: number }[];
  /** For how long something has waited to be told. */
  readonly queueMs?: () => number;
  close(): Promise<void>;
}

/** One turn. */
export async function runOnce(options: AgentOptions, version: string): Promise<Report> {
  const log = logOf(options);
  let told: Report | undefined;
  const stop = new AbortController();
  await withAgent(options, { log, version, stop: stop.signal }, async agent => {
    const result = await turn(agent, { resync: true, contentShare: 1 });
    turnLog(log, withPathsOf(options)).turned(result);
    told = result.report;
  });
  return told!;
}

/** Until SIGTERM or SIGINT: the turn that runs is finished, all maps stay in place. */
export async function runAgent(options: AgentOptions, version: string): Promise<number> {
  const log = logOf(options);
  await untilSignal(stop =>
    withAgent(options, { log, version, stop }, async (agent, site) => {
      const machines = await observedAt(options, { agent, site, version, log });
      try {
        await run(agent, options, both(turnLog(log, withPathsOf(options)), machines), stop);
      } finally {
        await machines?.close();
      }
    }),
  );
  log.info('Stopped, all maps stay in place');
  return 0;
}

interface ObservedAgent {
  readonly agent: Agent;
  readonly site: AgentAdapters;
  readonly version: string;
  readonly log: Log;
}

/** prom-client and a server are loaded where somebody asks for them. */
async function observedAt(
  { listen }: AgentOptions,
  { agent, site, version, log }: ObservedAgent,
): Promise<Observed | undefined> {
  if (listen === undefined) return undefined;
  const { observed } = await import('./observed.ts');
  const { kernel, kernelState } = agent;
  const machines = await observed({ listen, version, kernel, kernelState, site });
  log.info('Serving metrics and health', { address: machines.address });
  return machines;
}

function both(first: TurnListener, second: TurnListener | undefined): TurnListener {
  if (second === undefined) return first;
  return {
    turned: result => {
      first.turned(result);
      second.turned(result);
    },
    failed: (error, retryMs) => {
      first.failed(error, retryMs);
      second.failed(error, retryMs);
    },
  };
}

export function logOf({ logLevel, logFormat }: Pick<AgentOptions, 'logLevel' | 'logFormat'>): Log {
  return createLog({ level: logLevel, json: logFormat === 'json' });
}

interface Around {
  readonly log: Log;
  readonly version: string;
  readonly stop: AbortSignal;
}

/** A text with the node's paths. */
function withPathsOf({ bpffs: root, bpffsOnNode: onNode }: AgentOptions): (text: string) => string {
  return text => asOnNode({ root, onNode }, text);
}

type Use = (agent: Agent, site: AgentAdapters) => Promise<void>;

/** What ends the agent is told with the node's paths too. */
async function withAgent(options: AgentOptions, around: Around, use: Use): Promise<void> {
  try {
    await withOpenKernel(options, around, use);
  } catch (error) {
    if (error instanceof Error) error.message = withPathsOf(options)(error.message);
    throw error;
  }
}

/** Opens everything an agent needs, becomes the only writer, and closes all of it in the end. */
async function withOpenKernel(options: AgentOptions, around: Around, use: Use): Promise<void> {
  const kernel = openKernel({ bpffs: options.bpffs });
  try {
    const lock = await lockOf(kernel, options, around);
    if (lock === undefined) return;
    try {
      const site = await siteOf(options, kernel.possibleCpus, around);
      try {
        await use(await agentOf(options, { kernel, ...site }, around.log), site);
      } finally {
        await site.close();
      }
    } finally {
      lock.release();
    }
  } finally {
    kernel.close();
  }
}

async function lockOf(
  kernel: Kernel,
  { listen, bpffsOnNode: bpffs }: AgentOptions,
  { log, version, stop }: Around,
): Promise<Lock | undefined> {
  const waiting = new Waiting({ listen, version, log });
  const tell = (holder: string): void => {
    log.warn('Another agent works on this bpffs, waiting for it to end', { bpffs, holder });
    waiting.waits(holder);
  };
  try {
    return await onlyWriter(kernel, tell, stop);
  } finally {
    await waiting.end();
  }
}

/** The client library costs half a second and 60 MB: only who needs a cluster loads it. */
async function siteOf(
  options: AgentOptions,
  possibleCpus: number,
  { log, version }: Around,
): Promise<AgentAdapters> {
  if (options.manifests.length > 0) return folderSite(options, possibleCpus, log);
  const { clusterSite } = await import('./cluster.ts');
  return clusterSite(options, nodeOf(options).name, { possibleCpus, log, version });
}

type AgentPorts = Pick<Agent, 'kernel' | 'publisher' | 'source'>;

async function agentOf(
  options: AgentOptions,
  { kernel, publisher, source }: AgentPorts,
  log: Log,
): Promise<Agent> {
  const kernelState = await kernel.probe();
  const { release, outerBatch, gracePeriodMs } = kernelState;
  log.info('Kernel probed', { release, outerBatch, gracePeriodMs, bpffs: options.bpffsOnNode });
  const node = nodeOf(options);
  const { bpffsOnNode } = options;
  return { kernel, publisher, source, node, kernelState, bpffsOnNode, memory: emptyMemory(), clock: Date };
}
