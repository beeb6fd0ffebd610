/** Pure work that pauses often: the event loop may turn between two pauses, the result is the same. */
export type Unhurried<T> = Generator<undefined, T, undefined>;

/** The result, without a pause. */
export function completed<T>(work: Unhurried<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
