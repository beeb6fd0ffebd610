import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { onEachOwn, Stage } from '../../../native/stage.ts';
import type { Report } from '../../../operator/core/report/report.ts';
import { fileText, type Manifest } from './manifests.ts';
import { type Ended, eventually, INNERMAP, Running, ran } from './process.ts';
import { SeenMaps } from './seen.ts';
import { type Contents, contentsAt, pinsBelow, sortedContents } from './witness.ts';

/** Below the bpffs: pins there are of programs, all others are of maps. */
export const PROGRAMS = 'programs/';

/** Options by which no test sees a resync: what is done is done because something is watched. */
export const NO_RESYNC = ['--resync', '1h', '--content-resync', '2h'];

/** How an agent is started: words before `node`, and options behind `agent`. */
export interface Start {
  readonly before?: readonly string[];
  readonly options?: readonly string[];
  readonly report?: string;
}

/** A bpffs, a folder of manifests, and the agents that work on them: all of it is one test's own. */
export class LoadedAgentFixture extends Stage {
  readonly manifests = join(this.directory, 'manifests');
  readonly report = join(this.directory, 'run', 'status.json');
  readonly #running: Running[] = [];
  readonly #seen = new SeenMaps();

  constructor() {
    super();
    mkdirSync(this.manifests);
  }

  /** Replaces a file as editors do: written beside, then renamed. */
  write(file: string, ...manifests: readonly Manifest[]): void {
    this.writeText(file, fileText(manifests));
  }

  writeText(file: string, text: string): void {
    const beside = join(this.manifests, `.${file}.new`);
    writeFileSync(beside, text);
    renameSync(beside, join(this.manifests, file));
  }

  erase(file: string): void {
    rmSync(join(this.manifests, file));
  }

  /** `innermap WORDS…` to its end. */
  innermap(...words: readonly string[]): Ended {
    return ran([process.execPath, INNERMAP, ...words]);
  }

  /** The same with this bpffs. */
  here(...words: readonly string[]): Ended {
    return this.innermap(...words, '--bpffs', this.bpffs);
  }

  /** One turn of an agent, as a process. */
  once(...options: readonly string[]): Ended {
    return ran(this.#agent({ options: ['--once', ...options] }));
  }

  start({ before = [], options = [], report = this.report }: Start = {}): Running {
    rmSync(report, { force: true });
    return this.launch([...before, ...this.#agent({ options, report })]);
  }

  /** A process that does not outlive the test. */
  launch(command: readonly string[]): Running {
    const running = new Running(command);
    this.#running.push(running);
    return running;
  }

  /** Starts an agent and waits until everything is as declared. */
  async started(start: Start = {}): Promise<Running> {
    const running = this.start(start);
    await this.reported(isReady, start.report);
    return running;
  }

  /** Ends every agent as an operator of the node would. */
  async endAll(): Promise<void> {
    await Promise.all(this.#running.map(running => running.end()));
  }

  /** Waits until the agent's report is as expected. */
  reported(expected: (report: Report) => boolean, file = this.report): Promise<Report> {
    return eventually(`the report is as expected`, () => {
      const report = this.reportNow(file);
      if (!expected(report))
        throw new Error(JSON.stringify({ ...report, state: { ...report.state, kernel: 0 } }));
      return report;
    });
  }

  reportNow(file = this.report): Report {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  }

  /** What bpftool finds in the outer map pinned at `pin`. */
  contents(pin: string): Contents {
    const contents = contentsAt(this.pin(pin));
    this.#note();
    return contents;
  }

  /** Waits until bpftool finds exactly this. */
  async holds(pin: string, expected: Contents): Promise<void> {
    const sorted = sortedContents(expected);
    const wanted = JSON.stringify(sorted);
    try {
      await eventually(`bpftool agrees`, () => JSON.stringify(contentsAt(this.pin(pin))) === wanted);
    } catch {
      expect(contentsAt(this.pin(pin))).to.deep.equal(sorted);
    }
    this.#note();
  }

  /** Ends what still runs, takes everything away, and answers what is left: maps and processes. */
  override async leave(): Promise<number[]> {
    await Promise.all(this.#running.map(running => running.end('SIGKILL')));
    try {
      this.#note();
    } catch (error) {
      await super.leave();
      throw error;
    }
    const left = await super.leave();
    return [...left, ...(await this.#seen.left())];
  }

  #agent({ options = [], report = this.report }: Start): readonly string[] {
    const places = ['--manifests', this.manifests, '--bpffs', this.bpffs, '--report', report];
    return [process.execPath, INNERMAP, 'agent', ...places, ...options];
  }

  #note(): void {
    // e2e/program pins programs there, which bpftool would not show as maps
    this.#seen.note(() => pinsBelow(this.bpffs).filter(pin => !pin.startsWith(this.pin(PROGRAMS))));
  }
}

export function isReady({ state, outerMaps, innerMaps, refusals }: Report): boolean {
  const ready = state.conditions.find(({ type }) => type === 'Ready');
  return (
    ready?.status === 'True' &&
    outerMaps.every(each => each.ready) &&
    innerMaps.length + refusals.length === 0
  );
}

/** Gives each test of a suite a field of its own, and requires that nothing of it is left. */
export function useLoadedAgent(): () => LoadedAgentFixture {
  return onEachOwn(() => new LoadedAgentFixture());
}
