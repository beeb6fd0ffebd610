import type { Clock } from './clock.ts';

const MOST_NAMES = 4_096;

/** A token bucket for each name: `burst` at once, then one every `everyMs`. */
export class Allowance {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #everyMs: number;
  readonly #left = new Map<string, { tokens: number; at: number }>();

  constructor(clock: Clock, { burst, everyMs }: { readonly burst: number; readonly everyMs: number }) {
    this.#clock = clock;
    this.#burst = burst;
    this.#everyMs = everyMs;
  }

  take(name: string): boolean {
    const now = this.#clock.now();
    const found = this.#left.get(name) ?? { tokens: this.#burst, at: now };
    const tokens = Math.min(this.#burst, found.tokens + (now - found.at) / this.#everyMs);
    const allowed = tokens >= 1;
    this.#left.delete(name);
    this.#left.set(name, { tokens: allowed ? tokens - 1 : tokens, at: now });
    if (this.#left.size > MOST_NAMES) this.#left.delete(this.#left.keys().next().value!);
    return allowed;
  }
}
