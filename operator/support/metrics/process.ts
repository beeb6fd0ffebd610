import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './registry.ts';

/** A timer of libuv's own looks this often; what it is late by is the lag. At 20 ms it takes 0.16 s of CPU a minute, at 200 ms 0.03. */
const RESOLUTION_MS = 200;

/** What is asked first of any process: memory, time on the CPU, and whether the event loop was held up. Answers an end. */
export function processMetrics(metrics: Metrics): () => void {
  const rss = metrics.gauge({ name: 'process_resident_memory_bytes', help: 'Resident memory' });
  const cpu = metrics.total({ name: 'process_cpu_seconds_total', help: 'User and system time on the CPU' });
  const start = metrics.gauge({
    name: 'process_start_time_seconds',
    help: 'Start of the process, Unix time',
  });
  const lag = metrics.gauge({
    name: 'nodejs_eventloop_lag_max_seconds',
    help: 'Longest time that the event loop was held up since the last scrape',
  });
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  start(Date.now() / 1000 - process.uptime());
  metrics.beforeText(() => {
    const { user, system } = process.cpuUsage();
    rss(process.memoryUsage.rss());
    cpu((user + system) / 1e6);
    lag(Math.max(0, delay.max / 1e9 - RESOLUTION_MS / 1000));
    delay.reset();
  });
  return () => delay.disable();
}
