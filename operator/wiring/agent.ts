import { release } from 'node:os';
import { ageWarning } from '../agent/kernelage.ts';
import { type LedgerLock, onlyWriter } from '../agent/lock.ts';
import { emptyMemory } from '../agent/memory.ts';
import { run, type TurnListener } from '../agent/run.ts';
import { type Agent, turn } from '../agent/turn.ts';
import { planLog, turnLog } from '../agent/turnlog.ts';
import type { AgentOptions } from '../cli/command.ts';
import { asOnNode } from '../core/report/onnode.ts';
import type { Report } from '../core/report/report.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { openKernel } from '../kernel/libbpf/kernel.ts';
import type { Publisher } from '../publish/publish.ts';
import type { Source } from '../source/source.ts';
import { calmLog } from '../support/calmlog.ts';
import { createLog, type Log } from '../support/log.ts';
import { NODE_CLOCK, REAL_CLOCK } from '../timing/clock.ts';
import { folderAdapters } from './folder.ts';
import { nodeOf } from './node.ts';
import type { Observed } from './observed.ts';
import { untilSignal } from './untilsignal.ts';
import { WaitingServer } from './waiting.ts';

/** What an agent is started with. */
export interface AgentStart {
  readonly options: AgentOptions;
  readonly version: string;
  readonly log: Log;
  readonly stop: AbortSignal;
  /** For one turn alone. */
  readonly once?: boolean;
}

/** Where an agent reads declarations and publishes its report. */
export interface AgentAdapters {
  readonly source: Source;
  readonly publisher: Publisher;
  /** Streams of a cluster. */
  readonly watches?: { readonly restarts: number; readonly hasSynced: boolean };
  /** Requests to a cluster. */
  readonly calls?: () => readonly { readonly verb: string; readonly code: string; readonly count: number }[];
  /** Age of the oldest change that is not yet published. */
  readonly queueMs?: () => number;
  close(): Promise<void>;
}

/** One turn. */
export async function runOnce(options: AgentOptions, version: string): Promise<Report> {
  const stop = new AbortController().signal;
  const start = { options, version, log: logOf(options), stop, once: true };
  const report = await withAgent(start, async agent => {
    const result = await turn(agent, { resync: true, contentShare: 1 });
    turnLog(start.log, withPathsOf(options)).turned(result);
    return result.report;
  });
  return report!;
}

/** Until SIGTERM or SIGINT: the current turn is finished, all maps stay in place. */
export async function runAgent(options: AgentOptions, version: string): Promise<number> {
  const log = logOf(options);
  await untilSignal(log, stop => {
    const start = { options, version, log, stop };
    return withAgent(start, async (agent, adapters) => {
      const observed = await observedAt(start, agent, adapters);
      const listeners = [turnLog(log, withPathsOf(options)), ...(observed === undefined ? [] : [observed])];
      try {
        await run(agent, options, all(listeners), stop);
      } finally {
        await observed?.close();
      }
    });
  });
  log.info('Stopped, all maps stay in place');
  return 0;
}

/** prom-client and the server are loaded only where they are used. */
async function observedAt(
  { options: { listen }, version, log }: AgentStart,
  agent: Agent,
  adapters: AgentAdapters,
): Promise<Observed | undefined> {
  if (listen === undefined) return undefined;
  const { observed } = await import('./observed.ts');
  const serving = await observed({ listen, version, agent, adapters });
  log.info('Serving metrics and health', { address: serving.address });
  return serving;
}

function all(listeners: readonly TurnListener[]): TurnListener {
  return {
    turned: result => {
      for (const listener of listeners) listener.turned(result);
    },
    failed: (error, retryMs) => {
      for (const listener of listeners) listener.failed(error, retryMs);
    },
  };
}

export function logOf({ logLevel, logFormat }: Pick<AgentOptions, 'logLevel' | 'logFormat'>): Log {
  return calmLog(createLog({ level: logLevel, json: logFormat === 'json' }), REAL_CLOCK);
}

/** Puts the node's paths into a text. */
function withPathsOf({ bpffs: root, bpffsOnNode: onNode }: AgentOptions): (text: string) => string {
  return text => asOnNode({ root, onNode }, text);
}

type Use<T> = (agent: Agent, adapters: AgentAdapters) => Promise<T>;

/** An error that ends the agent has the node's paths too. Undefined when stopped before this is the only writer. */
async function withAgent<T>(start: AgentStart, use: Use<T>): Promise<T | undefined> {
  try {
    return await withOpenKernel(start, use);
  } catch (error) {
    if (error instanceof Error) error.message = withPathsOf(start.options)(error.message);
    throw error;
  }
}

/** Opens everything an agent needs, becomes the only writer, and closes all of it in the end. */
async function withOpenKernel<T>(start: AgentStart, use: Use<T>): Promise<T | undefined> {
  const warning = ageWarning(release());
  if (warning !== undefined) start.log.warn(warning);
  const kernel = openKernel({ bpffs: start.options.bpffs });
  try {
    const lock = await lockOf(kernel, start);
    if (lock === undefined) return undefined;
    try {
      const adapters = await adaptersOf(start, kernel.possibleCpus);
      try {
        return await use(await agentOf(start, kernel, { ...adapters, lock }), adapters);
      } finally {
        await adapters.close();
      }
    } finally {
      lock.release();
    }
  } finally {
    kernel.close();
  }
}

async function lockOf(kernel: Kernel, start: AgentStart): Promise<LedgerLock | undefined> {
  const { options, log, stop } = start;
  const server = new WaitingServer(start);
  const waiting = (holder: string): void => {
    const bpffs = options.bpffsOnNode;
    log.warn('Another agent works on this bpffs, waiting for it to end', { bpffs, holder });
    server.waits(holder);
  };
  try {
    return await onlyWriter(kernel, waiting, stop);
  } finally {
    await server.end();
  }
}

/** The client library costs half a second and 60 MB: it is loaded only for a cluster. */
async function adaptersOf(start: AgentStart, possibleCpus: number): Promise<AgentAdapters> {
  if (start.options.manifests.length > 0) return folderAdapters(start, possibleCpus);
  const { clusterAdapters } = await import('./cluster.ts');
  return clusterAdapters(start, possibleCpus);
}

async function agentOf(
  { options, log }: AgentStart,
  kernel: Kernel,
  { publisher, source, lock }: Pick<Agent, 'publisher' | 'source' | 'lock'>,
): Promise<Agent> {
  const kernelState = await kernel.probe();
  const { outerBatch, gracePeriodMs } = kernelState;
  const { bpffsOnNode } = options;
  log.info('Kernel probed', { release: kernelState.release, outerBatch, gracePeriodMs, bpffs: bpffsOnNode });
  const node = nodeOf(options);
  const memory = emptyMemory();
  const told = { kernel, publisher, source, lock, node, kernelState, bpffsOnNode };
  return { ...told, memory, clock: NODE_CLOCK, planned: planLog(log) };
}
