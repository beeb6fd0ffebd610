/** Of one go on the event loop, which nothing may stall for 20 ms. */
const SLICE_MS = 4;

/** Tells when to let others run. Time of the machine, never simulated. */
export class Slice {
  #end = performance.now() + SLICE_MS;

  over(): boolean {
    return performance.now() >= this.#end;
  }

  async rest(): Promise<void> {
    await new Promise(resume => setImmediate(resume));
    this.#end = performance.now() + SLICE_MS;
  }
}
