import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './registry.ts';

/**
 * A timer of libuv's own fires this often; the event loop's lag is how late it is. At 20 ms it takes 0.16 s of CPU a
 * minute, at 200 ms 0.03.
 */
const RESOLUTION_MS = 200;

/** Memory, CPU time, and how long the event loop was held up. Returns a function that ends the measurement. */
export function processMetrics(metrics: Metrics): () => void {
  const rss = metrics.gauge('process_resident_memory_bytes', 'Resident memory');
  const cpu = metrics.total('process_cpu_seconds_total', 'User and system time on the CPU');
  const start = metrics.gauge('process_start_time_seconds', 'Start of the process, Unix time');
  const lag = metrics.gauge(
    'nodejs_eventloop_lag_max_seconds',
    'Longest time that the event loop was held up since the last scrape',
  );
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
