import { type ClusterMemory, rollUpCluster } from '../core/status/clusterrollup.ts';
import type { Clock } from '../timing/clock.ts';
import { runSliced, yieldToEventLoop } from '../timing/sliced.ts';
import type { ContentLoader } from './contents.ts';
import type { Streams } from './streams.ts';
import type { StatusWriter } from './write.ts';

/** The parts that a turn uses. */
export interface ControllerPorts {
  readonly streams: Streams;
  readonly memory: ClusterMemory;
  readonly contents: ContentLoader;
  readonly writer: StatusWriter;
  readonly clock: Clock;
  /** Whether this process leads and its streams are complete and of one history. */
  readonly mayWrite: () => boolean;
}

/**
 * One turn of the controller; ARCHITECTURE.md compares it with the agent's.
 *
 * - Read a snapshot of the five streams. Each map keeps its identity until an entry changes.
 * - Roll up in slices: which nodes have an agent, are silent or have current reports; for each outer map what is
 *   accepted, and which nodes have reached it. Unchanged outer maps are skipped.
 * - Schedule changed statuses: new objects, Ready and rejections at once, the rest after 1, 5, 15, 60 s.
 * - Start to read contents that are still unread; a later turn uses them.
 * - Write statuses that are due and differ from what is written.
 *
 * Returns whether more is due than was looked at.
 */
export async function turn(ports: ControllerPorts, stop: AbortSignal): Promise<boolean> {
  const { streams, memory, contents, writer, clock, mayWrite } = ports;
  const state = streams.snapshot();
  await yieldToEventLoop();
  await runSliced(
    rollUpCluster(state, memory, {
      now: clock.now(),
      changed: change => writer.schedule(change),
      removed: (kind, id) => writer.forget(kind, id),
    }),
  );
  contents.load(memory.inners, stop);
  return mayWrite() && writer.write(stop);
}
