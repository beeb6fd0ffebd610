/** Random choices that a seed repeats (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to `below` - 1. */
  number(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  /** Once in so many times. */
  once(inTimes: number): boolean {
    return this.number(inTimes) === 0;
  }

  of<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new Error('Cannot choose: there is nothing to choose from');
    return choices[this.number(choices.length)]!;
  }
}
