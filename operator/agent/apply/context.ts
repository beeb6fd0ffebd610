import { type LedgerPaths, ledgerPaths } from '../../core/ledgerrecord.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import type { Outcome } from './outcome.ts';

/** Called while a plan is applied: steps done of all. */
export type OnStepsDone = (done: number, of: number) => void;

/** Where a plan is applied: the kernel, the outer maps that are open meanwhile, and what is blocked by a failure. */
export class ApplyContext {
  readonly kernel: Kernel;
  readonly #of: number;
  readonly #progress: OnStepsDone;
  readonly #open = new Map<string, OpenMap>();
  readonly #blocked = new Map<string, Outcome & { ok: false }>();
  #done = 0;

  constructor(kernel: Kernel, of: number, progress: OnStepsDone) {
    this.kernel = kernel;
    this.#of = of;
    this.#progress = progress;
  }

  paths(outer: string): LedgerPaths {
    return ledgerPaths(this.kernel.pins.root, outer);
  }

  /** Absolute path of a pin that an OuterMap declares. */
  pinPath(pin: string): string {
    return `${this.kernel.pins.root}/${pin}`;
  }

  /** The outer map by its ledger pin, opened once and closed at the end. */
  outerMap(outer: string): OpenMap {
    const known = this.#open.get(outer);
    if (known !== undefined) return known;
    const map = this.kernel.open(this.paths(outer).outer);
    this.#open.set(outer, map);
    return map;
  }

  /** The ledger's pin now names another map. */
  forget(outer: string): void {
    this.#open.get(outer)?.close();
    this.#open.delete(outer);
  }

  block(outcome: Outcome & { ok: false }): void {
    this.#blocked.set(outcome.step.outer, outcome);
  }

  blocked(outer: string): (Outcome & { ok: false }) | undefined {
    return this.#blocked.get(outer);
  }

  advance(steps: number): void {
    this.#done += steps;
    this.#progress(this.#done, this.#of);
  }

  close(): void {
    for (const map of this.#open.values()) map.close();
    this.#open.clear();
  }
}
