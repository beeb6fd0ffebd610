/** Pure work in steps: the event loop may run at each pause, and the result is the same. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** A pause costs as much as a small piece of work, so there are many pieces between two pauses. */
const PIECES = 64;

/** Decides when to pause: `if (due()) yield`. A long piece counts as several. */
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
