/** How long the oldest change of what is declared has waited for a turn that read it. Times are milliseconds. */
export class WaitingChanges {
  #first: number | undefined;
  #last = Number.NEGATIVE_INFINITY;

  changed(now: number): void {
    this.#first ??= now;
    this.#last = now;
  }

  /** A turn that began at `began` has ended: what changed since waits for the next one. */
  turned(began: number): void {
    this.#first = this.#last < began ? undefined : Math.max(began, this.#first ?? began);
  }

  ageAt(now: number): number {
    return this.#first === undefined ? 0 : now - this.#first;
  }
}
