import { every, type Steps } from '../core/steps.ts';
import { runSliced } from '../timing/sliced.ts';

/** Changes one after the other, as they came; whole sets of thousands in slices. */
export class Inbox {
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  #waiting: (() => Steps<void>)[] = [];
  #draining: Promise<void> | undefined;

  constructor(changed: () => void, failed: (error: unknown) => void) {
    this.#changed = changed;
    this.#failed = failed;
  }

  get isEmpty(): boolean {
    return this.#draining === undefined;
  }

  /** At once, where nothing is before it. */
  one(change: () => void): void {
    if (this.#draining === undefined) {
      this.#apply(change);
      this.#changed();
    } else this.many([change]);
  }

  many(changes: Iterable<() => void>): void {
    this.#waiting.push(() => this.#taking(changes));
    this.#draining ??= this.#drain();
  }

  async settled(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    for (;;) {
      const [first] = this.#waiting.splice(0, 1);
      if (first === undefined) break;
      await runSliced(first());
      this.#changed();
    }
    this.#draining = undefined;
  }

  *#taking(changes: Iterable<() => void>): Steps<void> {
    const due = every();
    for (const change of changes) {
      this.#apply(change);
      if (due()) yield;
    }
  }

  /** One that throws costs nobody else anything. */
  #apply(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#failed(error);
    }
  }
}
