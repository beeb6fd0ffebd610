import { type RecentRemoval, removalsText, withRemoval } from '../../core/brake/recent.ts';
import { type LedgerPaths, ledgerPaths } from '../../core/ledgerrecord.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import { readEntries } from '../../ledger/reading.ts';
import type { FailedOutcome } from './outcome.ts';
import { LoadedTypes, type TypedOuters, Typing } from './types.ts';

/** What the brake must not forget. */
export interface BrakeNow {
  /** Milliseconds since the node's boot. */
  readonly now: number;
  /** What was removed within the last minute, by outer map. */
  readonly removed: ReadonlyMap<string, readonly RecentRemoval[]>;
  /** Outer maps whose removal a token released: it counts no more, and nothing before it. */
  readonly released: ReadonlySet<string>;
}

const NO_BRAKE: BrakeNow = { now: 0, removed: new Map(), released: new Set() };

/** What the steps of one plan share: the kernel, the outer maps open meanwhile, and the failures that block others. */
export class ApplyContext {
  readonly kernel: Kernel;
  readonly #open = new Map<string, OpenMap>();
  readonly #failures = new Map<string, FailedOutcome>();
  readonly #ids = new Map<string, ReadonlyMap<string, number>>();
  readonly #paths = new Map<string, LedgerPaths>();
  readonly #brake: BrakeNow;
  readonly #removed: Map<string, readonly RecentRemoval[]>;

  /** Loaded when they are needed, closed at the end. */
  readonly #types: LoadedTypes;
  readonly #typed: TypedOuters;

  constructor(kernel: Kernel, brake = NO_BRAKE, typed: TypedOuters = new Map()) {
    this.kernel = kernel;
    this.#types = new LoadedTypes(kernel);
    this.#typed = typed;
    this.#brake = brake;
    this.#removed = new Map(brake.removed);
  }

  /** Made once for each outer map: thousands of steps ask for them. */
  paths(outer: string): LedgerPaths {
    const known = this.#paths.get(outer);
    if (known !== undefined) return known;
    const paths = ledgerPaths(this.kernel.pins.root, outer);
    this.#paths.set(outer, paths);
    return paths;
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

  /** The types of its inner maps, which have this layout. */
  typing(name: string, spec: MapSpec): Promise<Typing> {
    const { kernel } = this;
    const outer = this.outerMap(name);
    return Typing.begin({ kernel, loaded: this.#types, known: this.#typed, name, outer }, spec);
  }

  /** Key in hex → id, of the outer map as it is now; read once. */
  async idsNow(outer: string): Promise<ReadonlyMap<string, number>> {
    const known = this.#ids.get(outer);
    if (known !== undefined) return known;
    const ids = new Map<string, number>();
    await readEntries(this.kernel, this.outerMap(outer), ids);
    this.#ids.set(outer, ids);
    return ids;
  }

  /** Further steps write into this map; it is closed at the end. */
  use(outer: string, map: OpenMap): void {
    this.forget(outer);
    this.#open.set(outer, map);
  }

  /** The ledger's pin now names another map. */
  forget(outer: string): void {
    this.#open.get(outer)?.close();
    this.#open.delete(outer);
  }

  /** Records a removal before it happens: a restart must not begin the brake's minute anew. */
  recordRemoval(outer: string, keys: number): void {
    const { now, released } = this.#brake;
    const removed = released.has(outer) ? [] : withRemoval(this.#removed.get(outer) ?? [], keys, now);
    this.#removed.set(outer, removed);
    this.kernel.pins.writeRecord(this.paths(outer).removed, removalsText(removed));
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
    this.#types.close();
  }
}
