import { PATIENCE_MS } from '../../testing/patience.ts';
import type { Clock } from '../../timing/clock.ts';
import { traffic } from './traffic.ts';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** Time that passes by `run`. Chance is the same in every run. */
export class SimulatedClock implements Clock {
  #now = 0;
  #seed = 1;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#now);
  }

  random(): number {
    this.#seed = (this.#seed * 48271) % 2147483647;
    return this.#seed / 2147483647;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const sleeper = { due: this.#now + Math.max(0, milliseconds), wake: () => end() };
      const end = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', end);
      if (signal?.aborted === true) end();
    });
  }

  /** Lets so much time pass, from one sleeper to the next, with real work finished in between. */
  async run(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await settle();
    }
    this.#now = end;
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }

  #next(end: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter(sleeper => sleeper.due <= end);
    return due.sort((left, right) => left.due - right.due)[0];
  }
}

/** Until nothing moves on the loopback: on a busy machine a request and its answer take more than one look. */
async function settle(): Promise<void> {
  for (let before = -1; before !== traffic(); ) {
    before = traffic();
    await new Promise(resolve => setTimeout(resolve, 3));
    for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve));
  }
}

/** Waits until `so` is true; fails with `what`. */
export async function until(what: string, so: () => boolean, limitMs = PATIENCE_MS): Promise<void> {
  const end = performance.now() + limitMs;
  while (!so()) {
    if (performance.now() > end) throw new Error(`Not in ${limitMs} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}
