import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const MEGABYTE = 1024 * 1024;

/** What was seen while a work ran: its time, the longest stall of the event loop, and memory afterwards. */
export type Seen = {
  readonly seconds: number;
  readonly stallMs: number;
  readonly rssMB: number;
  readonly peakMB: number;
};

export async function seen(work: () => Promise<void>): Promise<Seen> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // The histogram begins with its second tick: a stall before it would go unseen.
  await sleep(5);
  delay.reset();
  const before = performance.now();
  await work();
  const seconds = (performance.now() - before) / 1000;
  await sleep(5);
  delay.disable();
  globalThis.gc?.();
  await sleep(50);
  const stallMs = delay.max / 1e6;
  return {
    seconds,
    stallMs,
    rssMB: process.memoryUsage.rss() / MEGABYTE,
    peakMB: process.resourceUsage().maxRSS / 1024,
  };
}
