/** Pure work that pauses often: the event loop may turn between two pauses, the result is the same. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** To pause costs as much as a small piece of work does: so many go between two pauses. */
const PIECES = 16;

/** Tells when to pause: `if (due()) yield`. A piece that takes as long as several small ones counts as so many. */
export function every(): (pieces?: number) => boolean {
  let done = 0;
  return (pieces = 1) => {
    done += pieces;
    if (done < PIECES) return false;
    done = 0;
    return true;
  };
}

/** The result, without a pause. */
export function runToEnd<T>(work: Steps<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
