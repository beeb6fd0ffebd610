/** What a spec asks of work that must not hold up the event loop. Milliseconds. */
export interface LoopDuring<T> {
  readonly result: T;
  /** The longest that the event loop was blocked. */
  readonly stall: number;
  readonly turns: number;
  readonly took: number;
}

/** Turns the event loop as quickly as it goes while `work` runs. */
export async function loopDuring<T>(work: () => Promise<T>): Promise<LoopDuring<T>> {
  const start = performance.now();
  let [last, stall, turns] = [start, 0, 0];
  let running = true;
  const look = (): void => {
    const now = performance.now();
    stall = Math.max(stall, now - last);
    last = now;
    turns += 1;
    if (running) setImmediate(look);
  };
  setImmediate(look);
  const result = await work();
  running = false;
  return { result, stall, turns, took: performance.now() - start };
}
