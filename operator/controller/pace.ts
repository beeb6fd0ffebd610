import type { Clock } from '../timing/clock.ts';
import type { Urgency } from './streams.ts';

/** Shortest pause between two turns, so that one turn handles a burst of changes. */
const TURN_EVERY_MS = 100;
/** The pause is this many times the duration of the last turn, so that turns take at most a tenth of the time. */
const TURN_SHARE = 10;
const LONGEST_PAUSE_MS = 2_000;
/** Interval of turns without a change: some statuses change with time alone. */
export const IDLE_TURN_EVERY_MS = 1_000;

/** Decides when the next turn starts: at once for a single change, after a pause for many. */
export class Pace {
  readonly #clock: Clock;
  #urgency: Urgency | undefined = 'soon';
  #turnedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  changed(urgency: Urgency): void {
    if (this.#urgency === undefined || RANKS[urgency] < RANKS[this.#urgency]) this.#urgency = urgency;
  }

  get isIdle(): boolean {
    return this.#urgency === undefined;
  }

  /** Since the last turn, nothing but watermarks has changed. */
  get isCalm(): boolean {
    return this.#urgency === undefined || this.#urgency === 'later';
  }

  get isDue(): boolean {
    return this.waitMs <= 0;
  }

  get waitMs(): number {
    return Math.max(0, this.#turnedAt + this.#pauseMs - this.#clock.now());
  }

  /** Runs a turn and measures it. */
  async timed<T>(turn: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
    this.#urgency = undefined;
    const began = performance.now();
    const result = await turn();
    this.#tookMs = performance.now() - began;
    this.#turnedAt = this.#clock.now();
    return { result, seconds: this.#tookMs / 1000 };
  }

  get #pauseMs(): number {
    if (this.#urgency === 'now') return 0;
    if (this.#urgency === undefined) return IDLE_TURN_EVERY_MS;
    if (this.#urgency === 'later') return LONGEST_PAUSE_MS;
    return Math.min(LONGEST_PAUSE_MS, Math.max(TURN_EVERY_MS, this.#tookMs * TURN_SHARE));
  }
}

const RANKS = { now: 0, soon: 1, later: 2 } as const;
