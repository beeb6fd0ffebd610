import { type ClusterMemory, rollUpCluster } from '../core/status/clusterrollup.ts';
import type { Clock } from '../timing/clock.ts';
import { runSliced } from '../timing/sliced.ts';
import type { ContentLoader } from './contents.ts';
import type { Streams } from './streams.ts';
import type { StatusWriter } from './write.ts';

/** What a turn works with. */
export interface ControllerPorts {
  readonly streams: Streams;
  readonly memory: ClusterMemory;
  readonly contents: ContentLoader;
  readonly writer: StatusWriter;
  readonly clock: Clock;
  /** This process leads, and what it knows is of one time. */
  readonly mayWrite: () => boolean;
}

/**
 * One turn of the controller, to be read beside the agent's.
 *
 * - Read: a snapshot of the five streams, each the same object while nothing in it changed.
 * - Contents that nobody could read yet are read apart; the next turn has them.
 * - Roll up, purely and in slices: which nodes have an agent, are silent, report about the present; for each outer map
 *   what can be accepted, and how far the nodes have come with it. Outer maps of which nothing changed are left out.
 * - What is another than before is scheduled: a first sight and Ready at once, the rest after 1, 5, 15, 60 s.
 * - Write what is due and differs from what is written. Nothing else writes.
 */
export async function turn(ports: ControllerPorts, stop: AbortSignal): Promise<void> {
  const { streams, memory, contents, writer, clock, mayWrite } = ports;
  const seen = streams.snapshot();
  contents.load(seen, stop);
  await runSliced(
    rollUpCluster(seen, memory, {
      now: clock.now(),
      changed: change => writer.schedule(change),
      gone: (kind, id) => writer.forget(kind, id),
    }),
  );
  if (mayWrite()) writer.write(stop);
}
