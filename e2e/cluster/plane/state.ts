import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OWN } from '../../../operator/testing/own.ts';
import { childEnvironment } from '../../agent/support/process.ts';
import { REPOSITORY } from '../../crdschema.ts';

const WATCHDOG = join(REPOSITORY, 'e2e', 'cluster', 'plane', 'watchdog.sh');
const TAIL_LINES = 25;

/** A temporary folder and the processes that work in it: they end together, at the latest with this process. */
export class State {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), `${OWN}-cluster-`)));
  readonly #watchdog: ChildProcess;
  readonly #parts = new Map<string, ChildProcess>();
  readonly #names = new Set<string>();

  constructor() {
    // In a session of its own: what ends a terminal's or a time limit's processes must not end it
    this.#watchdog = spawn('sh', [WATCHDOG, this.directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: childEnvironment(),
    });
    this.#watchdog.stdin?.on('error', () => {});
  }

  /** Starts a program that logs into a file here; its process id. */
  start(name: string, program: string, flags: readonly string[]): number {
    const log = openSync(this.#log(name), 'a');
    const child = spawn(program, flags, {
      cwd: this.directory,
      stdio: ['ignore', log, log],
      env: childEnvironment(),
    });
    closeSync(log);
    child.on('error', error => appendFileSync(this.#log(name), `${error.message}\n`));
    this.#parts.set(name, child);
    this.#names.add(name);
    return child.pid ?? -1;
  }

  /** Ends one program and waits for it. */
  async stop(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#parts.get(name);
    this.#parts.delete(name);
    if (child === undefined || isOver(child)) return;
    const end = once(child, 'close');
    child.kill(signal);
    await end;
  }

  /** The first program that has ended. */
  ended(): string | undefined {
    return [...this.#parts].find(([, child]) => isOver(child))?.[0];
  }

  /** The last lines of every log. */
  tails(): string {
    return [...this.#names].map(name => `${name}:\n${tail(this.#log(name))}`).join('\n');
  }

  /** Ends every program and takes the folder away. */
  async leave(): Promise<void> {
    const ends = [...this.#parts.values()].filter(child => !isOver(child)).map(child => once(child, 'close'));
    const gone = isOver(this.#watchdog) ? undefined : once(this.#watchdog, 'close');
    this.#watchdog.stdin?.end();
    await Promise.all([...ends, gone]);
  }

  #log(name: string): string {
    return join(this.directory, `${name}.log`);
  }
}

function isOver(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}
