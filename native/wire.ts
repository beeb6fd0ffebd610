import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, NATIVE, run } from './stage.ts';

const DRIVER = join(NATIVE, 'build', 'driver');
/** The end that the program filters, and the end that frames are sent into. */
export const ENDS = { to: 'web', from: 'wire' } as const;

/** What `driver traffic` counted, in all or to one address; times are nanoseconds since 1970. */
export interface Counts {
  readonly sent: number;
  readonly received: number;
  /** Within gaps. */
  readonly lost: number;
  /** Sent, and nothing later received. */
  readonly behind: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly unplaced: number;
  readonly gaps: number;
}

export interface Gap {
  readonly first: number;
  readonly count: number;
  readonly sentFrom: string;
  readonly sentTo: string;
  readonly endedAt: string;
}

export interface Flow extends Counts {
  readonly to: string;
  readonly last?: { readonly sequence: number; readonly sentAt: string; readonly receivedAt: string };
  readonly behindSince?: string;
  readonly lastGaps: readonly Gap[];
}

export interface TrafficReport extends Counts {
  readonly at: string;
  readonly seconds: number;
  readonly refused: number;
  readonly overflown: number;
  readonly strangers: number;
  readonly settled?: boolean;
  readonly flows: readonly Flow[];
}

/** A driver that stays, and answers each line by a line. */
export class Staying {
  readonly pid: number;
  /** How it ended: its exit code, or null after a signal that killed it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #error = '';

  constructor(command: readonly string[], input: 'pipe' | 'ignore' = 'pipe') {
    const [program = '', ...words] = command;
    this.#child = spawn(program, words, { stdio: [input, 'pipe', 'pipe'] });
    this.pid = this.#child.pid ?? -1;
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#error += text;
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.ended = new Promise(resolve => this.#child.once('close', code => resolve(code)));
  }

  async next(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`Process ended: ${this.#error}`);
    return JSON.parse(value) as Answer;
  }

  async ready(): Promise<Answer> {
    for (;;) {
      const answer = await this.next();
      if (answer['ready'] === true) return answer;
    }
  }

  ask(line: string): Promise<Answer> {
    this.#child.stdin?.write(`${line}\n`);
    return this.next();
  }

  /** The end of its standard input. */
  hangUp(): void {
    this.#child.stdin?.end();
  }

  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}

/** A network namespace of its own, with what runs in it; gone when the last process in it has ended. */
export class Wire {
  readonly #holder: Staying;
  readonly #running: Staying[] = [];

  private constructor(holder: Staying) {
    this.#holder = holder;
  }

  static async make(): Promise<Wire> {
    const holder = new Staying(['unshare', '--net', 'cat']);
    const ours = readlinkSync('/proc/self/ns/net');
    while (readlinkSync(`/proc/${holder.pid}/ns/net`) === ours) await sleep(5);
    return new Wire(holder);
  }

  /** What its pod would give it: these capabilities alone. */
  command(capabilities: readonly string[], words: readonly string[]): readonly string[] {
    const inside = ['nsenter', `--net=/proc/${this.#holder.pid}/ns/net`];
    return [...inside, DRIVER, 'drop-caps', ...capabilities, '--', DRIVER, ...words];
  }

  start(command: readonly string[], input?: 'pipe' | 'ignore'): Staying {
    const staying = new Staying(command, input);
    this.#running.push(staying);
    return staying;
  }

  loading(...words: readonly string[]): readonly string[] {
    const ends = ['--veth', `${ENDS.to},${ENDS.from}`, '--attach', ENDS.to];
    return this.command(['net_admin', 'bpf', 'perfmon'], ['load', ...ends, ...words]);
  }

  /** The program's loader, as a container that stays. */
  async load(...words: readonly string[]): Promise<Staying> {
    const loader = this.start(this.loading('--stay', ...words));
    await loader.ready();
    return loader;
  }

  /** To addresses from 10.1.0.1 on; flowing when this resolves. */
  async traffic(
    words: { readonly flows: number; readonly rate: number },
    input?: 'ignore',
  ): Promise<Traffic> {
    const to = ['--from', ENDS.from, '--to', ENDS.to, '--first', '10.1.0.1', '--port', '443'];
    const numbers = ['--flows', String(words.flows), '--rate', String(words.rate)];
    const staying = this.start(this.command(['net_raw'], ['traffic', ...to, ...numbers]), input);
    await staying.ready();
    return new Traffic(this, staying);
  }

  /** `driver report WORDS…`, as kubectl exec would run it. */
  report(...words: readonly string[]): TrafficReport {
    const [program = '', ...rest] = this.command([], ['report', ...words]);
    return JSON.parse(run(program, ...rest)) as TrafficReport;
  }

  async leave(): Promise<void> {
    await Promise.all([...this.#running, this.#holder].map(staying => staying.end('SIGKILL')));
  }
}

export class Traffic {
  readonly staying: Staying;
  readonly #wire: Wire;

  constructor(wire: Wire, staying: Staying) {
    this.#wire = wire;
    this.staying = staying;
  }

  /** With nothing on its way: what was sent has arrived, or never will. */
  settled(...words: readonly string[]): TrafficReport {
    return this.#wire.report('--quiesce', ...words);
  }

  /** Its last report, of everything that it ever sent. */
  async end(): Promise<TrafficReport> {
    void this.staying.end('SIGTERM');
    return (await this.staying.next()) as unknown as TrafficReport;
  }
}
