/** Work of one go on the event loop, which nothing may stall for 20 ms; a garbage collection comes on top. */
const SLICE_MILLISECONDS = 4;

/** Tells when to let others run: `if (slice.over()) await slice.rest()`. */
export class Slice {
  #end = performance.now() + SLICE_MILLISECONDS;

  over(): boolean {
    return performance.now() >= this.#end;
  }

  async rest(): Promise<void> {
    await new Promise(resume => setImmediate(resume));
    this.#end = performance.now() + SLICE_MILLISECONDS;
  }
}
