/** Runs until `work` ends by itself or a signal asks it to: SIGTERM of a kubelet, SIGINT of a terminal. */
export async function untilSignal<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
  }
}
