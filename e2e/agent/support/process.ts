import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUN } from '../../../operator/testing/own.ts';
import { PATIENCE_MS } from '../../../operator/testing/patience.ts';

/** The program as its users start it; this file runs from dist/e2e/agent/support. */
export const INNERMAP = join(import.meta.dirname, '..', '..', '..', '..', 'bin', 'innermap.js');

/** A test's child is its own program: it measures nobody's coverage, and root's tools are in its path. It is of this run. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  return { ...env, PATH: `${env['PATH']}:/usr/sbin:/sbin`, NO_COLOR: '1', INNERMAP_SUITE: RUN };
}

/** How a process ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

/** Runs a command to its end. */
export function ran(command: readonly string[], input = ''): Ended {
  const [program = '', ...words] = command;
  const options = {
    env: childEnvironment(),
    input,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    maxBuffer: 1 << 28,
  } as const;
  const { status, signal, stdout, stderr, error } = spawnSync(program, words, options);
  if (error !== undefined) throw error;
  return { code: status, signal, out: stdout, error: stderr };
}

/** A process that runs beside the test. */
export class Running {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #out = '';
  #error = '';

  constructor(command: readonly string[]) {
    const [program = '', ...words] = command;
    this.#child = spawn(program, words, { env: childEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
    this.pid = this.#child.pid ?? -1;
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#error += text;
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) =>
        resolve({ code, signal, out: this.#out, error: this.#error }),
      );
    });
  }

  /** Standard error: where the agent logs. */
  get log(): string {
    return this.#error;
  }

  /** Standard output so far. */
  get printedText(): string {
    return this.#out;
  }

  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits for a line in the log. */
  said(pattern: RegExp): Promise<string> {
    return eventually(`the log says ${pattern}`, () => {
      const line = this.#error.split('\n').find(text => pattern.test(text));
      if (line === undefined && this.isOver) throw new Error(`Process ended: ${this.#error}${this.#out}`);
      return line;
    });
  }

  /** Waits for a line on standard output. */
  printed(pattern: RegExp): Promise<true> {
    return eventually(`it prints ${pattern}`, () => {
      if (this.isOver) throw new Error(`Process ended: ${this.#error}${this.#out}`);
      return pattern.test(this.#out) ? true : undefined;
    });
  }

  /** The last words on its standard input. */
  tell(text: string): void {
    this.#child.stdin?.end(text);
  }

  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Without waiting for its end. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.#child.kill(signal);
    return this.#ended;
  }
}

const LOOK_AGAIN_MS = 15;

/** Asks until there is an answer; what is thrown meanwhile counts as none, and is in the error when time is over. */
export async function eventually<T>(what: string, ask: () => T | undefined | false): Promise<T> {
  const start = performance.now();
  for (;;) {
    const { answer, because } = attempted(ask);
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() - start > PATIENCE_MS) throw new Error(`Waited in vain until ${what}${because}`);
    await sleep(LOOK_AGAIN_MS);
  }
}

function attempted<T>(ask: () => T | undefined | false): { answer?: T | false; because: string } {
  try {
    const answer = ask();
    return answer === undefined ? { because: '' } : { answer, because: '' };
  } catch (error) {
    return { because: `: ${(error as Error).message}` };
  }
}
