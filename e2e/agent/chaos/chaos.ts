import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { idAt } from '../../../native/stage.ts';
import type { Report } from '../../../operator/core/report/report.ts';
import { PATIENCE_MS } from '../../../operator/testing/patience.ts';
import type { LoadedAgentFixture } from '../support/loadedagent.ts';
import { eventually, type Running } from '../support/process.ts';
import { type Contents, contentsAt, idsIn } from '../support/witness.ts';
import { Disaster } from './disaster.ts';
import { Intruder } from './intruder.ts';
import { Model } from './model.ts';
import { Random } from './random.ts';
import { Vandal } from './vandal.ts';
import { mapsOf, Weight } from './weight.ts';

const OFTEN = ['--resync', '1s', '--content-resync', '2s'];

/** A bpffs that is gone is told, and meant here. */
const WRONG = /Turn failed(?!.*mount -t bpf bpf)|^\s+at /m;

/** An agent, and everybody who makes its life hard. */
export class Chaos {
  readonly #fixture: LoadedAgentFixture;
  readonly #random: Random;
  readonly #model: Model;
  readonly #vandal: Vandal;
  readonly #intruder: Intruder;
  readonly #disaster: Disaster;
  readonly #weight = new Weight();
  readonly #did: string[] = [];
  /** Whether all maps may have been lost since they were noted. */
  #isLost = false;
  #agent: Running | undefined;
  #still: ReadonlyMap<string, number> = new Map();
  #idleFiles = 0;

  constructor(fixture: LoadedAgentFixture, seed: number) {
    this.#fixture = fixture;
    this.#random = new Random(seed);
    this.#model = new Model(this.#random);
    this.#vandal = new Vandal(fixture, this.#model, this.#random);
    this.#intruder = new Intruder(fixture, this.#model, this.#random);
    this.#disaster = new Disaster(fixture, this.#intruder, this.#random);
  }

  async start(): Promise<void> {
    this.#vandal.saveAll();
    this.#start();
    await this.#settled('at the start');
    this.#still = idsIn(this.#ledger('still'));
    this.#idleFiles = filesOf(this.#agent!).length;
  }

  /** Some seconds in which everything happens at once. */
  async rage({ mayKill }: { readonly mayKill: boolean }): Promise<void> {
    this.#did.length = 0;
    for (let act = 3 + this.#random.number(25); act > 0; act--) {
      const choice = this.#random.number(28);
      if (choice === 22 && !mayKill) continue;
      await this.#act(choice);
      this.#mustLive(`after ${this.#did.join(' ')}`);
      if (this.#random.once(2)) await sleep(this.#random.number(200));
    }
  }

  /** The manifests are whole again, foreign maps are gone from our pins: now everything must become as declared. */
  async rest(round: number): Promise<void> {
    const when = `in round ${round} after ${this.#did.join(' ')}`;
    this.#intruder.leave();
    // While access denies an InnerMap its key, a file that was never whole since the start holds removals: it may be a typo
    const close = this.#model.open();
    this.#vandal.heal();
    await this.#settled(when);
    if (close !== undefined) await this.#closed(close, when);
    if (this.#isLost) this.#still = idsIn(this.#ledger('still'));
    this.#isLost = false;
    expect(idsIn(this.#ledger('still')), 'what nobody touches is never replaced').to.deep.equal(this.#still);
    // A look at the kernel that is under way has maps open
    await eventually('no map is open', () => !filesOf(this.#agent!).some(file => file.includes('bpf-map')));
    this.#weight.note(this.#agent!.pid);
  }

  async #closed(close: () => void, when: string): Promise<void> {
    close();
    this.#vandal.save('outers.yaml');
    await this.#settled(`with access closed ${when}`);
  }

  /** The last settlement, with what may not have grown; answers how many maps of ours there were. */
  async end(): Promise<number> {
    const agent = this.#agent!;
    this.#model.everythingHere();
    this.#vandal.heal();
    await this.#settled('in the end');
    const maps = await this.#mustHaveNoOtherMaps();
    this.#weight.mustBeFlat();
    expect(filesOf(agent).length, 'open files').to.be.at.most(this.#idleFiles + 4);
    const { code } = await agent.end();
    expect(code).to.equal(0);
    return maps;
  }

  /** One map of ours for each key, and none that nothing leads to. */
  #mustHaveNoOtherMaps(): Promise<number> {
    const { outers, owners } = this.#model;
    const keys = outers.flatMap(({ name }) => Object.keys(this.#model.expected(name))).length;
    return eventually('every map of ours is at a key', () => {
      const maps = mapsOf(owners);
      if (maps.length === keys) return maps.length;
      throw new Error(`${maps.length} maps for ${keys} keys: ${maps.join(' ')}`);
    });
  }

  async #act(choice: number): Promise<void> {
    this.#did.push(String(choice));
    if (choice < 9) this.#edit();
    else if (choice === 9) this.#model.empty();
    else if (choice < 13) this.#vandal.spoil();
    else if (choice < 22) this.#intruder.act();
    else if (choice === 22) await this.#kill();
    else if (choice === 23) await this.#pause();
    else if (choice < 26) this.#disaster.jump();
    else await this.#lose(choice);
  }

  #edit(): void {
    this.#model.edit();
    if (this.#random.once(3)) this.#vandal.heal();
  }

  async #kill(): Promise<void> {
    await this.#agent!.end('SIGKILL');
    this.#start();
  }

  #start(): void {
    this.#agent = this.#fixture.start({ before: this.#disaster.before, options: OFTEN });
  }

  async #lose(choice: number): Promise<void> {
    this.#isLost = true;
    // One that starts ends without a bpffs, as it should
    await this.#agent!.said(/Kernel probed/);
    if (choice === 26) await this.#disaster.remount();
    else this.#disaster.removeLedger();
  }

  async #pause(): Promise<void> {
    this.#agent!.signal('SIGSTOP');
    await sleep(300);
    this.#vandal.heal();
    await sleep(300);
    this.#agent!.signal('SIGCONT');
  }

  async #settled(when: string): Promise<void> {
    const start = performance.now();
    for (;;) {
      const wrong = this.#wrong();
      if (wrong === undefined) return;
      this.#mustLive(when);
      if (performance.now() - start > PATIENCE_MS) throw new Error(`${wrong} ${when}\n${this.#context()}`);
      await sleep(50);
    }
  }

  #mustLive(when: string): void {
    expect(this.#agent!.isOver, `the agent ended ${when}: ${this.#agent!.log.slice(-3000)}`).to.equal(false);
  }

  #context(): string {
    const { outerMaps, innerMaps, refusals, state } = this.#fixture.reportNow();
    const behind = outerMaps.filter(({ ready }) => !ready);
    const report = JSON.stringify({ behind, innerMaps, refusals, conditions: state.conditions });
    return [report, ...this.#agent!.log.split('\n').slice(-30)].join('\n');
  }

  /** What is not as the model has it, if anything. */
  #wrong(): string | undefined {
    try {
      expect(this.#agent!.log).to.not.match(WRONG);
      const report = this.#fixture.reportNow();
      this.#release(report);
      expect(report.refusals).to.deep.equal([]);
      const names = report.innerMaps.map(({ namespace, name }) => `${namespace}/${name}`);
      expect(names.toSorted()).to.deep.equal(this.#model.rejected());
      for (const { name } of this.#model.outers) if (this.#model.isHere(name)) this.#compare(name);
      return undefined;
    } catch (error) {
      return (error as Error).stack!;
    }
  }

  /** An emptied outer map is held back: it is meant here. */
  #release(report: Report): void {
    const held = report.state.outerMaps.find(({ heldRemoval }) => heldRemoval !== undefined);
    if (held === undefined) return;
    const outer = this.#model.outer(held.name);
    if (outer.release === held.heldRemoval!.token) return;
    outer.release = held.heldRemoval!.token;
    this.#vandal.save('outers.yaml');
  }

  #compare(name: string): void {
    const { spec } = this.#model.outer(name);
    const ledger = this.#ledger(name);
    if (spec.pin !== undefined)
      expect(idAt(this.#fixture.pin(spec.pin)), `pin of ${name}`).to.equal(idAt(ledger));
    const keeps = spec['undeclaredKeys'] === 'Keep' || spec['provision'] === 'Adopt';
    const expected = this.#model.expected(name);
    const found = keeps ? this.#withoutOthers(ledger, expected) : contentsAt(ledger);
    expect(found, name).to.deep.equal(expected);
  }

  /** Undeclared keys that hold an inner map of the intruder may stay; at a declared one such a map is edited in place. */
  #withoutOthers(ledger: string, expected: Contents): Contents {
    const ids = idsIn(ledger);
    const contents = Object.entries(contentsAt(ledger));
    return Object.fromEntries(
      contents.filter(([key]) => key in expected || !this.#intruder.own.includes(ids.get(key)!)),
    );
  }

  #ledger(name: string): string {
    return this.#fixture.pin(`innermap/${name}/outer`);
  }
}

function filesOf({ pid }: Running): readonly string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap(name => {
    try {
      return [readlinkSync(`${directory}/${name}`)];
    } catch {
      return [];
    }
  });
}
