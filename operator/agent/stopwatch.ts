/** The steps of a turn that take time, in their order. */
export type TimedStep = 'read' | 'desired' | 'observe' | 'plan' | 'apply' | 'fold' | 'report' | 'publish';

/** Milliseconds. */
export type StepTimes = Readonly<Partial<Record<TimedStep, number>>>;

/** Takes the time of each step of one turn. */
export class StopWatch {
  readonly #times: Partial<Record<TimedStep, number>> = {};
  #since = performance.now();

  /** From the end of the step before to the end of this one. */
  async time<T>(step: TimedStep, work: Promise<T>): Promise<T> {
    const result = await work;
    this.mark(step);
    return result;
  }

  /** The step has ended now. */
  mark(step: TimedStep): void {
    const now = performance.now();
    this.#times[step] = now - this.#since;
    this.#since = now;
  }

  get times(): StepTimes {
    return this.#times;
  }
}
