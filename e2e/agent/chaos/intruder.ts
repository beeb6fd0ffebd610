import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { bpftool, idAt } from '../../../native/stage.ts';
import type { LoadedAgentFixture } from '../support/loadedagent.ts';
import { u32 } from '../support/manifests.ts';
import { idsIn, pinsBelow } from '../support/witness.ts';
import { type Model, STRANGE_KEYS } from './model.ts';
import type { Random } from './random.ts';

const OUTERS = ['alpha', 'beta', 'gamma'] as const;
const LAYOUTS = {
  alpha: ['--type', 'hash', '--max', '48', '--inner', 'hash', '--inner-max', '16'],
  beta: ['--type', 'array', '--max', '32', '--inner', 'hash', '--inner-max', '16'],
  gamma: ['--type', 'hash', '--max', '64', '--inner', 'hash', '--inner-max', '16'],
} as const;

/** Somebody with root's rights who works on the same maps and pins. */
export class Intruder {
  readonly #fixture: LoadedAgentFixture;
  readonly #model: Model;
  readonly #random: Random;
  /** Inner maps that are his. */
  readonly own: number[] = [];
  /** What he was refused: a map was not there in this moment. */
  refusals = 0;

  constructor(fixture: LoadedAgentFixture, model: Model, random: Random) {
    this.#fixture = fixture;
    this.#model = model;
    this.#random = random;
    this.settle();
  }

  /** Loads his program on an empty bpffs, beside the agent. */
  settle(): void {
    mkdirSync(this.#fixture.pin('program'), { recursive: true });
    this.#fixture.make('program/gamma', ...LAYOUTS.gamma);
    const words = [...LAYOUTS.alpha, '--inners', '6', '--entries', '3'];
    this.own.push(...this.#fixture.make('stranger', ...words).inners);
  }

  /** One act; what is not there in this moment is left alone. */
  act(): void {
    const acts: readonly (() => void)[] = [
      () => this.#deleteEntry(),
      () => this.#overwriteEntry(),
      () => this.#copyEntry(),
      () => this.#insertEntry(),
      () => this.#writeContent(),
      () => this.#deleteContent(),
      () => this.#unlinkProof(),
      () => this.#renameProof(),
      () => this.#unlinkPin(),
      () => this.#replacePin(),
      () => this.reload(),
      () => this.#unlinkLedger(),
      () => this.#emptyLedger(),
    ];
    try {
      this.#random.of(acts)();
    } catch {
      this.refusals++;
    }
  }

  /** A program is loaded anew. */
  reload(): void {
    this.#makeBeside(...LAYOUTS.gamma, '--inners', '0');
    renameSync(this.#fixture.pin('beside'), this.#fixture.pin('program/gamma'));
  }

  /** Takes foreign maps away from where pins are declared: an agent never does. */
  leave(): void {
    for (const name of ['alpha', 'beta', 'still'])
      for (const pin of this.#model.pinsOf(name)) this.#leave(name, this.#fixture.pin(pin));
  }

  /** The agent may take either pin away between two looks: looked at again then. */
  #leave(name: string, pin: string, attempts = 3): void {
    const ledger = this.#ledger(name, 'outer');
    if (!existsSync(pin)) return;
    try {
      if (!existsSync(ledger) || idAt(pin) !== idAt(ledger)) unlinkSync(pin);
    } catch (error) {
      if (attempts === 1) throw error;
      this.#leave(name, pin, attempts - 1);
    }
  }

  #deleteEntry(): void {
    const outer = this.#someOuter();
    bpftool('delete', outer, this.#someKey(outer));
  }

  #overwriteEntry(): void {
    const outer = this.#someOuter();
    bpftool('update', outer, this.#someKey(outer), this.#random.of(this.own));
  }

  /** Two keys with one inner map; not where foreign entries are kept, for it is one. */
  #copyEntry(): void {
    const outer = this.#ledger(this.#random.of(['alpha', 'beta']), 'outer');
    const ids = idsIn(outer);
    bpftool('update', outer, this.#random.of([...ids.keys()]), this.#random.of([...ids.values()]));
  }

  #insertEntry(): void {
    const key = STRANGE_KEYS + this.#random.number(4);
    bpftool('update', this.#someOuter(), u32(key), this.#random.of(this.own));
  }

  #writeContent(): void {
    const number = this.#random.number(40);
    bpftool('update', this.#someInner(), u32(number), u32(number));
  }

  #deleteContent(): void {
    bpftool('delete', this.#someInner(), u32(this.#random.number(30)));
  }

  #unlinkProof(): void {
    unlinkSync(this.#random.of(pinsBelow(this.#ledger(this.#random.of(['alpha', 'beta']), 'inner'))));
  }

  #renameProof(): void {
    const pins = pinsBelow(this.#ledger(this.#random.of(['alpha', 'beta']), 'inner'));
    renameSync(this.#random.of(pins), this.#random.of(pins));
  }

  #unlinkPin(): void {
    unlinkSync(this.#publicPin(this.#random.of(['alpha', 'beta']))!);
  }

  #replacePin(): void {
    const name = this.#random.of(['alpha', 'beta'] as const);
    const pin = this.#publicPin(name)!;
    this.#makeBeside(...LAYOUTS[name], '--inners', '2');
    renameSync(this.#fixture.pin('beside'), pin);
  }

  /** A former one may be there still, if its place was gone. */
  #makeBeside(...words: readonly string[]): void {
    rmSync(this.#fixture.pin('beside'), { force: true });
    this.#fixture.make('beside', ...words);
  }

  #unlinkLedger(): void {
    unlinkSync(this.#ledger(this.#random.of(OUTERS), this.#random.of(['outer', 'spec'])));
  }

  #emptyLedger(): void {
    const directory = this.#ledger(this.#random.of(['alpha', 'beta']), 'inner');
    for (const pin of pinsBelow(directory)) unlinkSync(pin);
    rmdirSync(directory);
  }

  #someOuter(): string {
    return this.#ledger(this.#random.of(OUTERS), 'outer');
  }

  #someKey(outer: string): string {
    return this.#random.of([...idsIn(outer).keys()]);
  }

  #someInner(): number {
    return this.#random.of([...idsIn(this.#someOuter()).values()].filter(id => !this.own.includes(id)));
  }

  #publicPin(name: string): string | undefined {
    const { pin } = this.#model.outer(name).spec;
    return pin === undefined ? undefined : this.#fixture.pin(pin);
  }

  #ledger(outer: string, name: string): string {
    return this.#fixture.pin(`innermap/${outer}/${name}`);
  }
}
