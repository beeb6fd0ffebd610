import { type LedgerPaths, ledgerPaths } from '../../core/ledgerrecord.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import type { FailedOutcome } from './outcome.ts';

/** What the steps of one plan share: the kernel, the outer maps open meanwhile, and the failures that block others. */
export class ApplyContext {
  readonly kernel: Kernel;
  readonly #open = new Map<string, OpenMap>();
  readonly #failures = new Map<string, FailedOutcome>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  paths(outer: string): LedgerPaths {
    return ledgerPaths(this.kernel.pins.root, outer);
  }

  /** Absolute path of a pin that an OuterMap declares. */
  pinPath(pin: string): string {
    return `${this.kernel.pins.root}/${pin}`;
  }

  /** Absolute path of an inner map's pin. */
  innerPin(outer: string, name: string): string {
    return `${this.paths(outer).inner}/${name}`;
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

  /** All further steps on the same outer map fail alike. */
  block(failure: FailedOutcome): void {
    this.#failures.set(failure.step.outer, failure);
  }

  failureOf(outer: string): FailedOutcome | undefined {
    return this.#failures.get(outer);
  }

  close(): void {
    for (const map of this.#open.values()) map.close();
    this.#open.clear();
  }
}
